// What an inbound SA's highest authenticated sequence number says of a received one, combinational:
// the high half that RFC 4303 Appendix A2.2 gives it, and on which side of the replay window it
// lies. Whether it was received before is for esp_replay_window.
//
// All follows from the difference of the low halves, taken modulo 2^32: the received number is the
// only one in [top - W + 1, top - W + 1 + 2^32) with that low half. So the loop through the state
// RAM holds one 32-bit subtraction, and the high half is only compared with the guess that keyed
// the ICV. Without ESN top stays below 2^32.
`default_nettype none
module esp_replay_number #(
  parameter int unsigned HALF = 32,             // bits of half a sequence number
  parameter int unsigned RING_LOG2 = 11         // the largest window holds 2^RING_LOG2 numbers
) (
  input  wire logic              esn_i,
  input  wire logic              check_i,       // the replay check is on
  input  wire logic [RING_LOG2:0] window_i,     // W: how many numbers the window holds, at least 2
  input  wire logic [2*HALF-1:0] top_i,
  input  wire logic [HALF-1:0]   low_i,         // as received
  input  wire logic [HALF-1:0]   guess_i,       // high half that keyed the ICV; 0 without ESN
  output logic [HALF-1:0]        high_o,        // by Appendix A2.2; 0 without ESN
  output logic                   too_old_o,     // left of the window, 0, or out of the space
  output logic                   newer_o,       // right of top; meaningful unless too_old_o
  output logic                   guess_wrong_o, // high_o is not the guess
  output logic [HALF-1:0]        ahead_o,       // number - top, when newer_o
  output logic [RING_LOG2-1:0]   back_o         // top - number, when neither newer_o nor too_old_o
);
  logic [HALF-1:0] top_high, top_low, ahead, back;
  logic below, above;        // low_i against the low half of top
  logic near;                // at most W - 1 behind top, modulo 2^32
  logic underflow, overflow, zero, old;
  always_comb begin
    top_high = top_i[2*HALF-1:HALF];
    top_low = top_i[HALF-1:0];
    {below, ahead} = {1'b0, low_i} - {1'b0, top_low};
    back = top_low - low_i;
    above = !below && ahead != '0;
    near = back[HALF-1:RING_LOG2] == '0 && {1'b0, back[RING_LOG2-1:0]} < window_i;

    // With ESN: near top but above its low half means one high half less; not near but below, one
    // more.
    underflow = esn_i && near && above && top_high == '0;
    overflow = esn_i && !near && below && top_high == '1;
    if (!esn_i) high_o = '0;
    else if (near) high_o = above ? top_high - 1'b1 : top_high;
    else high_o = below ? top_high + 1'b1 : top_high;
    // The same without a sum in the path from top.
    if (!esn_i) guess_wrong_o = 1'b0;
    else if (near) guess_wrong_o = top_high != (above ? guess_i + 1'b1 : guess_i);
    else guess_wrong_o = top_high != (below ? guess_i - 1'b1 : guess_i);

    zero = low_i == '0 && (!esn_i || (near && top_high == '0));
    old = !esn_i && below && !near;
    too_old_o = underflow || overflow || (check_i && (zero || old));
    newer_o = esn_i ? !near : above;
    ahead_o = ahead;
    back_o = back[RING_LOG2-1:0];
  end
endmodule
`default_nettype wire
