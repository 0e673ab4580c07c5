// GHASH over the beats of a packet, one beat a cycle, with a multiplier of five register ranks in
// the loop: five interleaved Horner sums, each advancing by H^20 (five beats of four blocks),
//   x(k) = beat(k) ^ x(k-5) * H^20,
// whose last values are merged by the same multiplier, as beat k of n then has no x(k+5) to feed:
//   sum = XOR over the last min(n, 5) beats of x(k) * H^(4(n-1-k)).
// The caller gives each beat its power: H^20 when beat k+5 exists (merge_i = 0), else H^(4(n-1-k))
// (merge_i = 1, head_i on the first such beat). A product meets beat k+5 in the cycle that it comes
// out, or waits for it in a row of waiting_q when there are bubbles in the packet.
//
// sum_o comes six cycles after the last beat; packets never mix, as
// products come out in the order of the beats.
`default_nettype none
module ghash_horner (
  input  wire logic         clk_i,
  input  wire logic         enable_i,    // a beat
  input  wire logic         past_i,      // k >= 5
  input  wire logic [2:0]   slot_i,      // k mod 5
  input  wire logic         merge_i,
  input  wire logic         head_i,
  input  wire logic [127:0] beat_i,
  input  wire logic [127:0] power_i,
  output logic [127:0]      sum_o
);
  localparam int unsigned RANKS = 5;

  // What belongs to the product in rank r of the multiplier.
  logic       enable_q [1:RANKS];
  logic       merge_q  [1:RANKS];
  logic       head_q   [1:RANKS];
  logic [2:0] slot_q   [1:RANKS];
  always_ff @(posedge clk_i) begin
    enable_q[1] <= enable_i;
    merge_q[1] <= merge_i;
    head_q[1] <= head_i;
    slot_q[1] <= slot_i;
  end
  for (genvar r = 2; r <= RANKS; r = r + 1) begin : g_rank
    always_ff @(posedge clk_i) begin
      enable_q[r] <= enable_q[r-1];
      merge_q[r] <= merge_q[r-1];
      head_q[r] <= head_q[r-1];
      slot_q[r] <= slot_q[r-1];
    end
  end

  logic [127:0] waiting_q [0:4];
  logic [127:0] product, past, x_q, power_q;
  // Five products are in flight at most, so a row is read before the next product of its sum can
  // come out; a product on its way out to this very slot is x(k-5), for the same reason.
  assign past = (enable_q[RANKS] && slot_q[RANKS] == slot_i) ? product : waiting_q[slot_i];
  always_ff @(posedge clk_i) begin
    if (enable_q[RANKS] && !merge_q[RANKS]) waiting_q[slot_q[RANKS]] <= product;
    if (enable_i) begin
      x_q <= past_i ? beat_i ^ past : beat_i;
      power_q <= power_i;
    end
  end

  gf128_multiplier u_multiplier (
    .clk_i, .enable_i(enable_q[1]), .a_i(x_q), .b_i(power_q), .product_o(product));

  always_ff @(posedge clk_i) begin
    if (enable_q[RANKS] && merge_q[RANKS]) begin
      sum_o <= head_q[RANKS] ? product : sum_o ^ product;
    end
  end
endmodule
`default_nettype wire
