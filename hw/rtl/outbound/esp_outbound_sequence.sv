// Outbound sequencer: pairs each record with its beats and issues slots, one per cycle: as many as
// the packet has input beats or output beats, whichever is more. Payload slots carry the plaintext
// with padding and trailer put in; further slots make room for headers and ICV in the frame stage.
// A dropped packet takes one slot per input beat and leaves only its completion, so completions
// stay in order. Nothing behind this module can stall: a slot is issued only while the output FIFO
// and the completion FIFO have room for everything in flight.
`default_nettype none
module esp_outbound_sequence (
  input  wire logic         clk_i,
  input  wire logic         rst_ni,
  // record FIFO and beat FIFO, show-ahead
  input  wire logic         record_valid_i,
  input  wire esp_core_pkg::outbound_record_t record_i,
  output logic              record_pop_o,
  input  wire logic         beat_valid_i,
  input  wire logic [511:0] beat_data_i,
  input  wire logic         beat_last_i,
  output logic              beat_pop_o,
  // room behind the frame stage
  input  wire logic         output_room_i,   // for one more output beat
  input  wire logic         done_room_i,     // for one more completion
  output logic              output_reserve_o,
  output logic              done_reserve_o,
  // slots: to the GCM core
  output logic              text_valid_o,
  output logic              text_first_o,
  output logic              text_last_o,
  output logic [6:0]        text_bytes_o,
  output logic [511:0]      text_o,
  output esp_core_pkg::outbound_record_t record_o,  // of the slot's packet
  // slots: to the frame stage
  output logic              slot_valid_o,    // of a packet that is not dropped
  output logic              slot_first_o,
  output logic              frame_valid_o,   // the slot gives an output beat
  output logic              frame_last_o,
  output logic              done_o           // last slot of any packet
);
  logic [9:0] slot_q;      // index within the packet
  logic input_done_q;      // the packet's last beat has been taken
  logic ok, first, final_beat, frame, last_slot, go;
  logic [9:0] last_output;

  assign ok = record_i.verdict == esp_regs_pkg::VERDICT_OK;
  assign first = slot_q == 10'd0 && !input_done_q;
  assign last_output = esp_core_pkg::last_beat(record_i.output_bytes);
  assign frame = ok && slot_q <= last_output;
  assign final_beat = input_done_q || beat_last_i;
  assign last_slot = final_beat && (!ok || slot_q >= last_output);
  assign go = record_valid_i && (input_done_q || beat_valid_i)
              && (!frame || output_room_i) && (!first || done_room_i);
  assign beat_pop_o = go && !input_done_q;
  assign record_pop_o = go && last_slot;
  assign output_reserve_o = go && frame;
  assign done_reserve_o = go && first;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      slot_q <= '0;
      input_done_q <= 1'b0;
    end else if (go) begin
      // A dropped frame may be up to 1024 beats long; its slots are not told apart.
      slot_q <= last_slot ? '0 : (slot_q == '1 ? slot_q : slot_q + 10'd1);
      input_done_q <= !last_slot && final_beat;
    end
  end

  // --- slot register ----
  logic valid_q, first_q, frame_q, frame_last_q, done_q, text_valid_q, text_last_q;
  logic [9:0] slot_index_q;
  logic [511:0] data_q;
  esp_core_pkg::outbound_record_t record_q;
  logic [9:0] last_text;
  assign last_text = esp_core_pkg::last_beat(record_i.text_bytes);
  always_ff @(posedge clk_i) begin
    valid_q <= rst_ni && go && ok;
    done_q <= rst_ni && go && last_slot;
    first_q <= first;
    frame_q <= frame;
    frame_last_q <= frame && slot_q == last_output;
    text_valid_q <= rst_ni && go && ok && slot_q <= last_text;
    text_last_q <= slot_q == last_text;
    slot_index_q <= slot_q;
    data_q <= beat_data_i;
    if (go) record_q <= record_i;
  end

  // --- padding and trailer (RFC 4303 section 2.4) ----
  // 1, 2, 3, pad length, next header; the first pad_length + 2 bytes of it, in stream order. They
  // start at byte `total` of the text and may reach into the beat after.
  logic [1:0] pad;
  logic [39:0] trailer;
  logic [551:0] trailer_placed;
  logic [9:0] trailer_beat;
  logic [63:0] payload_keep;
  always_comb begin
    pad = 2'd2 - record_q.total[1:0];
    case (pad)
      2'd0: trailer = {24'd0, 8'd4, 8'd0};
      2'd1: trailer = {16'd0, 8'd4, 8'd1, 8'd1};
      2'd2: trailer = {8'd0, 8'd4, 8'd2, 8'd2, 8'd1};
      default: trailer = {8'd4, 8'd3, 8'd3, 8'd2, 8'd1};
    endcase
    trailer_beat = record_q.total[15:6];
    trailer_placed = {512'd0, trailer} << {record_q.total[5:0], 3'd0};
    if (slot_index_q < trailer_beat) payload_keep = '1;
    else if (slot_index_q == trailer_beat) payload_keep = ~({64{1'b1}} << record_q.total[5:0]);
    else payload_keep = '0;
    for (int unsigned i = 0; i < 64; i = i + 1) begin
      text_o[8*i+:8] = data_q[8*i+:8] & {8{payload_keep[i]}};
    end
    if (slot_index_q == trailer_beat) text_o = text_o | trailer_placed[511:0];
    if (slot_index_q == trailer_beat + 10'd1) text_o[39:0] = text_o[39:0] | trailer_placed[551:512];
  end

  assign text_valid_o = text_valid_q;
  assign text_first_o = first_q;
  assign text_last_o = text_last_q;
  assign text_bytes_o = text_last_q ? esp_core_pkg::tail_bytes(record_q.text_bytes[5:0]) : 7'd64;
  assign record_o = record_q;
  assign slot_valid_o = valid_q;
  assign slot_first_o = first_q;
  assign frame_valid_o = frame_q;
  assign frame_last_o = frame_last_q;
  assign done_o = done_q;
endmodule
`default_nettype wire
