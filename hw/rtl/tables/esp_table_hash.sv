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

  // Every key bit goes to two places of each sum: rotations by odd distances from one another.
  logic [31:0] sum_a, sum_b, folded_a_q, folded_b_q;
  always_comb begin
    sum_a = '0;
    sum_b = '0;
    for (int unsigned i = 0; i < WORDS; i = i + 1) begin
      sum_a = sum_a ^ rotate(key_i[32*i+:32], 5 * i) ^ rotate(key_i[32*i+:32], 11 * i + 13);
      sum_b = sum_b ^ rotate(key_i[32*i+:32], 7 * i + 3) ^ rotate(key_i[32*i+:32], 13 * i + 20);
    end
  end
  always_ff @(posedge clk_i) begin
    folded_a_q <= sum_a ^ (sum_a >> 15);
    folded_b_q <= sum_b ^ (sum_b >> 15);
    hash_o[31:0] <= folded_a_q ^ (rotate(folded_a_q, 9) & rotate(folded_a_q, 22));
    hash_o[63:32] <= folded_b_q ^ (rotate(folded_b_q, 9) & rotate(folded_b_q, 22));
  end
endmodule
`default_nettype wire
