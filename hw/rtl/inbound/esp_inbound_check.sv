// Judges a packet as it streams out of the cipher: padding and trailer, inner packet, selectors,
// ECN: steps 14 to 18 of the order of checks. The verdict stands beside the packet's end,
// esp_inbound_pkg::CHECK_CYCLES later; the data are delayed alike, and beside every beat stands
// whether it is to be kept for the output.
//
//   1-6 padding; parse   7 subject, selectors   8 compared   9 verdict
`default_nettype none
module esp_inbound_check #(
  parameter int unsigned SA_LOG2 = 8
) (
  input  wire logic         clk_i,
  input  wire logic         rst_ni,
  input  wire logic         valid_i,          // a beat of text
  input  wire logic         first_i,
  input  wire logic         last_i,
  input  wire logic         end_i,            // end of any packet, with text or without
  input  wire logic         spare_i,          // with last_i: the next cycle is the packet's too
  input  wire logic [511:0] data_i,
  input  wire logic         icv_ok_i,         // with end_i
  input  wire logic [esp_inbound_pkg::HEADER_BITS-1:0] header_i,  // outer, with first_i
  input  wire esp_inbound_pkg::info_t info_i,
  // commands, while no packet is under way
  input  wire logic         row_write_i,
  input  wire logic [SA_LOG2-1:0] command_sa_i,
  input  wire esp_inbound_pkg::selector_row_t row_i,
  // CHECK_CYCLES later; next_info_o two cycles before that
  output esp_inbound_pkg::info_t next_info_o,
  output logic              end_o,
  output esp_inbound_pkg::judged_t judged_o,  // with end_o
  output logic              valid_o,
  output logic              first_o,
  output logic              spare_o,
  output logic              write_o,          // the beat is kept
  output logic              write_last_o,     // and is the last one that is
  output logic [3:0]        header_words_o,   // to stand in front of the text; 0 in tunnel mode
  output logic [511:0]      data_o,
  output logic [esp_inbound_pkg::HEADER_BITS-1:0] header_o
);
  localparam int unsigned CHECK_CYCLES = esp_inbound_pkg::CHECK_CYCLES;
  localparam int unsigned PARSE_CYCLES = esp_core_pkg::PARSE_CYCLES;
  localparam int unsigned HEADER_BITS = esp_inbound_pkg::HEADER_BITS;

  // esp_padding takes as long as the parser.
  if (CHECK_CYCLES != PARSE_CYCLES + 3 || PARSE_CYCLES != 6) begin : g_check
    $error("esp_inbound_check: CHECK_CYCLES is not PARSE_CYCLES + 3, or PARSE_CYCLES not 6");
  end

  // --- 1 to 6: padding, inner packet; the rest waits ----
  logic padding_ok6;
  logic [7:0] pad_length6, next_header6;
  esp_padding u_padding (
    .clk_i, .rst_ni, .valid_i, .first_i, .last_i, .words_i(info_i.text_bytes[5:2]), .data_i,
    .ok_o(padding_ok6), .pad_length_o(pad_length6), .next_header_o(next_header6)
  );
  // The length of the payload is known at its end only; total is compared with it then.
  logic fresh6;
  esp_core_pkg::ip_t ip6_fresh;
  esp_ip_parse u_parse (
    .clk_i, .rst_ni, .valid_i(valid_i && first_i), .data_i, .length_i(16'hffff),
    .valid_o(fresh6), .ip_o(ip6_fresh)
  );
  logic valid6, last6, end6, spare6, icv_ok6;
  logic [47:0] inner6_fresh;   // IPv4 checksum, first four bytes
  logic [HEADER_BITS-1:0] header6_fresh;
  esp_inbound_pkg::info_t info6;
  esp_delay_bits #(.WIDTH(2), .CYCLES(PARSE_CYCLES)) u_control (
    .clk_i, .rst_ni, .data_i({valid_i, end_i}), .data_o({valid6, end6})
  );
  esp_delay_line #(.WIDTH(51 + HEADER_BITS + $bits(info_i)), .CYCLES(PARSE_CYCLES)) u_beside (
    .clk_i, .rst_ni,
    .data_i({last_i, spare_i, icv_ok_i, data_i[95:80], data_i[31:0], header_i, info_i}),
    .data_o({last6, spare6, icv_ok6, inner6_fresh, header6_fresh, info6})
  );

  // --- 6: what the first beat told stays until the packet's end ----
  esp_core_pkg::ip_t ip6, ip_q;
  logic [47:0] inner6, inner_q;
  logic [HEADER_BITS-1:0] header6, header_q;
  logic [9:0] index6, index_q, last_text6, last_inner6;
  assign ip6 = fresh6 ? ip6_fresh : ip_q;
  assign inner6 = fresh6 ? inner6_fresh : inner_q;
  assign header6 = fresh6 ? header6_fresh : header_q;
  assign index6 = fresh6 ? 10'd0 : index_q;
  always_ff @(posedge clk_i) begin
    if (fresh6) begin
      ip_q <= ip6_fresh;
      inner_q <= inner6_fresh;
      header_q <= header6_fresh;
    end
    if (valid6) index_q <= index6 + 10'd1;
  end
  // A tunnelled packet may be shorter than its text. In transport mode that is known at the end;
  // what is too much is dropped at the output (esp_inbound_output).
  assign last_text6 = esp_core_pkg::last_beat(info6.text_bytes);
  assign last_inner6 = info6.transport || info6.bypass ? last_text6
                                                       : esp_core_pkg::last_beat(ip6.total);

  // --- 7: the packet to be checked, and its SA's selectors ----
  logic [SA_LOG2-1:0] sa5;
  esp_inbound_pkg::selector_row_t row6, row7_q;
  esp_delay_line #(.WIDTH(SA_LOG2), .CYCLES(PARSE_CYCLES - 1)) u_sa (
    .clk_i, .rst_ni, .data_i(info_i.sa[SA_LOG2-1:0]), .data_o(sa5)
  );
  esp_ram #(.WIDTH($bits(row_i)), .DEPTH_LOG2(SA_LOG2), .ULTRA(SA_LOG2 >= 12)) u_rows (
    .clk_i, .write_i(row_write_i), .write_address_i(command_sa_i), .write_data_i(row_i),
    .read_address_i(sa5), .read_data_o(row6)
  );
  logic ipv6_7, ports_known7, window_exceeded7, inner_malformed7;
  logic [7:0] protocol7;
  logic [15:0] source_port7, destination_port7, length7;
  logic [127:0] source7, destination7;
  esp_inbound_subject u_subject (
    .clk_i, .transport_i(info6.transport), .outer_ipv6_i(info6.ipv6),
    .header_words_i(info6.header_words), .header_i(header6), .ip_i(ip6),
    .payload_i(esp_core_pkg::swap32(inner6[31:0])), .text_bytes_i(info6.text_bytes),
    .pad_length_i(pad_length6), .next_header_i(next_header6),
    .ipv6_o(ipv6_7), .protocol_o(protocol7), .ports_known_o(ports_known7),
    .window_exceeded_o(window_exceeded7), .source_port_o(source_port7),
    .destination_port_o(destination_port7), .source_o(source7), .destination_o(destination7),
    .inner_malformed_o(inner_malformed7), .length_o(length7)
  );
  logic valid7_q, end7_q, spare7_q, last7_q, icv_ok7_q, padding_ok7_q;
  logic [7:0] next_header7_q;
  logic [8:0] protocol_change7_q;
  logic [1:0] ipv4_ecn7_q, ipv6_ecn7_q;
  logic [15:0] total7_q, checksum7_q;
  logic [9:0] index7_q, last_inner7_q;
  esp_inbound_pkg::info_t info7_q;
  always_ff @(posedge clk_i) begin
    valid7_q <= rst_ni && valid6;
    end7_q <= rst_ni && end6;
    spare7_q <= spare6;
    last7_q <= last6;
    icv_ok7_q <= icv_ok6 && info6.crypt;
    padding_ok7_q <= padding_ok6;
    next_header7_q <= next_header6;
    ipv4_ecn7_q <= inner6[9:8];
    ipv6_ecn7_q <= inner6[13:12];
    total7_q <= esp_core_pkg::swap16(header6[31:16]);
    protocol_change7_q <= {1'b0, ~header6[79:72]} + {1'b0, next_header6};
    checksum7_q <= esp_core_pkg::swap16(info6.transport ? header6[95:80] : inner6[47:32]);
    index7_q <= index6;
    last_inner7_q <= last_inner6;
    info7_q <= info6;
    row7_q <= row6;
  end

  assign next_info_o = info7_q;

  // --- 8: compared ----
  logic window8, mismatch8, ecn_drop8;
  esp_inbound_selectors u_selectors (
    .clk_i, .row_i(row7_q), .ipv6_i(ipv6_7), .protocol_i(protocol7),
    .ports_known_i(ports_known7), .window_exceeded_i(window_exceeded7),
    .source_port_i(source_port7), .destination_port_i(destination_port7),
    .source_i(source7), .destination_i(destination7),
    .window_o(window8), .mismatch_o(mismatch8)
  );
  esp_inbound_pkg::delivery_t delivery9;
  esp_inbound_patch u_patch (
    .clk_i, .transport_i(info7_q.transport), .ipv6_i(ipv6_7), .outer_ecn_i(info7_q.ecn),
    .ipv4_ecn_i(ipv4_ecn7_q), .ipv6_ecn_i(ipv6_ecn7_q), .total_i(total7_q), .protocol_change_i(protocol_change7_q), .checksum_i(checksum7_q),
    .next_header_i(next_header7_q), .length_i(length7),
    .ecn_drop_o(ecn_drop8), .delivery_o(delivery9)
  );
  logic valid8_q, end8_q, spare8_q, write8_q, write_last8_q, icv_ok8_q, padding_ok8_q;
  logic inner_malformed8_q, spill8_q, named8_q;
  logic [7:0] next_header8_q;
  esp_inbound_pkg::info_t info8_q;
  always_ff @(posedge clk_i) begin
    valid8_q <= rst_ni && valid7_q;
    end8_q <= rst_ni && end7_q;
    spare8_q <= spare7_q;
    write8_q <= rst_ni && valid7_q && index7_q <= last_inner7_q;
    write_last8_q <= index7_q == last_inner7_q;
    icv_ok8_q <= icv_ok7_q;
    padding_ok8_q <= padding_ok7_q;
    inner_malformed8_q <= inner_malformed7;
    named8_q <= next_header7_q == esp_core_pkg::PROTOCOL_IPV4
                || next_header7_q == esp_core_pkg::PROTOCOL_IPV6;
    // Header and payload need a beat more than there is of text.
    spill8_q <= info7_q.transport && last7_q && spare7_q
                && esp_core_pkg::last_beat(length7) > index7_q;
    next_header8_q <= next_header7_q;
    info8_q <= info7_q;
  end

  // --- 9: verdict ----
  logic [7:0] verdict8;
  always_comb begin
    verdict8 = esp_regs_pkg::VERDICT_OK;
    if (!padding_ok8_q) verdict8 = esp_regs_pkg::VERDICT_PADDING_MALFORMED;
    else if (next_header8_q == esp_core_pkg::PROTOCOL_NONE) verdict8 = esp_regs_pkg::VERDICT_DUMMY;
    else if (!info8_q.transport && !named8_q)
      verdict8 = esp_regs_pkg::VERDICT_NEXT_HEADER_UNSUPPORTED;
    else if (!info8_q.transport && inner_malformed8_q)
      verdict8 = esp_regs_pkg::VERDICT_INNER_MALFORMED;
    else if (window8) verdict8 = esp_regs_pkg::VERDICT_INNER_WINDOW;
    else if (mismatch8) verdict8 = esp_regs_pkg::VERDICT_SELECTOR_MISMATCH;
    else if (ecn_drop8) verdict8 = esp_regs_pkg::VERDICT_ECN_DROPPED;
  end
  logic valid9_q, end9_q, spare9_q, write9_q, write_last9_q, icv_ok9_q, spill9_q;
  logic [7:0] verdict9_q;
  esp_inbound_pkg::info_t info9_q;
  always_ff @(posedge clk_i) begin
    valid9_q <= rst_ni && valid8_q;
    end9_q <= rst_ni && end8_q;
    spare9_q <= spare8_q;
    write9_q <= rst_ni && write8_q;
    write_last9_q <= write_last8_q && !spill8_q;
    icv_ok9_q <= icv_ok8_q;
    spill9_q <= spill8_q;
    verdict9_q <= verdict8;
    info9_q <= info8_q;
  end
  logic first9;
  logic [511:0] data9;
  logic [HEADER_BITS-1:0] header9;
  esp_delay_line #(.WIDTH(513 + HEADER_BITS), .CYCLES(CHECK_CYCLES)) u_data (
    .clk_i, .rst_ni, .data_i({first_i, header_i, data_i}), .data_o({first9, header9, data9})
  );
  always_comb begin
    judged_o.info = info9_q;
    judged_o.icv_ok = icv_ok9_q;
    judged_o.verdict = verdict9_q;
    judged_o.spill = spill9_q;
    judged_o.delivery = delivery9;
    if (info9_q.bypass) begin
      judged_o.delivery.length = info9_q.text_bytes;
      judged_o.delivery.last = esp_core_pkg::last_beat(info9_q.text_bytes);
      judged_o.delivery.patch = esp_inbound_pkg::PATCH_NONE;
    end
  end
  assign end_o = end9_q;
  assign valid_o = valid9_q;
  assign first_o = first9;
  assign spare_o = spare9_q;
  assign write_o = write9_q;
  assign write_last_o = write_last9_q;
  assign data_o = data9;
  assign header_o = header9;
  assign header_words_o = info9_q.transport ? info9_q.header_words : 4'd0;

`ifndef SYNTHESIS
  logic [9:0] index8_q, index9_q;
  always_ff @(posedge clk_i) begin
    index8_q <= index7_q;
    index9_q <= index8_q;
    if (rst_ni && end9_q && valid9_q && info9_q.transport && icv_ok9_q
        && verdict9_q == esp_regs_pkg::VERDICT_OK) begin
      assert (esp_core_pkg::last_beat(delivery9.length) <= index9_q + 10'(spill9_q))
        else $error("an output beat has no cycle");
    end
  end
`endif
endmodule
`default_nettype wire
