// One look at an inbound SA's sequence state, combinational: the high half that RFC 4303 Appendix
// A2.2 gives a received number, what the anti-replay window says of it, and the state after
// accepting it. Window bit i stands for the number top - i.
//
// All follows from the difference of the low halves, taken modulo 2^32: with W = 64 the received
// number is the only one in [top - 63, top - 63 + 2^32) that has its low half. So the loop through
// the state RAM holds one 32-bit subtraction, and the high half is only compared with the guess
// that keyed the ICV.
`default_nettype none
module esp_replay (
  input  wire logic        esn_i,
  input  wire logic        check_i,
  input  wire logic [63:0] top_i,
  input  wire logic [63:0] window_i,
  input  wire logic [31:0] low_i,          // sequence number as received
  input  wire logic [31:0] guess_i,        // high half that keyed the ICV; 0 without ESN
  output logic [31:0]      high_o,         // high half by Appendix A2.2; 0 without ESN
  output logic             too_old_o,
  output logic             duplicate_o,
  output logic             guess_wrong_o,
  output logic [63:0]      next_top_o,     // after accepting {guess_i, low_i}
  output logic [63:0]      next_window_o
);
  logic [31:0] top_high, top_low, ahead;
  logic below, above;        // low_i against the low half of top
  logic near;                // at most 63 behind top, modulo 2^32
  logic high_zero, underflow, overflow, zero, old, newer;
  logic [5:0] back;
  always_comb begin
    top_high = top_i[63:32];
    top_low = top_i[31:0];
    {below, ahead} = {1'b0, low_i} - {1'b0, top_low};
    above = !below && ahead != 32'd0;
    near = ahead == 32'd0 || (ahead[31:6] == '1 && ahead[5:0] != 6'd0);
    back = 6'd0 - ahead[5:0];
    high_zero = top_high == 32'd0;

    // With ESN: behind top but above its low half means one high half less; not near but below, one
    // more.
    underflow = esn_i && near && above && high_zero;
    overflow = esn_i && !near && below && top_high == '1;
    if (!esn_i) high_o = 32'd0;
    else if (near) high_o = above ? top_high - 32'd1 : top_high;
    else high_o = below ? top_high + 32'd1 : top_high;
    if (!esn_i) guess_wrong_o = 1'b0;
    else if (near) guess_wrong_o = top_high != (above ? guess_i + 32'd1 : guess_i);
    else guess_wrong_o = top_high != (below ? guess_i - 32'd1 : guess_i);

    zero = low_i == 32'd0 && (!esn_i || (near && high_zero));
    old = esn_i ? overflow : (!high_zero || (below && !near));
    newer = esn_i ? !near && !overflow : high_zero && above;
    too_old_o = underflow || (check_i && (zero || old));
    duplicate_o = check_i && !too_old_o && !newer && window_i[back];

    next_top_o = newer ? {guess_i, low_i} : top_i;
    if (newer) next_window_o = (ahead[31:6] != '0 ? 64'd0 : window_i << ahead[5:0]) | 64'd1;
    else next_window_o = window_i | (near ? 64'd1 << back : 64'd0);
  end
endmodule
`default_nettype wire
