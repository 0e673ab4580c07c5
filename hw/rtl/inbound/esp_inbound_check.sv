// Judges a packet as it streams out of the cipher: padding and trailer, inner packet, selectors,
// ECN: steps 14 to 18 of the order of checks. The verdict stands beside the packet's end,
// esp_inbound_pkg::CHECK_CYCLES later; the data are delayed alike, and beside every beat stands
// whether it is to be kept for the output.
//
//   1-4 padding; parse   5 subject, selectors   6 compared   7 verdict
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
  // CHECK_CYCLES later; next_info_o one cycle before that
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

  // --- 1 to 4: padding, inner packet; the rest waits ----
  logic padding_ok4;
  logic [7:0] pad_length4, next_header4;
  esp_padding u_padding (
    .clk_i, .rst_ni, .valid_i, .first_i, .last_i, .words_i(info_i.text_bytes[5:2]), .data_i,
    .ok_o(padding_ok4), .pad_length_o(pad_length4), .next_header_o(next_header4)
  );
  // The length of the payload is known at its end only; total is compared with it then.
  logic fresh4;
  esp_core_pkg::ip_t ip4_fresh;
  esp_ip_parse u_parse (
    .clk_i, .rst_ni, .valid_i(valid_i && first_i), .data_i, .length_i(16'hffff),
    .valid_o(fresh4), .ip_o(ip4_fresh)
  );
  logic valid4, last4, end4, spare4, icv_ok4;
  logic [47:0] inner4_fresh;   // IPv4 checksum, first four bytes
  logic [HEADER_BITS-1:0] header4_fresh;
  esp_inbound_pkg::info_t info4;
  esp_delay_bits #(.WIDTH(2), .CYCLES(PARSE_CYCLES)) u_control (
    .clk_i, .rst_ni, .data_i({valid_i, end_i}), .data_o({valid4, end4})
  );
  esp_delay_line #(.WIDTH(51 + HEADER_BITS + $bits(info_i)), .CYCLES(PARSE_CYCLES)) u_beside (
    .clk_i, .rst_ni, .data_i({last_i, spare_i, icv_ok_i, data_i[95:80], data_i[31:0], header_i, info_i}),
    .data_o({last4, spare4, icv_ok4, inner4_fresh, header4_fresh, info4})
  );

  // --- 4: what the first beat told stays until the packet's end ----
  esp_core_pkg::ip_t ip4, ip_q;
  logic [47:0] inner4, inner_q;
  logic [HEADER_BITS-1:0] header4, header_q;
  logic [9:0] index4, index_q, last_text4, last_inner4;
  logic write4, write_last4;
  assign ip4 = fresh4 ? ip4_fresh : ip_q;
  assign inner4 = fresh4 ? inner4_fresh : inner_q;
  assign header4 = fresh4 ? header4_fresh : header_q;
  assign index4 = fresh4 ? 10'd0 : index_q;
  always_ff @(posedge clk_i) begin
    if (fresh4) begin
      ip_q <= ip4_fresh;
      inner_q <= inner4_fresh;
      header_q <= header4_fresh;
    end
    if (valid4) index_q <= index4 + 10'd1;
  end
  // A tunnelled packet may be shorter than its text. In transport mode that is known at the end;
  // what is too much is dropped at the output (esp_inbound_output).
  assign last_text4 = esp_core_pkg::last_beat(info4.text_bytes);
  assign last_inner4 = info4.transport || info4.bypass ? last_text4
                                                       : esp_core_pkg::last_beat(ip4.total);
  assign write4 = valid4 && index4 <= last_inner4;
  assign write_last4 = index4 == last_inner4;

  // --- 5: the packet to be checked, and its SA's selectors ----
  logic [SA_LOG2-1:0] sa3;
  esp_inbound_pkg::selector_row_t row4, row5_q;
  esp_delay_line #(.WIDTH(SA_LOG2), .CYCLES(PARSE_CYCLES - 1)) u_sa (
    .clk_i, .rst_ni, .data_i(info_i.sa[SA_LOG2-1:0]), .data_o(sa3)
  );
  esp_ram #(.WIDTH($bits(row_i)), .DEPTH_LOG2(SA_LOG2), .ULTRA(SA_LOG2 >= 12)) u_rows (
    .clk_i, .write_i(row_write_i), .write_address_i(command_sa_i), .write_data_i(row_i),
    .read_address_i(sa3), .read_data_o(row4)
  );
  logic ipv6_5, ports_known5, window_exceeded5, inner_malformed5;
  logic [7:0] protocol5;
  logic [15:0] source_port5, destination_port5, length5;
  logic [127:0] source5, destination5;
  esp_inbound_subject u_subject (
    .clk_i, .transport_i(info4.transport), .outer_ipv6_i(info4.ipv6),
    .header_words_i(info4.header_words), .header_i(header4), .ip_i(ip4),
    .payload_i(esp_core_pkg::swap32(inner4[31:0])), .text_bytes_i(info4.text_bytes),
    .pad_length_i(pad_length4), .next_header_i(next_header4),
    .ipv6_o(ipv6_5), .protocol_o(protocol5), .ports_known_o(ports_known5),
    .window_exceeded_o(window_exceeded5), .source_port_o(source_port5),
    .destination_port_o(destination_port5), .source_o(source5), .destination_o(destination5),
    .inner_malformed_o(inner_malformed5), .length_o(length5)
  );
  logic valid5_q, end5_q, spare5_q, last5_q, write5_q, write_last5_q, icv_ok5_q, padding_ok5_q;
  logic [7:0] next_header5_q;
  logic [15:0] first5_q, total5_q, ttl5_q, checksum5_q;
  logic [9:0] index5_q;
  esp_inbound_pkg::info_t info5_q;
  always_ff @(posedge clk_i) begin
    valid5_q <= rst_ni && valid4;
    end5_q <= rst_ni && end4;
    spare5_q <= spare4;
    last5_q <= last4;
    write5_q <= rst_ni && write4;
    write_last5_q <= write_last4;
    icv_ok5_q <= icv_ok4 && info4.crypt;
    padding_ok5_q <= padding_ok4;
    next_header5_q <= next_header4;
    first5_q <= esp_core_pkg::swap16(inner4[15:0]);
    total5_q <= esp_core_pkg::swap16(header4[31:16]);
    ttl5_q <= esp_core_pkg::swap16(header4[79:64]);
    checksum5_q <= esp_core_pkg::swap16(info4.transport ? header4[95:80] : inner4[47:32]);
    index5_q <= index4;
    info5_q <= info4;
    row5_q <= row4;
  end

  // --- 6: compared ----
  logic window6, mismatch6, ecn_drop6;
  esp_inbound_selectors u_selectors (
    .clk_i, .row_i(row5_q), .ipv6_i(ipv6_5), .protocol_i(protocol5),
    .ports_known_i(ports_known5), .window_exceeded_i(window_exceeded5),
    .source_port_i(source_port5), .destination_port_i(destination_port5),
    .source_i(source5), .destination_i(destination5),
    .window_o(window6), .mismatch_o(mismatch6)
  );
  esp_inbound_pkg::delivery_t delivery7;
  esp_inbound_patch u_patch (
    .clk_i, .transport_i(info5_q.transport), .ipv6_i(ipv6_5), .outer_ecn_i(info5_q.ecn),
    .first_i(first5_q), .total_i(total5_q), .protocol_i(ttl5_q), .checksum_i(checksum5_q),
    .next_header_i(next_header5_q), .length_i(length5),
    .ecn_drop_o(ecn_drop6), .delivery_o(delivery7)
  );
  logic valid6_q, end6_q, spare6_q, write6_q, write_last6_q, icv_ok6_q, padding_ok6_q;
  logic inner_malformed6_q, spill6_q, named6_q;
  logic [7:0] next_header6_q;
  esp_inbound_pkg::info_t info6_q;
  always_ff @(posedge clk_i) begin
    valid6_q <= rst_ni && valid5_q;
    end6_q <= rst_ni && end5_q;
    spare6_q <= spare5_q;
    write6_q <= rst_ni && write5_q;
    write_last6_q <= write_last5_q;
    icv_ok6_q <= icv_ok5_q;
    padding_ok6_q <= padding_ok5_q;
    inner_malformed6_q <= inner_malformed5;
    named6_q <= next_header5_q == esp_core_pkg::PROTOCOL_IPV4
                || next_header5_q == esp_core_pkg::PROTOCOL_IPV6;
    // Header and payload need a beat more than there is of text.
    spill6_q <= info5_q.transport && last5_q && spare5_q
                && esp_core_pkg::last_beat(length5) > index5_q;
    next_header6_q <= next_header5_q;
    info6_q <= info5_q;
  end
  assign next_info_o = info6_q;

  // --- 7: verdict ----
  logic [7:0] verdict6;
  always_comb begin
    verdict6 = esp_regs_pkg::VERDICT_OK;
    if (!padding_ok6_q) verdict6 = esp_regs_pkg::VERDICT_PADDING_MALFORMED;
    else if (next_header6_q == esp_core_pkg::PROTOCOL_NONE) verdict6 = esp_regs_pkg::VERDICT_DUMMY;
    else if (!info6_q.transport && !named6_q)
      verdict6 = esp_regs_pkg::VERDICT_NEXT_HEADER_UNSUPPORTED;
    else if (!info6_q.transport && inner_malformed6_q)
      verdict6 = esp_regs_pkg::VERDICT_INNER_MALFORMED;
    else if (window6) verdict6 = esp_regs_pkg::VERDICT_INNER_WINDOW;
    else if (mismatch6) verdict6 = esp_regs_pkg::VERDICT_SELECTOR_MISMATCH;
    else if (ecn_drop6) verdict6 = esp_regs_pkg::VERDICT_ECN_DROPPED;
  end
  logic valid7_q, end7_q, spare7_q, write7_q, write_last7_q, icv_ok7_q, spill7_q;
  logic [7:0] verdict7_q;
  esp_inbound_pkg::info_t info7_q;
  always_ff @(posedge clk_i) begin
    valid7_q <= rst_ni && valid6_q;
    end7_q <= rst_ni && end6_q;
    spare7_q <= spare6_q;
    write7_q <= rst_ni && write6_q;
    write_last7_q <= write_last6_q && !spill6_q;
    icv_ok7_q <= icv_ok6_q;
    spill7_q <= spill6_q;
    verdict7_q <= verdict6;
    info7_q <= info6_q;
  end
  logic first7;
  logic [511:0] data7;
  logic [HEADER_BITS-1:0] header7;
  esp_delay_line #(.WIDTH(513 + HEADER_BITS), .CYCLES(CHECK_CYCLES)) u_data (
    .clk_i, .rst_ni, .data_i({first_i, header_i, data_i}), .data_o({first7, header7, data7})
  );
  always_comb begin
    judged_o.info = info7_q;
    judged_o.icv_ok = icv_ok7_q;
    judged_o.verdict = verdict7_q;
    judged_o.spill = spill7_q;
    judged_o.delivery = delivery7;
    if (info7_q.bypass) begin
      judged_o.delivery.length = info7_q.text_bytes;
      judged_o.delivery.patch = esp_inbound_pkg::PATCH_NONE;
    end
  end
  assign end_o = end7_q;
  assign valid_o = valid7_q;
  assign first_o = first7;
  assign spare_o = spare7_q;
  assign write_o = write7_q;
  assign write_last_o = write_last7_q;
  assign data_o = data7;
  assign header_o = header7;
  assign header_words_o = info7_q.transport ? info7_q.header_words : 4'd0;

`ifndef SYNTHESIS
  logic [9:0] index6_q, index7_q;
  always_ff @(posedge clk_i) begin
    index6_q <= index5_q;
    index7_q <= index6_q;
    if (rst_ni && end7_q && valid7_q && info7_q.transport && icv_ok7_q
        && verdict7_q == esp_regs_pkg::VERDICT_OK) begin
      assert (esp_core_pkg::last_beat(delivery7.length) <= index7_q + 10'(spill7_q))
        else $error("an output beat has no cycle");
    end
  end
`endif
endmodule
`default_nettype wire
