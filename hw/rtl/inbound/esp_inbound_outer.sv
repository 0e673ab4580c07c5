// Outer headers of an inbound frame: steps 1 to 7 of the order of checks
// (docs/developer/engine-behaviour.md). One packet per cycle. The parser's own answer, for the SPD
// cache, comes esp_core_pkg::PARSE_CYCLES after the first beat, the SPI two cycles after it, and all
// else in the cycle after that.
//
//   1-6 parse   7 words from the upper layer on   8 SPI, comparisons   9 verdict
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
  output logic [31:0]       spi_o,            // with valid_o; means something if the verdict is OK
  output esp_inbound_pkg::outer_t outer_o     // one cycle later
);
  localparam int unsigned PARSE_CYCLES = esp_core_pkg::PARSE_CYCLES;
  localparam logic [15:0] PORT_IKE = 16'd500;

  logic valid6;
  logic [511:0] data6;
  logic [15:0] length6;
  esp_core_pkg::ip_t ip6;
  esp_ip_parse u_parse (
    .clk_i, .rst_ni, .valid_i(first_i), .data_i, .length_i, .valid_o(valid6), .ip_o(ip6)
  );
  esp_delay_line #(.WIDTH(528), .CYCLES(PARSE_CYCLES)) u_data (
    .clk_i, .rst_ni, .data_i({length_i, data_i}), .data_o({length6, data6})
  );
  assign parsed_o = valid6;
  assign ip_o = ip6;

  // --- 7: six words from the upper layer on, big-endian; zeros behind the window ----
  logic valid7_q, valid8_q, too_long7_q;
  logic [703:0] window6;
  logic [191:0] words6, words7_q;   // first word on top
  /* verilator lint_off UNUSEDSIGNAL */ // what the SPD cache alone needs
  esp_core_pkg::ip_t ip7_q;
  /* verilator lint_on UNUSEDSIGNAL */
  logic [15:0] upper_bytes7_q;      // from the upper layer on
  always_comb begin
    window6 = {192'd0, data6};
    for (int unsigned i = 0; i < 6; i = i + 1) begin
      words6[32*(5-i)+:32] = esp_core_pkg::swap32(window6[32*i+32*ip6.upper_word+:32]);
    end
  end
  always_ff @(posedge clk_i) begin
    valid7_q <= rst_ni && valid6;
    valid8_q <= rst_ni && valid7_q;
    ip7_q <= ip6;
    words7_q <= words6;
    too_long7_q <= length6 > 16'(esp_core_pkg::MAX_PACKET_BYTES);
    upper_bytes7_q <= ip6.total - {9'd0, ip6.upper_word, 2'd0};
  end

  // --- 8: what the verdict asks. What lies within the window is a matter of the offset ----
  typedef struct packed {
    logic is_esp;
    logic is_udp;
    logic udp_cut;          // its header is not whole
    logic udp_outside;      // its header is not in the window, ...
    logic udp_first_outside;     // or what follows it, ...
    logic udp_second_outside;    // or the word behind that
    logic port_ike;
    logic port_nat_t;
    logic udp_length_wrong;
    logic udp_tiny;         // a keepalive, or nothing that could be an SPI
    logic marker;           // no SPI: IKE
    logic esp_outside;
    logic esp_wrong;
  } seen_t;
  logic is_udp;
  logic [15:0] udp_port, udp_length, esp_bytes;
  logic [31:0] udp_first;
  logic [3:0] esp_word;
  seen_t seen8, seen8_q;
  esp_inbound_pkg::outer_t outer8, outer8_q, outer9, outer9_q;
  always_comb begin
    is_udp = ip7_q.protocol == esp_core_pkg::PROTOCOL_UDP;
    udp_port = words7_q[175:160];
    udp_length = words7_q[159:144];
    udp_first = words7_q[127:96];
    esp_word = ip7_q.upper_word[3:0] + (is_udp ? 4'd2 : 4'd0);
    esp_bytes = upper_bytes7_q - (is_udp ? 16'd8 : 16'd0);
    seen8.is_esp = ip7_q.protocol == esp_core_pkg::PROTOCOL_ESP;
    seen8.is_udp = is_udp;
    seen8.udp_cut = !ip7_q.upper_unit;
    seen8.udp_outside = ip7_q.upper_word > 5'd15;
    seen8.udp_first_outside = ip7_q.upper_word > 5'd14;
    seen8.udp_second_outside = ip7_q.upper_word > 5'd13;
    seen8.port_ike = udp_port == PORT_IKE;
    seen8.port_nat_t = udp_port == esp_core_pkg::PORT_NAT_T;
    seen8.udp_length_wrong = udp_length != upper_bytes7_q;
    seen8.udp_tiny = esp_bytes < 16'd4;
    seen8.marker = udp_first == 32'd0;
    seen8.esp_outside = ip7_q.extensions
                        || (is_udp ? ip7_q.upper_word > 5'd10 : ip7_q.upper_word > 5'd12);
    seen8.esp_wrong = esp_bytes < 16'd36 || esp_bytes[1:0] != 2'd0;

    if (refuse_i) outer8.verdict = esp_regs_pkg::VERDICT_SELF_TEST_FAILED;
    else if (too_long7_q) outer8.verdict = esp_regs_pkg::VERDICT_TOO_LONG;
    else if (ip7_q.malformed) outer8.verdict = esp_regs_pkg::VERDICT_HEADER_MALFORMED;
    else if (ip7_q.fragment) outer8.verdict = esp_regs_pkg::VERDICT_OUTER_FRAGMENT;
    else if (!ip7_q.protocol_known) outer8.verdict = esp_regs_pkg::VERDICT_HEADER_WINDOW;
    else outer8.verdict = esp_regs_pkg::VERDICT_OK;
    outer8.look_up = 1'b0;
    outer8.ipv6 = ip7_q.ipv6;
    outer8.encapsulated = is_udp;
    outer8.header_words = ip7_q.upper_word[3:0];
    outer8.esp_word = esp_word;
    outer8.total = ip7_q.total;
    outer8.text_bytes = esp_bytes - 16'd32;
    outer8.ecn = ip7_q.tos[1:0];
    outer8.destination = ip7_q.destination;
    {outer8.spi, outer8.sequence_low, outer8.iv} = is_udp ? words7_q[127:0] : words7_q[191:64];
  end

  // --- 9: verdict ----
  logic [7:0] verdict9;
  logic look_up9;
  always_comb begin
    verdict9 = outer8_q.verdict;
    look_up9 = 1'b0;
    if (outer8_q.verdict == esp_regs_pkg::VERDICT_OK) begin
      if (seen8_q.is_udp && seen8_q.udp_cut) begin
        verdict9 = esp_regs_pkg::VERDICT_HEADER_MALFORMED;
      end else if (seen8_q.is_udp && seen8_q.udp_outside) begin
        verdict9 = esp_regs_pkg::VERDICT_HEADER_WINDOW;
      end else if (seen8_q.is_udp && seen8_q.port_ike) begin
        verdict9 = esp_regs_pkg::VERDICT_NOT_ESP;
      end else if (seen8_q.is_udp && seen8_q.port_nat_t) begin
        if (seen8_q.udp_first_outside) verdict9 = esp_regs_pkg::VERDICT_HEADER_WINDOW;
        else if (seen8_q.udp_length_wrong) verdict9 = esp_regs_pkg::VERDICT_HEADER_MALFORMED;
        else if (seen8_q.udp_tiny) verdict9 = esp_regs_pkg::VERDICT_NOT_ESP;
        else if (seen8_q.udp_second_outside) verdict9 = esp_regs_pkg::VERDICT_HEADER_WINDOW;
        else if (seen8_q.marker) verdict9 = esp_regs_pkg::VERDICT_NOT_ESP;
        else if (seen8_q.esp_outside) verdict9 = esp_regs_pkg::VERDICT_HEADER_WINDOW;
        else if (seen8_q.esp_wrong) verdict9 = esp_regs_pkg::VERDICT_ESP_MALFORMED;
      end else if (!seen8_q.is_esp) begin
        look_up9 = 1'b1;
      end else if (seen8_q.esp_outside) begin
        verdict9 = esp_regs_pkg::VERDICT_HEADER_WINDOW;
      end else if (seen8_q.esp_wrong) begin
        verdict9 = esp_regs_pkg::VERDICT_ESP_MALFORMED;
      end
    end
    outer9 = outer8_q;
    outer9.verdict = verdict9;
    outer9.look_up = look_up9;
  end
  always_ff @(posedge clk_i) begin
    seen8_q <= seen8;
    outer8_q <= outer8;
    outer9_q <= outer9;
  end
  assign valid_o = valid8_q;
  assign spi_o = outer8_q.spi;
  assign outer_o = outer9_q;
endmodule
`default_nettype wire
