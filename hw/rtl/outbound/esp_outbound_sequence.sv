// Outbound sequencer: pairs each record with its beats and issues slots, one per cycle: as many as
// the packet has input beats or output beats, whichever is more. A slot carries a beat of the text:
// the frame's bytes moved to where ESP carries them, zeros up to the TFC size, padding and trailer;
// further slots make room for headers and ICV in the frame stage. A dropped packet takes one slot
// per input beat and leaves only its completion, so completions stay in order. Nothing behind this
// module can stall: a slot is issued only while the output FIFO and the completion FIFO have room
// for everything in flight.
//
// Text beat k begins up to 48 bytes behind frame beat k (transport mode leaves the IP header out) or
// 4 bytes before it (the end of an IV comes first). So a beat leaves when the one behind it is
// there, and the last bytes of the one before are kept: the packet's last slots need nothing that
// is still to come, and the next packet's first beat is in place when they are through.
//
//   1 slot: three pieces of the frame   2 text beat
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
  // --- the frame's next beat; the one behind it is the head of the FIFO ----
  logic held_q, held_last_q, take, load;
  logic [511:0] held_data_q;
  logic [31:0] tail_q;     // last four bytes of the beat before
  assign load = beat_valid_i && (!held_q || take);
  assign beat_pop_o = load;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) held_q <= 1'b0;
    else if (load) held_q <= 1'b1;
    else if (take) held_q <= 1'b0;
    if (load) begin
      held_last_q <= beat_last_i;
      held_data_q <= beat_data_i;
    end
    if (take) tail_q <= held_data_q[511:480];
  end

  // --- issue ----
  logic [9:0] slot_q;      // index within the packet
  logic input_done_q;      // the packet's last beat has been taken
  logic kept, first, final_beat, frame, last_slot, go;
  assign kept = record_i.verdict == esp_regs_pkg::VERDICT_OK || record_i.bypass;
  assign first = slot_q == 10'd0 && !input_done_q;
  assign frame = kept && slot_q <= record_i.last_output;
  assign final_beat = input_done_q || held_last_q;
  assign last_slot = final_beat && (!kept || slot_q >= record_i.last_output);
  assign go = record_valid_i && (input_done_q || (held_q && (held_last_q || beat_valid_i)))
              && (!frame || output_room_i) && (!first || done_room_i);
  assign take = go && !input_done_q;
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

  // --- 1: slot ----
  // What the stages hand on beside the text.
  typedef struct packed {
    logic first;
    logic frame;
    logic frame_last;
    logic text_last;
  } slot_t;
  slot_t slot1_q, slot2_q;
  logic valid1_q, done1_q, text_valid1_q;
  logic [9:0] index1_q;
  logic [1055:0] pieces1_q;  // beat behind, beat, tail of the beat before
  esp_core_pkg::outbound_record_t record1_q, record2_q;
  always_ff @(posedge clk_i) begin
    valid1_q <= rst_ni && go && kept;
    done1_q <= rst_ni && go && last_slot;
    text_valid1_q <= rst_ni && go && kept && slot_q <= record_i.last_text;
    slot1_q.first <= first;
    slot1_q.frame <= frame;
    slot1_q.frame_last <= frame && slot_q == record_i.last_output;
    slot1_q.text_last <= slot_q == record_i.last_text;
    index1_q <= slot_q;
    pieces1_q <= {beat_data_i, held_data_q, tail_q};
    if (go) record1_q <= record_i;
  end

  // --- padding and trailer (RFC 4303 section 2.4) ----
  // 1, 2, 3, pad length, next header; the first pad_length + 2 bytes of it, in stream order. They
  // may reach into the beat after the one in which they start.
  logic [1:0] pad;
  logic [39:0] trailer;
  logic [551:0] trailer_placed;
  logic [511:0] trailer1;
  logic [9:0] trailer_beat, carried_beat;
  logic [63:0] carried1;   // bytes of the beat that come from the frame
  always_comb begin
    pad = 2'd2 - record1_q.trailer_start[1:0];
    case (pad)
      2'd0: trailer = {24'd0, record1_q.next_header, 8'd0};
      2'd1: trailer = {16'd0, record1_q.next_header, 8'd1, 8'd1};
      2'd2: trailer = {8'd0, record1_q.next_header, 8'd2, 8'd2, 8'd1};
      default: trailer = {record1_q.next_header, 8'd3, 8'd3, 8'd2, 8'd1};
    endcase
    trailer_beat = record1_q.trailer_start[15:6];
    trailer_placed = {512'd0, trailer} << {record1_q.trailer_start[5:0], 3'd0};
    trailer1 = '0;
    if (!record1_q.bypass) begin
      if (index1_q == trailer_beat) trailer1 = trailer_placed[511:0];
      if (index1_q == trailer_beat + 10'd1) trailer1[39:0] = trailer_placed[551:512];
    end
    carried_beat = record1_q.carried_end[15:6];
    if (index1_q < carried_beat) carried1 = '1;
    else if (index1_q == carried_beat) carried1 = ~({64{1'b1}} << record1_q.carried_end[5:0]);
    else carried1 = '0;
  end

  // --- 2: text beat ----
  logic valid2_q, done2_q, text_valid2_q;
  logic [511:0] moved1, moved2_q, trailer2_q;
  logic [63:0] carried2_q;
  always_comb begin
    moved1 = pieces1_q[{2'd0, record1_q.carried_word, 5'd0}+:512];
    // RFC 4543 with ESN: the whole blocks in front end amid the IV.
    if (slot1_q.first && record1_q.iv_in_text) begin
      moved1[31:0] = esp_core_pkg::swap32(record1_q.sequence_number[31:0]);
    end
    for (int unsigned i = 0; i < 64; i = i + 1) begin
      text_o[8*i+:8] = (moved2_q[8*i+:8] & {8{carried2_q[i]}}) | trailer2_q[8*i+:8];
    end
  end
  always_ff @(posedge clk_i) begin
    valid2_q <= rst_ni && valid1_q;
    done2_q <= rst_ni && done1_q;
    text_valid2_q <= rst_ni && text_valid1_q;
    slot2_q <= slot1_q;
    moved2_q <= moved1;
    carried2_q <= carried1;
    trailer2_q <= trailer1;
    record2_q <= record1_q;
  end

  assign text_valid_o = text_valid2_q;
  assign text_first_o = slot2_q.first;
  assign text_last_o = slot2_q.text_last;
  assign text_bytes_o =
    slot2_q.text_last ? esp_core_pkg::tail_bytes(record2_q.text_bytes[5:0]) : 7'd64;
  assign record_o = record2_q;
  assign slot_valid_o = valid2_q;
  assign slot_first_o = slot2_q.first;
  assign frame_valid_o = slot2_q.frame;
  assign frame_last_o = slot2_q.frame_last;
  assign done_o = done2_q;
endmodule
`default_nettype wire
