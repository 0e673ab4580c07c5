// Streaming check of the ESP padding 1, 2, 3, ... (RFC 4303 section 2.4) and the trailer behind it.
// Whether the padding is right is known only once pad length is there, in the last beat, and the
// padding may reach back over four beats. So every beat carries on the length of the run of bytes,
// each one more than the byte before it, that ends with the beat: the padding is right when the run
// that ends before pad length is at least that long and ends with its value. Answers six cycles
// after the last beat; one beat per cycle.
//
//   1 steps   2 by groups of eight   3 length in the beat   4 over the beats   5 and 6 answer
`default_nettype none
module esp_padding (
  input  wire logic         clk_i,
  input  wire logic         rst_ni,
  input  wire logic         valid_i,
  input  wire logic         first_i,
  input  wire logic         last_i,
  input  wire logic [3:0]   words_i,        // 4-byte words in the last beat, modulo 16
  input  wire logic [511:0] data_i,
  output logic              ok_o,           // the padding is 1, 2, 3, ..., pad_length_o
  output logic [7:0]        pad_length_o,
  output logic [7:0]        next_header_o
);
  // --- 1: which bytes are one more than the byte before ----
  logic valid1_q, first1_q, last1_q;
  logic [3:0] words1_q;
  logic [511:0] data1_q;
  logic [7:0] before_q;      // last byte of the beat before
  logic [63:0] steps1, filled1;
  logic [23:0] trailer1;     // last three bytes of the last beat, stream order
  logic [3:0] last_word1;
  always_ff @(posedge clk_i) begin
    valid1_q <= rst_ni && valid_i;
    first1_q <= first_i;
    last1_q <= last_i;
    words1_q <= words_i;
    data1_q <= data_i;
    if (valid1_q) before_q <= data1_q[511:504];
  end
  always_comb begin
    steps1[0] = !first1_q && data1_q[7:0] == next(before_q);
    for (int unsigned i = 1; i < 64; i = i + 1) begin
      steps1[i] = data1_q[8*i+:8] == next(data1_q[8*i-8+:8]);
    end
    last_word1 = words1_q - 4'd1;
    trailer1 = data1_q[{last_word1, 5'd8}+:24];
    // In the last beat the run ends at the byte before pad length: those above it count as more of it.
    for (int unsigned i = 0; i < 64; i = i + 1) begin
      filled1[i] = steps1[i] || (last1_q && (i % 4 < 2 ? 4'(i / 4) > last_word1 : 4'(i / 4) >= last_word1));
    end
  end

  // One more, without a carry chain: 64 of those are slower than a few LUTs.
  function automatic logic [7:0] next(input logic [7:0] value);
    next = value ^ {&value[6:0], &value[5:0], &value[4:0], &value[3:0], &value[2:0], &value[1:0],
                    value[0], 1'b1};
  endfunction

  // --- 2: groups of eight bytes, the first from the top ----
  logic valid2_q, last2_q;
  logic [63:0] filled2_q;
  logic [6:0] span2_q;           // bytes up to the one where the run ends
  logic [23:0] trailer2_q;
  logic [7:0] full2;
  logic [23:0] lead2;
  always_ff @(posedge clk_i) begin
    valid2_q <= rst_ni && valid1_q;
    last2_q <= last1_q;
    filled2_q <= filled1;
    span2_q <= last1_q ? {1'b0, last_word1, 2'd2} : 7'd64;
    trailer2_q <= trailer1;
  end
  always_comb begin
    for (int unsigned g = 0; g < 8; g = g + 1) begin
      full2[g] = &filled2_q[8*(7-g)+:8];
      lead2[3*g+:3] = leading(filled2_q[8*(7-g)+1+:7]);
    end
  end

  // Ones from the top of the upper seven of eight bits.
  function automatic logic [2:0] leading(input logic [6:0] bits);
    if (!bits[6]) leading = 3'd0;
    else if (!bits[5]) leading = 3'd1;
    else if (!bits[4]) leading = 3'd2;
    else if (!bits[3]) leading = 3'd3;
    else if (!bits[2]) leading = 3'd4;
    else if (!bits[1]) leading = 3'd5;
    else if (!bits[0]) leading = 3'd6;
    else leading = 3'd7;
  endfunction

  // --- 3: the first group that is not full ends the run ----
  logic valid3_q, whole3_q;
  logic [7:0] full3_q;
  logic [23:0] lead3_q, trailer3_q;
  logic [6:0] span3_q, start3_q;
  logic [5:0] count3;            // unless the whole beat is one run
  always_ff @(posedge clk_i) begin
    valid3_q <= rst_ni && valid2_q;
    whole3_q <= &full2;
    full3_q <= full2;
    lead3_q <= lead2;
    span3_q <= span2_q;
    start3_q <= span2_q - 7'd63;  // the byte in front of the first step, less what was filled
    trailer3_q <= trailer2_q;
  end
  always_comb begin
    count3 = {3'd7, lead3_q[23:21]};
    for (int unsigned i = 0; i < 7; i = i + 1) begin
      if (!full3_q[6-i]) count3 = {3'(6 - i), lead3_q[3*(6-i)+:3]};
    end
  end

  // --- 4: the run over the beats, saturating at 255 ----
  logic valid4_q, whole4_q;
  logic [6:0] start4_q, span4_q;
  logic [23:0] trailer4_q;
  logic [7:0] run_q, run4;
  logic [8:0] longer4;
  always_ff @(posedge clk_i) begin
    valid4_q <= rst_ni && valid3_q;
    whole4_q <= whole3_q;
    start4_q <= {1'b0, count3} + start3_q;
    span4_q <= span3_q;
    trailer4_q <= trailer3_q;
    if (valid4_q) run_q <= run4;
  end
  always_comb begin
    longer4 = {1'b0, run_q} + {2'd0, span4_q};
    if (!whole4_q) run4 = {1'b0, start4_q};
    else run4 = longer4[8] ? 8'd255 : longer4[7:0];
  end

  // --- 5: run_q is that of the last beat. 6: answer ----
  logic none5_q, ends5_q;        // pad length is 0, and what the last byte of the padding is
  logic [7:0] pad_length5_q, next_header5_q;
  always_ff @(posedge clk_i) begin
    // The reset makes it a register: as the end of a shift register it would be slow.
    pad_length5_q <= rst_ni ? trailer4_q[15:8] : 8'd0;
    next_header5_q <= trailer4_q[23:16];
    none5_q <= trailer4_q[15:8] == 8'd0;
    ends5_q <= trailer4_q[7:0] == trailer4_q[15:8];
    ok_o <= none5_q || (ends5_q && run_q >= pad_length5_q);
    pad_length_o <= pad_length5_q;
    next_header_o <= next_header5_q;
  end

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) begin
    if (rst_ni && valid2_q) begin
      assert (last2_q || span2_q == 7'd64) else $error("span of a whole beat");
    end
  end
`endif
endmodule
`default_nettype wire
