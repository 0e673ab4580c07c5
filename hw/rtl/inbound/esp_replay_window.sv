// Which of the last 2048 sequence numbers of an SA were received (RFC 4303 section 3.4.3), kept as
// a ring of 32 words of 64 bits, of which a packet reads and writes one. This module looks a number
// up, combinational; esp_replay_accept says what changes when it is accepted.
//
// Number n stands in slot (n / 64) mod 32 at position n mod 64. Nothing is cleared when the window
// moves on; what a bit means follows from top:
// - In the slot of top the positions up to that of top hold the block of top, those above it the
//   block one turn of the ring earlier, the end of the largest window.
// - Any other slot holds one block, the last one before top's. `last` of its word is the highest
//   position that was received; the bits above it are of an earlier turn and count as zero.
// - `live`, one bit for each slot, is cleared for the slots that top passes over: nothing was
//   received in their blocks. So words need no reset.
// - `floor` is the top that the SA starts with: that number and all before it count as received.
//   Once top is a turn of the ring beyond it, `full`, no window reaches it; so its low bits will do.
// hw/formal/replay_proof.sv proves that this is the same as a set of numbers.
`default_nettype none
module esp_replay_window #(
  parameter int unsigned WORD_LOG2 = 6,
  parameter int unsigned SLOT_LOG2 = 5
) (
  // the SA
  input  wire logic [SLOT_LOG2-1:0] top_slot_i,  // of the highest number authenticated
  input  wire logic [(1<<SLOT_LOG2)-1:0] live_i,
  input  wire logic              full_i,
  input  wire logic [WORD_LOG2+SLOT_LOG2:0] floor_i,
  // the word of the number's slot
  input  wire logic [WORD_LOG2-1:0] last_i,
  input  wire logic [(1<<WORD_LOG2)-1:0] bits_i,
  input  wire logic [WORD_LOG2+SLOT_LOG2:0] number_i,  // low bits
  output logic                   received_o,    // meaningful when it is within the window
  output logic                   fills_o,       // so far beyond floor that the ring is full of it
  // the number's slot
  output logic                   live_slot_o,
  output logic                   same_slot_o,   // is that of top
  output logic                   later_slot_o   // has a higher index
);
  localparam int unsigned RING_LOG2 = WORD_LOG2 + SLOT_LOG2;

  logic [RING_LOG2:0] beyond;
  logic [WORD_LOG2-1:0] position;
  logic [SLOT_LOG2-1:0] slot;
  /* verilator lint_off UNUSEDSIGNAL */ // of the differences only the sign counts
  logic [RING_LOG2:0] short_of;
  /* verilator lint_on UNUSEDSIGNAL */
  always_comb begin
    position = number_i[WORD_LOG2-1:0];
    slot = number_i[RING_LOG2-1:WORD_LOG2];
    beyond = number_i - floor_i;
    short_of = floor_i - number_i;
    fills_o = beyond[RING_LOG2];
    live_slot_o = live_i[slot];
    same_slot_o = slot == top_slot_i;
    later_slot_o = slot > top_slot_i;
    received_o = (!full_i && !short_of[RING_LOG2])
                 || (live_slot_o && bits_i[position] && (same_slot_o || last_i >= position));
  end
endmodule
`default_nettype wire
