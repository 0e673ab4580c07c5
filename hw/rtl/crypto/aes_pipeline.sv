// AES encryption (FIPS-197), fully unrolled: LANES blocks a cycle under one key, which may change
// every cycle, AES-128 and AES-256 mixed. Fixed latency of 15 cycles: AddRoundKey, then 14 rounds
// with the key expansion beside them. The later rounds have their S-boxes in block RAM, so that the
// whole fits the LUTs it has; one of these costs some 190 LUTs a lane, one of the others 950. A lane without lane_i keeps its old state, which its user
// must not read; likewise nothing moves without a lane.
//
// block_i and block_o hold lane n in [128n +: 128], first byte most significant. key_i has its
// first byte most significant, AES-128 in [255:128].
`default_nettype none
module aes_pipeline #(
  parameter int unsigned LANES = 1
) (
  input  wire logic                 clk_i,
  input  wire logic [LANES-1:0]     lane_i,
  input  wire logic [LANES*128-1:0] block_i,
  input  wire logic [255:0]         key_i,
  input  wire logic                 key_256_i,
  output logic [LANES*128-1:0]      block_o
);
  localparam int unsigned ROUNDS = 14;
  // The first round in block RAM; at least 6: the one before it is not registered, and hands nothing
  // through.
  localparam int unsigned RAM_ROUND = 8;

  // Number r is what enters round r+1.
  wire logic [255:0]     window  [0:ROUNDS-1];
  wire logic [LANES-1:0] lane    [0:ROUNDS-1];
  wire logic             key_256 [0:ROUNDS-1];

  logic [255:0] first_window_q;
  always_ff @(posedge clk_i) begin
    if (|lane_i) first_window_q <= {key_i[255:128], key_256_i ? key_i[127:0] : key_i[255:128]};
  end
  assign window[0] = first_window_q;

  for (genvar r = 0; r < ROUNDS; r = r + 1) begin : g_key
    logic [LANES-1:0] lane_q;
    logic             key_256_q;
    if (r == 0) begin : g_first
      always_ff @(posedge clk_i) begin
        lane_q <= lane_i;
        key_256_q <= key_256_i;
      end
    end else begin : g_next
      always_ff @(posedge clk_i) begin
        lane_q <= lane[r-1];
        key_256_q <= key_256[r-1];
      end
      aes_key_stage #(.STAGE(r)) u_stage (
        .clk_i, .enable_i(|lane[r-1]), .key_256_i(key_256[r-1]),
        .window_i(window[r-1]), .window_o(window[r]));
    end
    assign lane[r] = lane_q;
    assign key_256[r] = key_256_q;
  end

  for (genvar l = 0; l < LANES; l = l + 1) begin : g_lane
    wire logic [127:0] state [0:ROUNDS];
    logic [127:0] first_state_q;
    always_ff @(posedge clk_i) begin
      if (lane_i[l]) first_state_q <= block_i[128*l +: 128] ^ key_i[255:128];
    end
    assign state[0] = first_state_q;
    for (genvar r = 1; r <= ROUNDS; r = r + 1) begin : g_round
      if (r < RAM_ROUND) begin : g_lut
        aes_round #(.ROUND(r), .REGISTERED(r != RAM_ROUND - 1)) u_round (
          .clk_i, .enable_i(lane[r-1][l]), .key_256_i(key_256[r-1]),
          .state_i(state[r-1]), .round_key_i(window[r-1][127:0]), .state_o(state[r]));
      end else begin : g_ram
        aes_ram_round #(.ROUND(r)) u_round (
          .clk_i, .enable_i(lane[r-2][l]),
          .state_i(state[r-1]), .round_key_i(window[r-1][127:0]), .state_o(state[r]));
      end
    end
    logic [127:0] block_q;
    always_ff @(posedge clk_i) begin
      if (lane[ROUNDS-1][l]) block_q <= state[ROUNDS];
    end
    assign block_o[128*l +: 128] = block_q;
  end
endmodule
`default_nettype wire
