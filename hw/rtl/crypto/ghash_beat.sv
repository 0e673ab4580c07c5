// GHASH of one beat of four blocks: b0*H^4 ^ b1*H^3 ^ b2*H^2 ^ b3*H with one reduction, as leaves
// add before they are merged. Five register ranks after the operands. Block n stands in
// [128n +: 128]; a block without block_i counts as zero. Moves only with enable_i.
`default_nettype none
module ghash_beat (
  input  wire logic         clk_i,
  input  wire logic         enable_i,
  input  wire logic [3:0]   block_i,
  input  wire logic [511:0] data_i,
  input  wire logic [511:0] powers_i,   // power for block n in [128n +: 128]
  output logic [127:0]      sum_o
);
  logic [2:0] enable_q;
  always_ff @(posedge clk_i) enable_q <= {enable_q[1:0], enable_i};

  logic [575:0] leaves [0:3];
  for (genvar n = 0; n < 4; n = n + 1) begin : g_block
    gf128_leaves u_leaves (
      .clk_i, .enable_i, .zero_i(!block_i[n]),
      .a_i(data_i[128*n +: 128]), .b_i(powers_i[128*n +: 128]), .leaves_o(leaves[n]));
  end

  logic [575:0] sum;
  for (genvar i = 0; i < 9; i = i + 1) begin : g_sum
    logic [63:0] leaf_q;
    always_ff @(posedge clk_i) begin
      if (enable_q[1]) begin
        leaf_q <= leaves[0][64*i +: 64] ^ leaves[1][64*i +: 64]
                ^ leaves[2][64*i +: 64] ^ leaves[3][64*i +: 64];
      end
    end
    assign sum[64*i +: 64] = leaf_q;
  end

  gf128_merge u_merge (
    .clk_i, .enable_i(enable_q[2]), .leaves_i(sum), .product_o(sum_o));
endmodule
`default_nettype wire
