// Second half of a GF(2^128) product: the leaves, or a sum of leaves, to the 256-bit product, then
// reduction. Two register ranks. Moves only with enable_i.
`default_nettype none
module gf128_merge (
  input  wire logic         clk_i,
  input  wire logic         enable_i,
  input  wire logic [575:0] leaves_i,
  output logic [127:0]      product_o
);
  logic        enable_q;
  logic [63:0] word0_q, word1_q, word2_q, word3_q;
  always_ff @(posedge clk_i) begin
    enable_q <= enable_i;
    if (enable_i) begin
      word0_q <= gf128_pkg::product_word(leaves_i, 0);
      word1_q <= gf128_pkg::product_word(leaves_i, 1);
      word2_q <= gf128_pkg::product_word(leaves_i, 2);
      word3_q <= gf128_pkg::product_word(leaves_i, 3);
    end
    if (enable_q) product_o <= gf128_pkg::reduce({word3_q, word2_q, word1_q, word0_q});
  end
endmodule
`default_nettype wire
