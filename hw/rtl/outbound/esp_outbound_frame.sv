// Frame stage: places the ICV behind the text and moves both behind the header words. Fixed latency
// of two cycles, one beat per cycle, bubbles anywhere.
//
// Slot s brings text beat s (or none). Output beat s is the last words of text beat s-1, as many as
// the header has, and the first ones of text beat s; the ICV begins in the beat that ends the text
// or at the start of the one after, so a slot never needs anything that a later slot brings. A
// bypassed packet has neither header nor ICV.
`default_nettype none
module esp_outbound_frame (
  input  wire logic         clk_i,
  input  wire logic         rst_ni,
  input  wire logic         slot_valid_i,
  input  wire logic         first_i,
  input  wire logic         frame_valid_i,
  input  wire logic         frame_last_i,
  input  wire logic [6:0]   frame_bytes_i,    // in this output beat
  input  wire logic         bypass_i,
  input  wire logic [4:0]   header_words_i,   // 0..16
  input  wire logic [511:0] header_i,         // stream order
  input  wire logic         text_valid_i,     // the slot has text
  input  wire logic         text_last_i,      // and it is the packet's last
  input  wire logic [3:0]   text_words_i,     // 4-byte words in the last beat, modulo 16
  input  wire logic [511:0] text_i,           // zero past the last byte
  input  wire logic [127:0] icv_i,            // big-endian, with text_last_i
  output logic              valid_o,
  output logic              last_o,
  output logic [6:0]        bytes_o,
  output logic [511:0]      data_o
);
  // --- 1: ICV behind the text ----
  logic [127:0] icv;
  logic [639:0] icv_placed;
  logic [511:0] text;
  logic [127:0] spill_q;  // ICV bytes that fall into the next slot
  logic valid1_q, first1_q, frame1_q, last1_q, ends;
  logic [6:0] bytes1_q;
  logic [4:0] header_words1_q;
  logic [511:0] header1_q, text1_q;
  assign ends = text_valid_i && text_last_i && !bypass_i;
  always_comb begin
    icv = esp_core_pkg::swap128(icv_i);
    icv_placed = {512'd0, icv} << {(text_words_i == 4'd0), text_words_i, 5'd0};
    text = text_valid_i ? text_i : 512'd0;
    if (ends) text = text | icv_placed[511:0];
    if (!first_i) text[127:0] = text[127:0] | spill_q;
  end
  always_ff @(posedge clk_i) begin
    valid1_q <= rst_ni && slot_valid_i;
    first1_q <= first_i;
    frame1_q <= frame_valid_i;
    last1_q <= frame_last_i;
    bytes1_q <= frame_bytes_i;
    header_words1_q <= header_words_i;
    header1_q <= header_i;
    text1_q <= text;
    if (slot_valid_i) spill_q <= ends ? icv_placed[639:512] : 128'd0;
  end

  // --- 2: behind the header ----
  logic [511:0] before_q;  // text beat before
  logic [511:0] moved, data;
  logic [1023:0] window;
  always_comb begin
    window = {text1_q, before_q};
    moved = window[{5'd16 - header_words1_q, 5'd0}+:512];
    for (int unsigned i = 0; i < 16; i = i + 1) begin
      data[32*i+:32] = (first1_q && 5'(i) < header_words1_q) ? header1_q[32*i+:32]
                                                             : moved[32*i+:32];
    end
  end
  always_ff @(posedge clk_i) begin
    valid_o <= rst_ni && valid1_q && frame1_q;
    last_o <= last1_q;
    bytes_o <= bytes1_q;
    data_o <= data;
    if (valid1_q) before_q <= text1_q;
  end
endmodule
`default_nettype wire
