// GF(2^128) product of two registered operands, one a cycle, four register ranks after them.
// Moves only with enable_i.
`default_nettype none
module gf128_multiplier (
  input  wire logic         clk_i,
  input  wire logic         enable_i,
  input  wire logic [127:0] a_i,
  input  wire logic [127:0] b_i,
  output logic [127:0]      product_o
);
  logic enable_q, enable_qq;
  logic [575:0] leaves;
  always_ff @(posedge clk_i) begin
    enable_q <= enable_i;
    enable_qq <= enable_q;
  end
  gf128_leaves u_leaves (
    .clk_i, .enable_i, .zero_i(1'b0), .a_i, .b_i, .leaves_o(leaves));
  gf128_merge u_merge (
    .clk_i, .enable_i(enable_qq), .leaves_i(leaves), .product_o);
endmodule
`default_nettype wire
