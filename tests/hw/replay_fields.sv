// esp_replay_number and esp_replay_window side by side, as the commit stage joins them, at the sizes given.
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
  input  wire logic [WORD_LOG2+SLOT_LOG2:0]    span_i,
  input  wire logic [WORD_LOG2-1:0]            last_i,
  input  wire logic [(1<<WORD_LOG2)-1:0]       bits_i,
  input  wire logic [HALF-1:0]                 low_i,
  output logic [HALF-1:0]                      high_o,
  output logic                                 too_old_o,
  output logic                                 newer_o,
  output logic                                 received_o,
  output logic [(1<<SLOT_LOG2)-1:0]            next_live_o,
  output logic [WORD_LOG2+SLOT_LOG2:0]         next_span_o,
  output logic [WORD_LOG2-1:0]                 next_last_o,
  output logic [(1<<WORD_LOG2)-1:0]            next_bits_o
);
  localparam int unsigned RING_LOG2 = WORD_LOG2 + SLOT_LOG2;
  logic [HALF-1:0] ahead;
  logic [RING_LOG2-1:0] back;
  /* verilator lint_off PINCONNECTEMPTY */ // nothing is guessed here
  esp_replay_number #(.HALF(HALF), .RING_LOG2(RING_LOG2)) u_number (
    .esn_i, .check_i(1'b1), .window_i, .top_i, .low_i, .guess_i('0), .high_o, .too_old_o, .newer_o,
    .guess_wrong_o(), .ahead_o(ahead), .back_o(back)
  );
  /* verilator lint_on PINCONNECTEMPTY */
  esp_replay_window #(.HALF(HALF), .WORD_LOG2(WORD_LOG2), .SLOT_LOG2(SLOT_LOG2)) u_window (
    .top_slot_i(top_i[RING_LOG2-1:WORD_LOG2]), .live_i, .span_i, .last_i, .bits_i,
    .number_i(low_i[RING_LOG2-1:0]), .newer_i(newer_o), .ahead_i(ahead), .back_i(back), .received_o,
    .next_live_o, .next_span_o, .next_last_o, .next_bits_o
  );
endmodule
`default_nettype wire
