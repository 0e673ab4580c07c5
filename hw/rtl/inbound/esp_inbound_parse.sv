// Parses the outer headers of an inbound frame from its first beat: steps 1 to 7 of the order of
// checks. Two cycles, one packet per cycle. Everything up to the IV must lie in the first 64 bytes.
`default_nettype none
module esp_inbound_parse (
  input  wire logic         clk_i,
  input  wire logic         rst_ni,
  input  wire logic         first_i,
  input  wire logic [511:0] data_i,
  input  wire logic [15:0]  length_i,
  output logic              valid_o,
  output logic [7:0]        verdict_o,
  output logic              encapsulated_o,
  output logic [3:0]        esp_word_o,       // 4-byte word where the ESP header starts
  output logic [15:0]       text_bytes_o,     // ciphertext; meaningful when the verdict is ok
  output logic [1:0]        ecn_o,
  output logic [31:0]       destination_o,
  output logic [31:0]       spi_o,
  output logic [31:0]       sequence_o,       // low half
  output logic [63:0]       iv_o
);
  // --- 1: fields ----
  logic valid1_q;
  logic [511:0] data1_q;
  logic [15:0] length1_q;
  always_ff @(posedge clk_i) begin
    valid1_q <= rst_ni && first_i;
    data1_q <= data_i;
    length1_q <= length_i;
  end

  typedef struct packed {
    logic        too_long;
    logic        malformed;
    logic        fragment;
    logic        is_esp;
    logic        is_udp;
    logic [3:0]  ihl;
    logic [15:0] total;
    logic [15:0] udp_port;
    logic [15:0] udp_length;
    logic [1:0]  ecn;
    logic [31:0] destination;
    logic [127:0] esp;         // SPI, sequence number, IV; big-endian
  } fields_t;
  fields_t fields1, fields2_q;
  logic [511:0] words1;        // each 4-byte word big-endian, word i in [32i+31:32i]
  logic [4:0] esp_word1;
  logic [1055:0] words1_long;  // zeros behind, for offsets that the verdict refuses anyway
  always_comb begin
    for (int unsigned i = 0; i < 16; i = i + 1) begin
      words1[32*i+:32] = esp_core_pkg::swap32(data1_q[32*i+:32]);
    end
    words1_long = {544'd0, words1};
    fields1.ihl = words1[27:24];
    fields1.total = words1[15:0];
    fields1.too_long = length1_q > 16'(esp_core_pkg::MAX_PACKET_BYTES);
    fields1.malformed = length1_q < 16'd20 || words1[31:28] != 4'd4 || fields1.ihl < 4'd5
                        || fields1.total < {10'd0, fields1.ihl, 2'd0} || fields1.total > length1_q;
    fields1.ecn = words1[17:16];
    fields1.fragment = words1[45] || words1[44:32] != 13'd0;  // MF, offset
    fields1.is_esp = words1[87:80] == esp_core_pkg::PROTOCOL_ESP;
    fields1.is_udp = words1[87:80] == esp_core_pkg::PROTOCOL_UDP;
    fields1.destination = words1[159:128];
    fields1.udp_port = words1_long[{2'b0, fields1.ihl, 5'd0}+:16];
    fields1.udp_length = words1_long[{2'b0, fields1.ihl, 5'd0}+48+:16];
    esp_word1 = {1'b0, fields1.ihl} + (fields1.is_udp ? 5'd2 : 5'd0);
    fields1.esp = {words1_long[{1'b0, esp_word1, 5'd0}+:32],
                   words1_long[{1'b0, esp_word1, 5'd0}+32+:32],
                   words1_long[{1'b0, esp_word1, 5'd0}+64+:32],
                   words1_long[{1'b0, esp_word1, 5'd0}+96+:32]};
  end

  // --- 2: verdict ----
  logic valid2_q;
  logic [15:0] udp_bytes, esp_bytes;
  logic [4:0] esp_word;
  always_ff @(posedge clk_i) begin
    valid2_q <= rst_ni && valid1_q;
    fields2_q <= fields1;
  end
  always_comb begin
    esp_word = {1'b0, fields2_q.ihl} + (fields2_q.is_udp ? 5'd2 : 5'd0);
    udp_bytes = fields2_q.total - {10'd0, fields2_q.ihl, 2'd0};
    esp_bytes = fields2_q.total - {9'd0, esp_word, 2'd0};

    verdict_o = esp_regs_pkg::VERDICT_OK;
    if (fields2_q.too_long) begin
      verdict_o = esp_regs_pkg::VERDICT_TOO_LONG;
    end else if (fields2_q.malformed) begin
      verdict_o = esp_regs_pkg::VERDICT_HEADER_MALFORMED;
    end else if (!fields2_q.is_esp && !fields2_q.is_udp) begin
      verdict_o = esp_regs_pkg::VERDICT_NOT_ESP;
    end else if (fields2_q.fragment) begin
      verdict_o = esp_regs_pkg::VERDICT_OUTER_FRAGMENT;
    end else if (fields2_q.is_udp && udp_bytes < 16'd8) begin
      verdict_o = esp_regs_pkg::VERDICT_HEADER_MALFORMED;
    end else if (fields2_q.is_udp && fields2_q.udp_port != esp_core_pkg::PORT_NAT_T) begin
      verdict_o = esp_regs_pkg::VERDICT_NOT_ESP;
    end else if (fields2_q.is_udp && fields2_q.ihl == 4'd15) begin
      // The UDP length itself lies behind the window.
      verdict_o = esp_regs_pkg::VERDICT_HEADER_WINDOW;
    end else if (fields2_q.is_udp && fields2_q.udp_length != udp_bytes) begin
      verdict_o = esp_regs_pkg::VERDICT_HEADER_MALFORMED;
    end else if (fields2_q.is_udp && udp_bytes < 16'd12) begin
      verdict_o = esp_regs_pkg::VERDICT_NOT_ESP;
    end else if (fields2_q.is_udp && fields2_q.ihl > 4'd13) begin
      verdict_o = esp_regs_pkg::VERDICT_HEADER_WINDOW;
    end else if (fields2_q.is_udp && fields2_q.esp[127:96] == 32'd0) begin
      verdict_o = esp_regs_pkg::VERDICT_NOT_ESP;  // non-ESP marker: IKE
    end else if (esp_word > 5'd12) begin
      verdict_o = esp_regs_pkg::VERDICT_HEADER_WINDOW;
    end else if (esp_bytes < 16'd36 || esp_bytes[1:0] != 2'd0) begin
      verdict_o = esp_regs_pkg::VERDICT_ESP_MALFORMED;
    end
  end
  assign valid_o = valid2_q;
  assign encapsulated_o = fields2_q.is_udp;
  assign esp_word_o = esp_word[3:0];
  assign text_bytes_o = esp_bytes - 16'd32;
  assign ecn_o = fields2_q.ecn;
  assign destination_o = fields2_q.destination;
  assign {spi_o, sequence_o, iv_o} = fields2_q.esp;
endmodule
`default_nettype wire
