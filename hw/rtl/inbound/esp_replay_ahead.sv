// What esp_replay_window will say of a number once another one, ahead of it, is accepted: without
// the sum of esp_replay_accept, so that both fit into one cycle. Combinational.
// hw/formal/commit_proof.sv proves that it is the same.
`default_nettype none
module esp_replay_ahead #(
  parameter int unsigned WORD_LOG2 = 6,
  parameter int unsigned SLOT_LOG2 = 5
) (
  // the SA before the number ahead, and that number as esp_replay_accept takes it
  input  wire logic [SLOT_LOG2-1:0] top_slot_i,
  input  wire logic [(1<<SLOT_LOG2)-1:0] live_i,
  input  wire logic              full_i,
  input  wire logic              fills_i,       // the number ahead makes it full
  input  wire logic [WORD_LOG2+SLOT_LOG2:0] floor_i,
  input  wire logic [WORD_LOG2+SLOT_LOG2-1:0] ahead_i,
  input  wire logic              live_slot_i,
  input  wire logic              same_slot_i,
  input  wire logic              later_slot_i,
  input  wire logic              newer_i,
  input  wire logic              same_block_i,
  input  wire logic              far_i,
  // the number, and the word of its slot before the number ahead
  input  wire logic [WORD_LOG2+SLOT_LOG2:0] number_i,
  input  wire logic [WORD_LOG2-1:0] last_i,
  input  wire logic [(1<<WORD_LOG2)-1:0] bits_i,
  output logic                   received_o,
  output logic                   live_slot_o,
  output logic                   same_slot_o,
  output logic                   later_slot_o
);
  localparam int unsigned RING_LOG2 = WORD_LOG2 + SLOT_LOG2;

  logic [WORD_LOG2-1:0] position, position_ahead;
  logic [SLOT_LOG2-1:0] slot, slot_ahead;
  assign position = number_i[WORD_LOG2-1:0];
  assign slot = number_i[RING_LOG2-1:WORD_LOG2];
  assign position_ahead = ahead_i[WORD_LOG2-1:0];
  assign slot_ahead = ahead_i[RING_LOG2-1:WORD_LOG2];

  logic one_slot, after_top, before_ahead, passed;
  logic found, held, above, keep, kept, reached;
  /* verilator lint_off UNUSEDSIGNAL */ // of the difference only the sign counts
  logic [RING_LOG2:0] short_of;
  /* verilator lint_on UNUSEDSIGNAL */
  always_comb begin
    short_of = floor_i - number_i;
    one_slot = slot == slot_ahead;

    after_top = top_slot_i < slot;
    before_ahead = slot < slot_ahead;
    passed = newer_i && !same_block_i
             && (far_i || (later_slot_i ? after_top && before_ahead : after_top || before_ahead));
    live_slot_o = one_slot || (live_i[slot] && !passed);
    same_slot_o = newer_i ? one_slot : slot == top_slot_i;
    later_slot_o = newer_i ? slot_ahead < slot : after_top;

    // The bit, and whether the word's `last` reaches it; in one slot, after what the one ahead
    // leaves of the word.
    found = bits_i[position];
    held = last_i >= position;
    above = position_ahead < position;
    if (newer_i) keep = same_block_i ? held || above : !far_i && held && above;
    else keep = same_slot_i || held;
    kept = position == position_ahead || (found && live_slot_i && keep);
    reached = newer_i || same_slot_i || (live_slot_i && held) || !above;
    received_o = (!full_i && !fills_i && !short_of[RING_LOG2])
                 || (one_slot ? kept && reached
                              : live_slot_o && found && (same_slot_o || held));
  end
endmodule
`default_nettype wire
