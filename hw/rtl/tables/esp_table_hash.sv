// The hash of the SPI table and the SPD caches: a key of WORDS 32-bit words, word i in [32i+31:32i],
// to {B, A} of docs/developer/engine-behaviour.md, "Tables". One key a cycle; hash_o comes
// esp_core_pkg::HASH_CYCLES later.
`default_nettype none
module esp_table_hash #(
  parameter int unsigned WORDS = 1
) (
  input  wire logic                clk_i,
  input  wire logic [32*WORDS-1:0] key_i,
  output logic [63:0]              hash_o
);
  function automatic logic [31:0] rotate(input logic [31:0] x, input int unsigned n);
    rotate = (n % 32 == 0) ? x : (x << (n % 32)) | (x >> (32 - n % 32));
  endfunction

  // Two rounds of mixing. Keys that count up differ in a few neighbouring bits, and the index of each
  // way must differ in its own manner all the same: four rounds fill a table to 96 %, two only to 70.
  function automatic logic [31:0] mixed(input logic [31:0] x);
    mixed = (rotate(x, 1) & rotate(x, 8)) ^ rotate(x, 2);
  endfunction
  function automatic logic [63:0] two_rounds(input logic [63:0] x);
    logic [31:0] a, b;
    a = x[31:0] ^ mixed(x[63:32]);
    b = x[63:32] ^ mixed(a);
    a = a ^ mixed(b);
    b = b ^ mixed(a);
    two_rounds = {b, a};
  endfunction

  // Every key bit goes to two places of each sum, at odd distances from one another.
  logic [31:0] sum_a, sum_b;
  logic [63:0] sum_q, half_q;
  always_comb begin
    sum_a = '0;
    sum_b = '0;
    for (int unsigned i = 0; i < WORDS; i = i + 1) begin
      sum_a = sum_a ^ rotate(key_i[32*i+:32], 5 * i) ^ rotate(key_i[32*i+:32], 11 * i + 13);
      sum_b = sum_b ^ rotate(key_i[32*i+:32], 7 * i + 3) ^ rotate(key_i[32*i+:32], 13 * i + 20);
    end
  end
  always_ff @(posedge clk_i) begin
    sum_q <= {sum_b, sum_a};
    half_q <= two_rounds(sum_q);
    hash_o <= two_rounds(half_q);
  end
endmodule
`default_nettype wire
