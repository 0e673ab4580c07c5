// Inbound sequencer: pairs each record with its beats, one beat per cycle, rotates what stands in
// front of the text out and cuts the ICV off. Text beat k is the end of frame beat k and the start
// of frame beat k+1, so it leaves with the latter, or by itself in the cycle after the packet's
// last beat: then the next packet's first beat, which never completes a text beat, may be taken in
// the same cycle. So a packet takes as many cycles as it has beats. A bypassed packet is all text.
// A packet that is dropped takes one cycle per beat and leaves only its end marker. Nothing behind
// this module can stall: see esp_credit.
`default_nettype none
module esp_inbound_sequence (
  input  wire logic         clk_i,
  input  wire logic         rst_ni,
  // record FIFO and beat FIFO, show-ahead
  input  wire logic         record_valid_i,
  input  wire esp_inbound_pkg::record_t record_i,
  output logic              record_pop_o,
  input  wire logic         beat_valid_i,
  input  wire logic [511:0] beat_data_i,
  input  wire logic         beat_last_i,
  input  wire logic         beat_more_i,     // a second beat stands behind the first
  output logic              beat_pop_o,
  // room behind the check stage
  input  wire logic         output_room_i,
  input  wire logic         done_room_i,
  output logic              output_reserve_o,  // one per text beat, and one for spare_o
  output logic              done_reserve_o,
  // text beats, to the GCM core
  output logic              text_valid_o,
  output logic              text_first_o,
  output logic              text_last_o,
  output logic [6:0]        text_bytes_o,
  output logic [511:0]      text_o,
  output logic              end_o,           // the packet's last text beat, or its end marker
  // With the last text beat of a packet in transport mode: the cycle after it is the packet's too,
  // for an output beat more than it has of text. Not when esp_inbound_align makes one.
  output logic              spare_o,
  output logic [esp_inbound_pkg::HEADER_BITS-1:0] header_o,  // of the frame, with text_first_o
  output esp_inbound_pkg::record_t record_o,  // of the packet of this cycle
  output logic [127:0]      icv_o            // as received, stream order; one cycle after end_o
);
  // --- issue ----
  logic [9:0] slot_q;
  logic go, first, text, spare, reserve, icv_behind;
  assign first = slot_q == 10'd0;
  assign text = record_i.info.crypt || record_i.info.bypass;
  assign spare = record_i.info.transport && slot_q == record_i.behind_text
                 && !(record_i.info.shifted && record_i.info.text_bytes[5:0] == '0);
  assign reserve = text && (slot_q <= record_i.last_text || spare);
  // The beat that completes the text waits until the one behind it, which may hold the rest of the
  // ICV, is there too: the ICV then always follows in the next cycle.
  assign icv_behind = record_i.info.crypt && slot_q == record_i.behind_text && !beat_last_i;
  assign go = record_valid_i && beat_valid_i
              && (!reserve || output_room_i) && (!first || done_room_i)
              && (!icv_behind || beat_more_i);
  assign beat_pop_o = go;
  assign record_pop_o = go && beat_last_i;
  assign output_reserve_o = go && reserve;
  assign done_reserve_o = go && first;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) slot_q <= '0;
    // A dropped frame may be up to 1024 beats long; its later slots are not told apart.
    else if (go) slot_q <= beat_last_i ? '0 : (slot_q == '1 ? slot_q : slot_q + 10'd1);
  end

  // --- the beat held back ----
  logic held_q, held_last_q, emit;
  logic [9:0] held_slot_q;
  logic [511:0] held_data_q;
  esp_inbound_pkg::record_t held_record_q;
  assign emit = held_q && (held_last_q || go);
  always_ff @(posedge clk_i) begin
    if (!rst_ni) held_q <= 1'b0;
    else if (go) held_q <= 1'b1;
    else if (emit) held_q <= 1'b0;
    if (go) begin
      held_last_q <= beat_last_i;
      held_slot_q <= slot_q;
      held_data_q <= beat_data_i;
    end
    if (go && first) held_record_q <= record_i;
  end

  // --- rotation ----
  logic [1023:0] window;
  logic [511:0] rotated;
  logic [9:0] held_last_text;
  logic text_first, text_last, held_text;
  always_comb begin
    window = {held_last_q ? 512'd0 : beat_data_i, held_data_q};
    rotated = window[{held_record_q.offset_words, 5'd0}+:512];
  end
  assign held_text = held_record_q.info.crypt || held_record_q.info.bypass;
  assign held_last_text = held_record_q.last_text;
  assign text_first = held_slot_q == 10'd0;
  assign text_last = held_slot_q == held_last_text;

  logic valid_q, first_q, last_q, end_q, spare_q;
  logic [511:0] text_q;
  logic [esp_inbound_pkg::HEADER_BITS-1:0] header_q;
  esp_inbound_pkg::record_t record_q;
  always_ff @(posedge clk_i) begin
    valid_q <= rst_ni && emit && held_text && held_slot_q <= held_last_text;
    end_q <= rst_ni && emit && (held_text ? text_last : held_last_q);
    first_q <= text_first;
    last_q <= text_last;
    spare_q <= held_record_q.info.transport && text_last && !held_last_q
               && !(held_record_q.info.shifted && held_record_q.info.text_bytes[5:0] == '0);
    text_q <= rotated;
    if (emit) record_q <= held_record_q;
    if (emit && text_first) header_q <= held_data_q[esp_inbound_pkg::HEADER_BITS-1:0];
  end
  assign text_valid_o = valid_q;
  assign text_first_o = first_q;
  assign text_last_o = last_q;
  assign text_bytes_o = last_q ? esp_core_pkg::tail_bytes(record_q.core_bytes[5:0]) : 7'd64;
  assign text_o = text_q;
  assign end_o = end_q;
  assign spare_o = spare_q;
  assign header_o = header_q;
  assign record_o = record_q;

  // --- ICV: behind the text, in its last beat and the one that follows a cycle later ----
  logic [639:0] icv_window;
  logic [4:0] icv_word;
  always_comb begin
    icv_window = {rotated[127:0], text_q};
    icv_word = {record_q.core_bytes[5:2] == 4'd0, record_q.core_bytes[5:2]};
  end
  always_ff @(posedge clk_i) icv_o <= icv_window[{icv_word, 5'd0}+:128];

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) begin
    if (rst_ni) begin
      assert (!(valid_q && last_q && record_q.info.crypt && icv_word > 5'd12)
              || (emit && !text_first))
        else $error("the ICV does not follow its text");
      assert (!(emit && held_text && held_last_q) || held_slot_q >= held_last_text)
        else $error("a packet ends before its text");
      assert (!(valid_q && last_q && spare_q) || !emit || !text_first)
        else $error("the spare cycle is not free");
    end
  end
`endif
endmodule
`default_nettype wire
