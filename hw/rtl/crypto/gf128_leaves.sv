// First half of a GF(2^128) product: Karatsuba operand sums, then the nine leaf products. Two
// register ranks. With zero_i the leaves come out zero. Moves only with enable_i.
`default_nettype none
module gf128_leaves (
  input  wire logic         clk_i,
  input  wire logic         enable_i,
  input  wire logic         zero_i,
  input  wire logic [127:0] a_i,
  input  wire logic [127:0] b_i,
  output logic [575:0]      leaves_o
);
  logic enable_q, zero_q;
  always_ff @(posedge clk_i) begin
    enable_q <= enable_i;
    zero_q <= zero_i;
  end

  for (genvar i = 0; i < 9; i = i + 1) begin : g_leaf
    logic [31:0] a_q, b_q;
    logic [63:0] leaf_q;
    always_ff @(posedge clk_i) begin
      if (enable_i && !zero_i) begin
        a_q <= gf128_pkg::leaf_operand(a_i, i);
        b_q <= gf128_pkg::leaf_operand(b_i, i);
      end
      if (enable_q) begin
        if (zero_q) leaf_q <= 64'd0;
        else leaf_q <= gf128_pkg::clmul32(a_q, b_q);
      end
    end
    assign leaves_o[64*i +: 64] = leaf_q;
  end
endmodule
`default_nettype wire
