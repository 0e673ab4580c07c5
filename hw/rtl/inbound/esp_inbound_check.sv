// Judges the decrypted packet as it streams out of the GCM core: ICV, padding and trailer, inner
// header, selectors, ECN. Four cycles of latency; the answers stand beside the packet's end, and
// beside every beat stands whether it belongs to the inner packet, which may be shorter than what
// was decrypted.
`default_nettype none
module esp_inbound_check (
  input  wire logic         clk_i,
  input  wire logic         rst_ni,
  input  wire logic         valid_i,          // a beat of plaintext
  input  wire logic         first_i,
  input  wire logic         last_i,
  input  wire logic         end_i,            // end of any packet, deciphered or not
  input  wire logic [511:0] data_i,
  input  wire logic [127:0] tag_i,            // big-endian, with last_i
  input  wire logic [127:0] icv_i,            // as received, stream order, with last_i
  input  wire esp_core_pkg::inbound_info_t info_i,
  // four cycles later
  output logic              valid_o,
  output logic              first_o,
  output logic              write_o,          // the beat belongs to the inner packet
  output logic              write_last_o,     // and is its last
  output logic [6:0]        bytes_o,          // of it in this beat
  output logic              ecn_change_o,     // replace TOS and checksum of the first beat
  output logic [7:0]        tos_o,
  output logic [15:0]       checksum_o,
  output logic              end_o,
  output esp_core_pkg::inbound_info_t info_o,
  output logic              icv_ok_o,
  output logic [7:0]        verdict_o,        // of steps 13 to 17, meaningful when the ICV is right
  output logic [15:0]       total_o           // inner length
);
  // --- padding and inner header ----
  logic padding_ok4;
  logic [7:0] pad_length4, next_header4;
  esp_padding u_padding (
    .clk_i, .rst_ni, .valid_i, .first_i, .last_i, .words_i(info_i.text_bytes[5:2]), .data_i,
    .ok_o(padding_ok4), .pad_length_o(pad_length4), .next_header_o(next_header4)
  );
  typedef struct packed {
    logic        malformed;
    logic [15:0] total;
    logic        selected;
    logic        ecn_drop;
    logic        ecn_change;
    logic [7:0]  tos;
    logic [15:0] checksum;
  } inner_t;
  inner_t inner4_first, inner4, inner_q;
  esp_inner u_inner (
    .clk_i, .data_i, .info_i,
    .malformed_o(inner4_first.malformed), .total_o(inner4_first.total),
    .selected_o(inner4_first.selected), .ecn_drop_o(inner4_first.ecn_drop),
    .ecn_change_o(inner4_first.ecn_change), .tos_o(inner4_first.tos),
    .checksum_o(inner4_first.checksum)
  );

  // --- ICV, and what waits for the others ----
  logic valid1_q, valid2_q, valid3_q, valid4_q, first1_q, first2_q, first3_q, first4_q;
  logic end1_q, end2_q, end3_q, end4_q;
  logic [127:0] tag1_q, icv1_q;
  logic [3:0] equal2_q;
  logic icv_ok3_q, icv_ok4_q;
  esp_core_pkg::inbound_info_t info1_q, info2_q, info3_q, info4_q;
  always_ff @(posedge clk_i) begin
    {valid1_q, valid2_q, valid3_q, valid4_q} <=
      rst_ni ? {valid_i, valid1_q, valid2_q, valid3_q} : '0;
    {end1_q, end2_q, end3_q, end4_q} <= rst_ni ? {end_i, end1_q, end2_q, end3_q} : '0;
    {first1_q, first2_q, first3_q, first4_q} <= {first_i, first1_q, first2_q, first3_q};
    info1_q <= info_i;
    info2_q <= info1_q;
    info3_q <= info2_q;
    info4_q <= info3_q;
    tag1_q <= tag_i;
    icv1_q <= esp_core_pkg::swap128(icv_i);
    for (int unsigned i = 0; i < 4; i = i + 1) begin
      equal2_q[i] <= tag1_q[32*i+:32] == icv1_q[32*i+:32];
    end
    icv_ok3_q <= &equal2_q && info2_q.crypt;
    icv_ok4_q <= icv_ok3_q;
  end

  // --- 4: together ----
  logic [9:0] index4, index_q, last4;
  logic [15:0] payload4;
  assign inner4 = (valid4_q && first4_q) ? inner4_first : inner_q;
  assign index4 = first4_q ? 10'd0 : index_q;
  assign last4 = esp_core_pkg::last_beat(inner4.total);
  always_ff @(posedge clk_i) begin
    if (valid4_q) begin
      inner_q <= inner4;
      index_q <= index4 + 10'd1;
    end
  end
  always_comb begin
    payload4 = info4_q.text_bytes - 16'd2 - {8'd0, pad_length4};
    verdict_o = esp_regs_pkg::VERDICT_OK;
    if (!padding_ok4) verdict_o = esp_regs_pkg::VERDICT_PADDING_MALFORMED;
    else if (next_header4 == esp_core_pkg::PROTOCOL_NONE) verdict_o = esp_regs_pkg::VERDICT_DUMMY;
    else if (next_header4 != esp_core_pkg::PROTOCOL_IPV4)
      verdict_o = esp_regs_pkg::VERDICT_NEXT_HEADER_UNSUPPORTED;
    else if (payload4 < 16'd20 || inner4.malformed || inner4.total > payload4)
      verdict_o = esp_regs_pkg::VERDICT_INNER_MALFORMED;
    else if (!inner4.selected) verdict_o = esp_regs_pkg::VERDICT_SELECTOR_MISMATCH;
    else if (inner4.ecn_drop) verdict_o = esp_regs_pkg::VERDICT_ECN_DROPPED;
  end
  assign valid_o = valid4_q;
  assign first_o = first4_q;
  assign write_o = valid4_q && index4 <= last4;
  assign write_last_o = index4 == last4;
  assign bytes_o = write_last_o ? esp_core_pkg::tail_bytes(inner4.total[5:0]) : 7'd64;
  assign ecn_change_o = inner4.ecn_change;
  assign tos_o = inner4.tos;
  assign checksum_o = inner4.checksum;
  assign end_o = end4_q;
  assign info_o = info4_q;
  assign icv_ok_o = icv_ok4_q;
  assign total_o = inner4.total;
endmodule
`default_nettype wire
