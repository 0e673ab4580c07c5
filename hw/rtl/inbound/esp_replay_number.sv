// What an inbound SA's highest authenticated sequence number, top, says of a received one,
// combinational: the high half that RFC 4303 Appendix A2.2 gives it, on which side of the replay
// window it lies, and where in the ring of esp_replay_window. Whether it was received before is for
// that module.
//
// The received number is the only one in [top - W + 1, top - W + 1 + 2^HALF) with its low half. So
// all follows from where the low half of top lies among a few numbers around the received one, which
// do not depend on top: the loop through the state RAM holds comparisons and no sum. Without ESN top
// stays below 2^HALF.
`default_nettype none
module esp_replay_number #(
  parameter int unsigned HALF = 32,             // bits of half a sequence number
  parameter int unsigned WORD_LOG2 = 6
) (
  input  wire logic              esn_i,
  input  wire logic              check_i,       // the replay check is on
  input  wire logic [2*HALF-1:0] top_i,
  input  wire logic [HALF-1:0]   low_i,         // as received
  input  wire logic [HALF:0]     reach_i,       // low_i + W - 1, with carry; W at least 2
  input  wire logic [HALF:0]     turn_i,        // low_i - the size of the ring, with borrow
  input  wire logic [HALF-1:0]   guess_i,       // high half that keyed the ICV; 0 without ESN
  input  wire logic [HALF-1:0]   guess_above_i, // guess_i + 1
  input  wire logic [HALF-1:0]   guess_below_i, // guess_i - 1
  output logic [HALF-1:0]        high_o,        // by Appendix A2.2; 0 without ESN
  output logic                   too_old_o,     // left of the window, 0, or out of the space
  output logic                   newer_o,       // right of top; meaningful unless too_old_o
  output logic                   guess_wrong_o, // high_o is not the guess
  // when newer_o
  output logic                   same_block_o,  // in top's block of 2^WORD_LOG2 numbers
  output logic                   far_o          // a turn of the ring or more ahead of top
);
  logic [HALF-1:0] top_high, top_low;
  logic below, above;        // low_i against the low half of top
  logic within_reach, within_turn;
  logic near;                // at most W - 1 behind top, modulo 2^HALF
  logic guessed, guessed_above, guessed_below;  // the high half of top, and the guess is it or next
  logic underflow, overflow, zero, old;
  always_comb begin
    top_high = top_i[2*HALF-1:HALF];
    top_low = top_i[HALF-1:0];
    below = low_i < top_low;
    above = low_i > top_low;
    within_reach = top_low <= reach_i[HALF-1:0];
    within_turn = top_low > turn_i[HALF-1:0];
    guessed = top_high == guess_i;
    guessed_above = top_high == guess_above_i;
    guessed_below = top_high == guess_below_i;
    near = reach_i[HALF] ? !above || within_reach : !above && within_reach;

    // With ESN: near top but above its low half means one high half less; not near but below, one
    // more.
    underflow = esn_i && near && above && top_high == '0;
    overflow = esn_i && !near && below && top_high == '1;
    if (!esn_i) high_o = '0;
    else if (near) high_o = above ? top_high - 1'b1 : top_high;
    else high_o = below ? top_high + 1'b1 : top_high;
    if (!esn_i) guess_wrong_o = 1'b0;
    else if (near) guess_wrong_o = above ? !guessed_above : !guessed;
    else guess_wrong_o = below ? !guessed_below : !guessed;

    zero = low_i == '0 && (!esn_i || (near && top_high == '0));
    old = !esn_i && below && !near;
    too_old_o = underflow || overflow || (check_i && (zero || old));
    newer_o = esn_i ? !near : above;
    same_block_o = above && low_i[HALF-1:WORD_LOG2] == top_low[HALF-1:WORD_LOG2];
    far_o = turn_i[HALF] ? !(within_turn || above) : !(within_turn && above);
  end
endmodule
`default_nettype wire
