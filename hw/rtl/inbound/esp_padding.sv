// Streaming check of the ESP padding 1, 2, 3, ... (RFC 4303 section 2.4) and the trailer behind it.
// Whether the padding is right is known only once pad length is there, in the last beat, and the
// padding may reach back over four beats. So every beat carries on the length of the run of bytes,
// each one more than the byte before it, that ends with the beat: the padding is right when the run
// that ends before pad length is at least that long and ends with its value. Answers four cycles
// after the last beat; one beat per cycle.
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
  logic [63:0] steps1, steps1_aligned;
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
    steps1[0] = !first1_q && data1_q[7:0] == before_q + 8'd1;
    for (int unsigned i = 1; i < 64; i = i + 1) begin
      steps1[i] = data1_q[8*i+:8] == data1_q[8*i-8+:8] + 8'd1;
    end
    last_word1 = words1_q - 4'd1;
    trailer1 = data1_q[{last_word1, 5'd8}+:24];
    // The byte where the run ends goes to the top: in the last beat the one before pad length.
    steps1_aligned = last1_q ? (steps1 << 2) << {4'd15 - last_word1, 2'd0} : steps1;
  end

  // --- 2: length of the run within the beat ----
  logic valid2_q, last2_q;
  logic [63:0] steps2_q;
  logic [6:0] span2_q;           // bytes up to the one where the run ends
  logic [6:0] count2;            // steps in a row down from it
  logic [23:0] trailer2_q;
  logic running2;
  always_ff @(posedge clk_i) begin
    valid2_q <= rst_ni && valid1_q;
    last2_q <= last1_q;
    steps2_q <= steps1_aligned;
    span2_q <= last1_q ? {1'b0, last_word1, 2'd2} : 7'd64;
    trailer2_q <= trailer1;
  end
  always_comb begin
    count2 = '0;
    running2 = 1'b1;
    for (int unsigned i = 0; i < 64; i = i + 1) begin
      running2 = running2 && steps2_q[63-i];
      count2 = count2 + {6'd0, running2};
    end
  end

  // --- 3: the run over the beats, saturating at 255 ----
  logic valid3_q, whole3_q;
  logic [6:0] count3_q, span3_q;
  logic [23:0] trailer3_q;
  logic [7:0] run_q, run3, pad_length3;
  logic [8:0] longer3;
  always_ff @(posedge clk_i) begin
    valid3_q <= rst_ni && valid2_q;
    whole3_q <= count2 == span2_q;
    count3_q <= count2;
    span3_q <= span2_q;
    trailer3_q <= trailer2_q;
    if (valid3_q) run_q <= run3;
  end
  always_comb begin
    longer3 = {1'b0, run_q} + {2'd0, span3_q};
    if (!whole3_q) run3 = {1'b0, count3_q} + 8'd1;
    else run3 = longer3[8] ? 8'd255 : longer3[7:0];
    pad_length3 = trailer3_q[15:8];
  end

  // --- 4: answer ----
  always_ff @(posedge clk_i) begin
    ok_o <= pad_length3 == 8'd0 || (trailer3_q[7:0] == pad_length3 && run3 >= pad_length3);
    pad_length_o <= pad_length3;
    next_header_o <= trailer3_q[23:16];
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
