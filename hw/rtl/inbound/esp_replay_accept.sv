// What accepting a sequence number changes in the ring of esp_replay_window, combinational.
`default_nettype none
module esp_replay_accept #(
  parameter int unsigned WORD_LOG2 = 6,
  parameter int unsigned SLOT_LOG2 = 5
) (
  // the SA, and the word of the number's slot
  input  wire logic [SLOT_LOG2-1:0] top_slot_i,
  input  wire logic [(1<<SLOT_LOG2)-1:0] live_i,
  input  wire logic [WORD_LOG2-1:0] last_i,
  input  wire logic [(1<<WORD_LOG2)-1:0] bits_i,
  // the number: low bits; from esp_replay_window its slot, from esp_replay_number its place
  input  wire logic [WORD_LOG2+SLOT_LOG2-1:0] number_i,
  input  wire logic              live_slot_i,
  input  wire logic              same_slot_i,
  input  wire logic              later_slot_i,
  input  wire logic              newer_i,
  input  wire logic              same_block_i,
  input  wire logic              far_i,
  output logic [(1<<SLOT_LOG2)-1:0] next_live_o,
  output logic [WORD_LOG2-1:0]   next_last_o,
  output logic [(1<<WORD_LOG2)-1:0] next_bits_o
);
  localparam int unsigned RING_LOG2 = WORD_LOG2 + SLOT_LOG2;
  localparam int unsigned BITS = 1 << WORD_LOG2;
  localparam int unsigned SLOTS = 1 << SLOT_LOG2;

  logic [WORD_LOG2-1:0] position;
  logic [SLOT_LOG2-1:0] slot;
  assign position = number_i[WORD_LOG2-1:0];
  assign slot = number_i[RING_LOG2-1:WORD_LOG2];

  // What stays of the word. A newer number in the block of top drops what lies between them, of the
  // turn before; in another block, all but what is still within a turn of it.
  logic [BITS-1:0] at, above, held, keep;  // by position: the number's, above it, not above last_i
  logic keep_both, keep_either, keep_held, keep_all;
  always_comb begin
    keep_all = live_slot_i && !newer_i && same_slot_i;
    keep_held = live_slot_i && !newer_i && !same_slot_i;
    keep_either = live_slot_i && newer_i && same_block_i;
    keep_both = live_slot_i && newer_i && !same_block_i && !far_i;
    for (int unsigned i = 0; i < BITS; i = i + 1) begin
      at[i] = position == WORD_LOG2'(i);
      above[i] = position < WORD_LOG2'(i);
      held[i] = last_i >= WORD_LOG2'(i);
      keep[i] = keep_all || (keep_held && held[i]) || (keep_either && (held[i] || above[i]))
                || (keep_both && held[i] && above[i]);
    end
    next_bits_o = (bits_i & keep) | at;
    if (newer_i) next_last_o = position;
    else if (same_slot_i) next_last_o = last_i;
    else next_last_o = live_slot_i && last_i > position ? last_i : position;
  end

  // Slots between that of top and that of a newer number, around the ring; all but one when they
  // are the same but the blocks are not.
  logic [SLOTS-1:0] after_top, before_number, passed;
  always_comb begin
    for (int unsigned i = 0; i < SLOTS; i = i + 1) begin
      after_top[i] = top_slot_i < SLOT_LOG2'(i);
      before_number[i] = slot > SLOT_LOG2'(i);
      passed[i] = newer_i && !same_block_i
                  && (far_i || (later_slot_i ? after_top[i] && before_number[i]
                                             : after_top[i] || before_number[i]));
      next_live_o[i] = (live_i[i] && !passed[i]) || slot == SLOT_LOG2'(i);
    end
  end
endmodule
`default_nettype wire
