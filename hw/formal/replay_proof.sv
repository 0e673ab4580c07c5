// esp_replay_number, esp_replay_window and esp_replay_accept are a set of numbers: one number, whichever, is followed.
// As long as it is within reach of the ring, its look-up says exactly whether it was accepted
// before; so no number is accepted twice, and none that is new within the window is called a
// duplicate. top never moves back. Every number up to the first top counts as received.
//
// Of the words only the one of the followed number is kept. What another slot holds is left open:
// it may not matter.
`default_nettype none
module replay_proof #(
  // As in the engine.
  parameter int unsigned HALF = 32,
  parameter int unsigned WORD_LOG2 = 6,
  parameter int unsigned SLOT_LOG2 = 5
) (
  input wire logic                      clk_i,
  input wire logic                      rst_ni,
  input wire logic                      valid_i,      // a packet whose ICV is right
  input wire logic [HALF-1:0]           low_i,
  input wire logic [WORD_LOG2-1:0]      other_last_i,
  input wire logic [(1<<WORD_LOG2)-1:0] other_bits_i
);
  localparam int unsigned RING_LOG2 = WORD_LOG2 + SLOT_LOG2;
  localparam int unsigned FULL = 2 * HALF;
  localparam logic [FULL-1:0] RING = FULL'(1 << RING_LOG2);
  // The SA, fixed for its life.
  (* anyconst *) logic        esn;
  (* anyconst *) logic [RING_LOG2:0] window;
  (* anyconst *) logic [FULL-1:0] first_top;
  (* anyconst *) logic [FULL-1:0] followed;

  logic [FULL-1:0] top_q;
  logic [(1<<SLOT_LOG2)-1:0] live_q;
  logic full_q;
  logic [WORD_LOG2-1:0] last_q;        // word of the followed number's slot
  logic [(1<<WORD_LOG2)-1:0] bits_q;
  logic accepted_q;    // the followed number

  logic started_q = 1'b0;
  always_ff @(posedge clk_i) started_q <= 1'b1;
  always_comb begin
    if (!started_q) assume (!rst_ni);
    assume (window >= (RING_LOG2 + 1)'(2) && window <= (RING_LOG2 + 1)'(1 << RING_LOG2));
    assume (esn || (first_top[FULL-1:HALF] == '0 && followed[FULL-1:HALF] == '0));
  end

  // --- a packet ----
  logic [HALF-1:0] high, top_high;
  logic too_old, newer, guess_wrong, received, accept, same_slot;
  logic [(1<<SLOT_LOG2)-1:0] next_live;
  logic same_block, far, fills, live_slot, number_same_slot, later_slot;
  logic [WORD_LOG2-1:0] next_last;
  logic [(1<<WORD_LOG2)-1:0] next_bits;
  logic [FULL-1:0] number;
  assign top_high = top_q[FULL-1:HALF];
  assign same_slot = low_i[RING_LOG2-1:WORD_LOG2] == followed[RING_LOG2-1:WORD_LOG2];
  esp_replay_number #(.HALF(HALF), .WORD_LOG2(WORD_LOG2)) u_number (
    .esn_i(esn), .check_i(1'b1), .top_i(top_q), .low_i,
    .reach_i({1'b0, low_i} + (HALF + 1)'(window) - 1'b1),
    .turn_i({1'b0, low_i} - (HALF + 1)'(1 << RING_LOG2)),
    .guess_i(high), .guess_above_i(high + 1'b1), .guess_below_i(high - 1'b1),
    .high_o(high), .too_old_o(too_old), .newer_o(newer), .guess_wrong_o(guess_wrong),
    .same_block_o(same_block), .far_o(far)
  );
  logic [WORD_LOG2-1:0] last;
  logic [(1<<WORD_LOG2)-1:0] bits;
  assign last = same_slot ? last_q : other_last_i;
  assign bits = same_slot ? bits_q : other_bits_i;
  esp_replay_window #(.WORD_LOG2(WORD_LOG2), .SLOT_LOG2(SLOT_LOG2)) u_window (
    .top_slot_i(top_q[RING_LOG2-1:WORD_LOG2]), .live_i(live_q), .full_i(full_q),
    .floor_i(first_top[RING_LOG2:0]), .last_i(last), .bits_i(bits), .number_i(low_i[RING_LOG2:0]),
    .received_o(received), .fills_o(fills), .live_slot_o(live_slot),
    .same_slot_o(number_same_slot), .later_slot_o(later_slot)
  );
  esp_replay_accept #(.WORD_LOG2(WORD_LOG2), .SLOT_LOG2(SLOT_LOG2)) u_accept (
    .top_slot_i(top_q[RING_LOG2-1:WORD_LOG2]), .live_i(live_q), .last_i(last), .bits_i(bits),
    .number_i(low_i[RING_LOG2-1:0]), .live_slot_i(live_slot), .same_slot_i(number_same_slot),
    .later_slot_i(later_slot), .newer_i(newer), .same_block_i(same_block), .far_i(far),
    .next_live_o(next_live), .next_last_o(next_last), .next_bits_o(next_bits)
  );
  assign number = {high, low_i};
  assign accept = valid_i && !too_old && (newer || !received);
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      top_q <= first_top;
      live_q <= '0;
      full_q <= 1'b0;
      accepted_q <= 1'b0;
    end else if (accept) begin
      if (newer) top_q <= number;
      live_q <= next_live;
      full_q <= full_q || (newer && (far || fills));
      if (same_slot) begin
        last_q <= next_last;
        bits_q <= next_bits;
      end
      if (number == followed) accepted_q <= 1'b1;
    end
  end

  // --- what the followed number's word says of it: the ring, without the modules ----
  logic [FULL-1:0] behind, moved;
  logic [SLOT_LOG2-1:0] top_slot, slot;
  logic reached, judged, found, in_slot_of_top;
  assign behind = top_q - followed;
  assign moved = top_q - first_top;
  assign reached = followed <= top_q && behind < RING;
  assign judged = full_q || followed > first_top;
  assign top_slot = top_q[RING_LOG2-1:WORD_LOG2];
  assign slot = followed[RING_LOG2-1:WORD_LOG2];
  assign in_slot_of_top = top_slot == slot;
  assign found = live_q[slot] && bits_q[followed[WORD_LOG2-1:0]]
                 && (followed[WORD_LOG2-1:0] <= last_q || in_slot_of_top);
  always_comb begin
    if (started_q && rst_ni) begin
      // Invariants, which the induction needs.
      assert (top_q >= first_top);
      assert (esn || top_high == '0);
      assert (full_q == (moved >= RING));
      assert (!(in_slot_of_top && live_q[top_slot]) || last_q == top_q[WORD_LOG2-1:0]);
      assert (!(in_slot_of_top && moved != '0) || live_q[top_slot]);
      if (reached && judged) assert (found == accepted_q);
      if (accepted_q) assert (followed > first_top && followed <= top_q);
      // Claims.
      if (accept && number == followed) assert (!accepted_q && followed > first_top);
      if (valid_i && !accept && number == followed && followed > top_q) assert (too_old);
      if (valid_i && !too_old && !newer && received && number == followed)
        assert (accepted_q || followed <= first_top);
      assert (!guess_wrong);
      if (accept) begin
        assert (newer == (number > top_q));
        assert (newer || top_q - number < FULL'(window));
        assert (!newer || far == (number - top_q >= RING));
        assert (number != '0);
        assert (esn || high == '0);
      end
      // With ESN Appendix A2.2 names nothing left of the window but what does not exist.
      if (valid_i && too_old && esn)
        assert (number == '0 || (top_high == '0 && high == '1) || (top_high == '1 && high == '0));
    end
  end
  always_ff @(posedge clk_i) begin
    if (started_q && rst_ni) begin
      cover (accepted_q && accept && !newer && same_slot && in_slot_of_top);
      cover (accepted_q && accept && newer && same_slot && far);
      cover (accepted_q && accept && newer && same_slot && !far && next_last < last_q);
      cover (accepted_q && valid_i && !too_old && received && number == followed);
    end
  end
endmodule
`default_nettype wire
