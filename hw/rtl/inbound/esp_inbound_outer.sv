// Outer headers of an inbound frame: steps 1 to 7 of the order of checks
// (docs/developer/engine-behaviour.md). One packet per cycle. The parser's own answer, for the SPD
// cache, comes esp_core_pkg::PARSE_CYCLES after the first beat, the verdict two cycles after it.
//
// Ranks are counted as if the parser had four:
//   1-4 parse   5 words from the upper layer on   6 verdict
`default_nettype none
module esp_inbound_outer (
  input  wire logic         clk_i,
  input  wire logic         rst_ni,
  input  wire logic         refuse_i,         // the self-test failed
  input  wire logic         first_i,
  input  wire logic [511:0] data_i,
  input  wire logic [15:0]  length_i,
  output logic              parsed_o,
  output esp_core_pkg::ip_t ip_o,
  output logic              valid_o,
  output esp_inbound_pkg::outer_t outer_o
);
  localparam int unsigned PARSE_CYCLES = esp_core_pkg::PARSE_CYCLES;
  localparam logic [15:0] PORT_IKE = 16'd500;

  logic valid4;
  logic [511:0] data4;
  logic [15:0] length4;
  esp_core_pkg::ip_t ip4;
  esp_ip_parse u_parse (
    .clk_i, .rst_ni, .valid_i(first_i), .data_i, .length_i, .valid_o(valid4), .ip_o(ip4)
  );
  esp_delay_line #(.WIDTH(528), .CYCLES(PARSE_CYCLES)) u_data (
    .clk_i, .rst_ni, .data_i({length_i, data_i}), .data_o({length4, data4})
  );
  assign parsed_o = valid4;
  assign ip_o = ip4;

  // --- 5: six words from the upper layer on, big-endian; zeros behind the window ----
  logic valid5_q, valid6_q, too_long5_q;
  logic [703:0] window4;
  logic [191:0] words4, words5_q;   // first word on top
  /* verilator lint_off UNUSEDSIGNAL */ // what the SPD cache alone needs
  esp_core_pkg::ip_t ip5_q;
  /* verilator lint_on UNUSEDSIGNAL */
  logic [15:0] upper_bytes5_q;      // from the upper layer on
  always_comb begin
    window4 = {192'd0, data4};
    for (int unsigned i = 0; i < 6; i = i + 1) begin
      words4[32*(5-i)+:32] = esp_core_pkg::swap32(window4[32*i+32*ip4.upper_word+:32]);
    end
  end
  always_ff @(posedge clk_i) begin
    valid5_q <= rst_ni && valid4;
    valid6_q <= rst_ni && valid5_q;
    ip5_q <= ip4;
    words5_q <= words4;
    too_long5_q <= length4 > 16'(esp_core_pkg::MAX_PACKET_BYTES);
    upper_bytes5_q <= ip4.total - {9'd0, ip4.upper_word, 2'd0};
  end

  // --- 6: verdict. What lies within the window is a matter of the offset ----
  logic is_esp, is_udp;
  logic [15:0] udp_port, udp_length, esp_bytes;
  logic [31:0] udp_first;
  logic [4:0] esp_word;
  logic [7:0] verdict;
  logic look_up;
  esp_inbound_pkg::outer_t outer6, outer6_q;
  always_comb begin
    is_esp = ip5_q.protocol == esp_core_pkg::PROTOCOL_ESP;
    is_udp = ip5_q.protocol == esp_core_pkg::PROTOCOL_UDP;
    udp_port = words5_q[175:160];
    udp_length = words5_q[159:144];
    udp_first = words5_q[127:96];
    esp_word = ip5_q.upper_word + (is_udp ? 5'd2 : 5'd0);
    esp_bytes = upper_bytes5_q - (is_udp ? 16'd8 : 16'd0);
    look_up = 1'b0;
    verdict = esp_regs_pkg::VERDICT_OK;
    if (refuse_i) begin
      verdict = esp_regs_pkg::VERDICT_SELF_TEST_FAILED;
    end else if (too_long5_q) begin
      verdict = esp_regs_pkg::VERDICT_TOO_LONG;
    end else if (ip5_q.malformed) begin
      verdict = esp_regs_pkg::VERDICT_HEADER_MALFORMED;
    end else if (ip5_q.fragment) begin
      verdict = esp_regs_pkg::VERDICT_OUTER_FRAGMENT;
    end else if (!ip5_q.protocol_known) begin
      verdict = esp_regs_pkg::VERDICT_HEADER_WINDOW;
    end else if (is_udp && !ip5_q.upper_unit) begin
      verdict = esp_regs_pkg::VERDICT_HEADER_MALFORMED;
    end else if (is_udp && ip5_q.upper_word > 5'd15) begin
      verdict = esp_regs_pkg::VERDICT_HEADER_WINDOW;
    end else if (is_udp && udp_port == PORT_IKE) begin
      verdict = esp_regs_pkg::VERDICT_NOT_ESP;
    end else if (is_udp && udp_port == esp_core_pkg::PORT_NAT_T) begin
      if (ip5_q.upper_word > 5'd14) verdict = esp_regs_pkg::VERDICT_HEADER_WINDOW;
      else if (udp_length != upper_bytes5_q) verdict = esp_regs_pkg::VERDICT_HEADER_MALFORMED;
      else if (esp_bytes < 16'd4) verdict = esp_regs_pkg::VERDICT_NOT_ESP;
      else if (ip5_q.upper_word > 5'd13) verdict = esp_regs_pkg::VERDICT_HEADER_WINDOW;
      else if (udp_first == 32'd0) verdict = esp_regs_pkg::VERDICT_NOT_ESP;  // marker: IKE
    end else if (!is_esp) begin
      look_up = 1'b1;
    end
    if (verdict == esp_regs_pkg::VERDICT_OK && !look_up) begin
      if (ip5_q.extensions || esp_word > 5'd12) verdict = esp_regs_pkg::VERDICT_HEADER_WINDOW;
      else if (esp_bytes < 16'd36 || esp_bytes[1:0] != 2'd0)
        verdict = esp_regs_pkg::VERDICT_ESP_MALFORMED;
    end

    outer6.verdict = verdict;
    outer6.look_up = look_up;
    outer6.ipv6 = ip5_q.ipv6;
    outer6.encapsulated = is_udp;
    outer6.header_words = ip5_q.upper_word[3:0];
    outer6.esp_word = esp_word[3:0];
    outer6.total = ip5_q.total;
    outer6.text_bytes = esp_bytes - 16'd32;
    outer6.ecn = ip5_q.tos[1:0];
    outer6.destination = ip5_q.destination;
    {outer6.spi, outer6.sequence_low, outer6.iv} = is_udp ? words5_q[127:0] : words5_q[191:64];
  end
  always_ff @(posedge clk_i) outer6_q <= outer6;
  assign valid_o = valid6_q;
  assign outer_o = outer6_q;
endmodule
`default_nettype wire
