// Which of the last 2048 sequence numbers of an SA were received (RFC 4303 section 3.4.3), kept as
// a ring of 32 words of 64 bits, of which a packet reads and writes one. Combinational: the look-up
// of a number, and what changes when it is accepted.
//
// Number n stands in slot (n / 64) mod 32 at position n mod 64. Nothing is cleared when the window
// moves on; what a bit means follows from top:
// - In the slot of top the positions up to that of top hold the block of top, those above it the
//   block one turn of the ring earlier, the end of the largest window.
// - Any other slot holds one block, the last one before top's. `last` of its word is the highest
//   position that was received; the bits above it are of an earlier turn and count as zero.
// - `live`, one bit for each slot, is cleared for the slots that top passes over: nothing was
//   received in their blocks. So words need no reset.
// - The last `span` numbers up to top are judged by the ring, all earlier ones count as received.
//   It starts at 0, so that everything up to the top that an SA starts with was received.
// hw/formal/replay proves that this is the same as a set of numbers.
`default_nettype none
module esp_replay_window #(
  parameter int unsigned HALF = 32,
  parameter int unsigned WORD_LOG2 = 6,
  parameter int unsigned SLOT_LOG2 = 5
) (
  // the SA
  input  wire logic [SLOT_LOG2-1:0] top_slot_i,        // slot of the highest number authenticated
  input  wire logic [(1<<SLOT_LOG2)-1:0] live_i,
  input  wire logic [WORD_LOG2+SLOT_LOG2:0] span_i,    // 0 to 2^(WORD_LOG2+SLOT_LOG2)
  // the word of the number's slot
  input  wire logic [WORD_LOG2-1:0] last_i,
  input  wire logic [(1<<WORD_LOG2)-1:0] bits_i,
  // the number: low bits, and from esp_replay_number its place against top
  input  wire logic [WORD_LOG2+SLOT_LOG2-1:0] number_i,
  input  wire logic              newer_i,
  input  wire logic [HALF-1:0]   ahead_i,       // number - top, when newer_i
  input  wire logic [WORD_LOG2+SLOT_LOG2-1:0] back_i,  // top - number, otherwise
  output logic                   received_o,    // meaningful when the number is within the window
  // after accepting it
  output logic [(1<<SLOT_LOG2)-1:0] next_live_o,
  output logic [WORD_LOG2+SLOT_LOG2:0] next_span_o,
  output logic [WORD_LOG2-1:0]   next_last_o,
  output logic [(1<<WORD_LOG2)-1:0] next_bits_o
);
  localparam int unsigned RING_LOG2 = WORD_LOG2 + SLOT_LOG2;
  localparam int unsigned BITS = 1 << WORD_LOG2;
  localparam int unsigned SLOTS = 1 << SLOT_LOG2;

  logic [WORD_LOG2-1:0] position;
  logic [SLOT_LOG2-1:0] slot;
  logic same_slot, same_block, far, live;
  logic [BITS-1:0] at, above, held;   // by position: the number's, above it, not above last_i
  logic [BITS-1:0] keep;
  always_comb begin
    position = number_i[WORD_LOG2-1:0];
    slot = number_i[RING_LOG2-1:WORD_LOG2];
    same_slot = slot == top_slot_i;
    same_block = same_slot && ahead_i[HALF-1:WORD_LOG2] == '0;   // when newer_i
    far = ahead_i[HALF-1:RING_LOG2] != '0;                       // when newer_i: a turn or more
    live = live_i[slot];
    for (int unsigned i = 0; i < BITS; i = i + 1) begin
      at[i] = position == WORD_LOG2'(i);
      above[i] = position < WORD_LOG2'(i);
      held[i] = last_i >= WORD_LOG2'(i);
    end
    received_o = {1'b0, back_i} >= span_i
                 || (live && |(bits_i & at & (held | {BITS{same_slot}})));

    // What stays of the word. A newer number in the block of top drops what lies between them, of
    // the turn before; in another block, all but what is still within a turn of it.
    if (newer_i) begin
      if (same_block) keep = held | above;
      else keep = far ? '0 : held & above;
    end else begin
      keep = same_slot ? '1 : held;
    end
    next_bits_o = (bits_i & keep & {BITS{live}}) | at;
    if (newer_i) next_last_o = position;
    else if (same_slot) next_last_o = last_i;
    else next_last_o = live && last_i > position ? last_i : position;
  end

  // Slots between that of top and that of a newer number, around the ring; all but one when they
  // are the same but the blocks are not.
  logic [SLOTS-1:0] after_top, before_number, passed;
  always_comb begin
    for (int unsigned i = 0; i < SLOTS; i = i + 1) begin
      after_top[i] = top_slot_i < SLOT_LOG2'(i);
      before_number[i] = slot > SLOT_LOG2'(i);
    end
    passed = top_slot_i < slot ? after_top & before_number : after_top | before_number;
    if (far) passed = '1;
    if (same_block || !newer_i) passed = '0;
    for (int unsigned i = 0; i < SLOTS; i = i + 1) begin
      next_live_o[i] = (live_i[i] && !passed[i]) || slot == SLOT_LOG2'(i);
    end
  end

  logic [RING_LOG2:0] longer;
  always_comb begin
    longer = span_i + {1'b0, ahead_i[RING_LOG2-1:0]};
    if (!newer_i) next_span_o = span_i;
    else if (far || longer[RING_LOG2]) next_span_o = {1'b1, {RING_LOG2{1'b0}}};
    else next_span_o = longer;
  end
endmodule
`default_nettype wire
