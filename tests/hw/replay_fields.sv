// esp_replay_number, esp_replay_window and esp_replay_accept side by side, as the commit stage joins them, at the sizes given.
`default_nettype none
module replay_fields #(
  parameter int unsigned HALF = 32,
  parameter int unsigned WORD_LOG2 = 6,
  parameter int unsigned SLOT_LOG2 = 5
) (
  input  wire logic                            esn_i,
  input  wire logic [WORD_LOG2+SLOT_LOG2:0]    window_i,
  input  wire logic [2*HALF-1:0]               top_i,
  input  wire logic [(1<<SLOT_LOG2)-1:0]       live_i,
  input  wire logic                            full_i,
  input  wire logic [WORD_LOG2+SLOT_LOG2:0]    floor_i,
  input  wire logic [WORD_LOG2-1:0]            last_i,
  input  wire logic [(1<<WORD_LOG2)-1:0]       bits_i,
  input  wire logic [HALF-1:0]                 low_i,
  output logic [HALF-1:0]                      high_o,
  output logic                                 too_old_o,
  output logic                                 newer_o,
  output logic                                 received_o,
  output logic [(1<<SLOT_LOG2)-1:0]            next_live_o,
  output logic                                 next_full_o,
  output logic [WORD_LOG2-1:0]                 next_last_o,
  output logic [(1<<WORD_LOG2)-1:0]            next_bits_o
);
  localparam int unsigned RING_LOG2 = WORD_LOG2 + SLOT_LOG2;
  logic fills, live_slot, same_slot, later_slot, same_block, far;
  /* verilator lint_off PINCONNECTEMPTY */ // nothing is guessed here
  esp_replay_number #(.HALF(HALF), .WORD_LOG2(WORD_LOG2)) u_number (
    .esn_i, .check_i(1'b1), .top_i, .low_i,
    .reach_i({1'b0, low_i} + (HALF + 1)'(window_i) - 1'b1),
    .turn_i({1'b0, low_i} - (HALF + 1)'(1 << RING_LOG2)),
    .guess_i('0), .guess_above_i('0), .guess_below_i('0), .high_o, .too_old_o, .newer_o,
    .guess_wrong_o(), .same_block_o(same_block), .far_o(far)
  );
  /* verilator lint_on PINCONNECTEMPTY */
  esp_replay_window #(.WORD_LOG2(WORD_LOG2), .SLOT_LOG2(SLOT_LOG2)) u_window (
    .top_slot_i(top_i[RING_LOG2-1:WORD_LOG2]), .live_i, .full_i, .floor_i, .last_i, .bits_i,
    .number_i(low_i[RING_LOG2:0]), .received_o, .fills_o(fills), .live_slot_o(live_slot),
    .same_slot_o(same_slot), .later_slot_o(later_slot)
  );
  esp_replay_accept #(.WORD_LOG2(WORD_LOG2), .SLOT_LOG2(SLOT_LOG2)) u_accept (
    .top_slot_i(top_i[RING_LOG2-1:WORD_LOG2]), .live_i, .last_i, .bits_i,
    .number_i(low_i[RING_LOG2-1:0]), .live_slot_i(live_slot), .same_slot_i(same_slot),
    .later_slot_i(later_slot), .newer_i(newer_o), .same_block_i(same_block), .far_i(far),
    .next_live_o, .next_last_o, .next_bits_o
  );
  assign next_full_o = full_i || (newer_o && (far || fills));
endmodule
`default_nettype wire
