// The outbound half: plaintext packets in, ESP packets out. See hw/README.md for the picture.
`default_nettype none
module esp_outbound #(
  parameter int unsigned SA_LOG2 = 8,
  parameter int unsigned SPD_CACHE_LOG2 = 7
) (
  input  wire logic         clk_i,
  input  wire logic         rst_ni,
  // packets in
  input  wire logic         in_tvalid_i,
  output logic              in_tready_o,
  input  wire logic [511:0] in_tdata_i,
  input  wire logic         in_tlast_i,
  input  wire logic [15:0]  in_length_i,
  input  wire logic [15:0]  in_sa_i,
  // Beside the first beat, as in_sa_i.
  input  wire logic         in_lookup_i,     // the SPD cache names the SA
  input  wire logic         in_dummy_i,      // the frame is the payload of a dummy packet
  input  wire logic [7:0]   in_spd_i,        // of the look-up
  // packets out
  output logic              out_tvalid_o,
  input  wire logic         out_tready_i,
  output logic [511:0]      out_tdata_o,
  output logic [63:0]       out_tkeep_o,
  output logic              out_tlast_o,
  // completions
  output logic              done_valid_o,
  input  wire logic         done_ready_i,
  output logic [7:0]        done_verdict_o,
  output logic [15:0]       done_sa_o,
  output logic [15:0]       done_length_o,
  output logic [47:0]       done_next_hop_o, // 0 unless ok
  // events: a pulse, never stalls
  output logic              event_valid_o,
  output logic [5:0]        event_kinds_o,   // one bit for each event_kind of hw/registers.toml
  output logic [15:0]       event_sa_o,
  input  wire logic         event_lost_i,
  // commands
  input  wire logic         hold_i,          // takes no new packet
  output logic              front_idle_o,    // held, and the decision pipeline is empty
  output logic              drained_o,       // held, and every packet has its verdict
  input  wire logic         refuse_i,        // every packet gets self_test_failed
  input  wire logic         self_test_run_i, // only while drained
  input  wire logic         self_test_corrupt_i,
  output logic              self_test_done_o,
  output logic              self_test_ok_o,
  input  wire logic         row_write_i,
  input  wire logic         lease_write_i,
  input  wire logic [SA_LOG2-1:0] command_sa_i,
  input  wire esp_regs_pkg::outbound_row_t row_i,
  input  wire logic [3:0]   cache_write_i,   // by way
  input  wire logic [SPD_CACHE_LOG2-1:0] cache_index_i,
  input  wire esp_regs_pkg::spd_cache_entry_t cache_entry_i,
  // In the order of the sa_outbound set.
  output logic [64*esp_regs_pkg::COUNTER_SA_OUTBOUND_COUNT-1:0] sa_counters_o,
  output logic [64*(esp_regs_pkg::COUNTER_GLOBAL_COUNT+esp_regs_pkg::VERDICT_COUNT)-1:0] counters_o
);
  localparam int unsigned PACKET_LOG2 = esp_core_pkg::PACKET_LOG2;
  localparam int unsigned DONE_LOG2 = esp_core_pkg::DONE_LOG2;
  localparam int unsigned FRAME_CYCLES = 2;

  // --- input and decision ----
  logic first, beat_valid, beat_last, beat_pop, record_pop;
  logic [511:0] beat_data;
  // Only inbound looks at the counts.
  /* verilator lint_off UNUSEDSIGNAL */
  logic [esp_core_pkg::BEATS_LOG2:0] beat_count;
  logic [esp_core_pkg::RECORDS_LOG2:0] record_count;
  /* verilator lint_on UNUSEDSIGNAL */
  esp_ingress #(
    .BEATS_LOG2(esp_core_pkg::BEATS_LOG2), .RECORDS_LOG2(esp_core_pkg::RECORDS_LOG2)
  ) u_ingress (
    .clk_i, .rst_ni, .hold_i,
    .tvalid_i(in_tvalid_i), .tready_o(in_tready_o), .tdata_i(in_tdata_i), .tlast_i(in_tlast_i),
    .length_i(in_length_i), .first_o(first),
    .beat_valid_o(beat_valid), .beat_data_o(beat_data), .beat_last_o(beat_last),
    .beat_count_o(beat_count), .beat_pop_i(beat_pop), .record_pop_i(record_pop)
  );
  esp_front_idle u_front_idle (.clk_i, .rst_ni, .hold_i, .first_i(first), .idle_o(front_idle_o));

  logic decided;
  esp_core_pkg::outbound_record_t decided_record;
  esp_outbound_decide #(.SA_LOG2(SA_LOG2), .SPD_CACHE_LOG2(SPD_CACHE_LOG2)) u_decide (
    .clk_i, .rst_ni,
    .first_i(first), .data_i(in_tdata_i), .length_i(in_length_i), .lookup_i(in_lookup_i),
    .dummy_i(in_dummy_i), .sa_i(in_sa_i), .spd_i(in_spd_i), .refuse_i,
    .row_write_i, .lease_write_i, .command_sa_i, .row_i, .counters_o(sa_counters_o),
    .cache_write_i, .cache_index_i, .cache_entry_i,
    .event_valid_o, .event_kinds_o, .event_sa_o,
    .record_valid_o(decided), .record_o(decided_record)
  );

  logic record_valid;
  esp_core_pkg::outbound_record_t record;
  esp_fifo #(
    .WIDTH($bits(decided_record)), .DEPTH_LOG2(esp_core_pkg::RECORDS_LOG2)
  ) u_records (
    .clk_i, .rst_ni, .push_i(decided), .data_i(decided_record),
    .pop_i(record_pop), .valid_o(record_valid), .data_o(record), .count_o(record_count)
  );

  // --- slots ----
  logic output_room, done_room, output_reserve, done_reserve;
  logic text_valid, text_first, text_last, slot_valid, slot_first, frame_valid, frame_last, done;
  logic [6:0] text_bytes;
  logic [511:0] text;
  // The places of the text's parts are the sequencer's own.
  /* verilator lint_off UNUSEDSIGNAL */
  esp_core_pkg::outbound_record_t slot;
  /* verilator lint_on UNUSEDSIGNAL */
  esp_outbound_sequence u_sequence (
    .clk_i, .rst_ni,
    .record_valid_i(record_valid), .record_i(record), .record_pop_o(record_pop),
    .beat_valid_i(beat_valid), .beat_data_i(beat_data), .beat_last_i(beat_last),
    .beat_pop_o(beat_pop),
    .output_room_i(output_room), .done_room_i(done_room),
    .output_reserve_o(output_reserve), .done_reserve_o(done_reserve),
    .text_valid_o(text_valid), .text_first_o(text_first), .text_last_o(text_last),
    .text_bytes_o(text_bytes), .text_o(text), .record_o(slot),
    .slot_valid_o(slot_valid), .slot_first_o(slot_first),
    .frame_valid_o(frame_valid), .frame_last_o(frame_last), .done_o(done)
  );

  // --- cipher, and what goes beside it ----
  esp_gcm_pkg::hash_powers_t powers;
  logic [127:0] aad;
  logic [4:0] aad_bytes;
  assign powers = slot.powers;
  // RFC 4106 section 5: with ESN the high half stands between SPI and the low half. GMAC (RFC 4543
  // section 3.3) has the IV behind that, so a block is whole; with ESN its other half is text.
  always_comb begin
    if (slot.esn) begin
      aad = {slot.spi, slot.sequence_number, slot.gmac ? slot.sequence_number[63:32] : 32'd0};
    end else begin
      aad = {slot.spi, slot.sequence_number[31:0], slot.gmac ? slot.sequence_number : 64'd0};
    end
    aad_bytes = slot.gmac ? 5'd16 : (slot.esn ? 5'd12 : 5'd8);
  end
  logic cipher_valid, cipher_first, cipher_last;
  logic [511:0] cipher_text;
  logic [127:0] cipher_tag;
  esp_gcm_tested #(.DECRYPT(1'b0)) u_gcm (
    .clk_i, .rst_ni,
    .self_test_run_i, .self_test_corrupt_i, .self_test_done_o, .self_test_ok_o,
    .valid_i(text_valid), .first_i(text_first), .last_i(text_last), .bytes_i(text_bytes),
    .data_i(text), .key_i(slot.key), .key_256_i(slot.key_256), .gmac_i(slot.gmac),
    .nonce_i({slot.salt, slot.sequence_number}), .aad_i(aad),
    .aad_bytes_i(aad_bytes), .length_i(slot.text_bytes), .powers_i(powers),
    .valid_o(cipher_valid), .first_o(cipher_first), .last_o(cipher_last),
    .data_o(cipher_text), .tag_o(cipher_tag)
  );

  typedef struct packed {
    logic        first;
    logic        frame_valid;
    logic        frame_last;
    logic [6:0]  frame_bytes;
    logic        bypass;
    logic [4:0]  header_words;
    logic [511:0] header;
    logic [3:0]  text_words;
  } side_t;
  side_t side, side_late;
  logic slot_valid_late, done_late;
  assign side.first = slot_first;
  assign side.frame_valid = frame_valid;
  assign side.frame_last = frame_last;
  assign side.frame_bytes = frame_last ? esp_core_pkg::tail_bytes(slot.output_bytes[5:0]) : 7'd64;
  assign side.bypass = slot.bypass;
  assign side.header_words = slot.header_words;
  assign side.header = slot.header;
  assign side.text_words = slot.text_bytes[5:2];
  esp_delay_line #(.WIDTH($bits(side)), .CYCLES(esp_gcm_pkg::LATENCY)) u_side (
    .clk_i, .rst_ni, .data_i(side), .data_o(side_late)
  );
  esp_delay_bits #(.WIDTH(1), .CYCLES(esp_gcm_pkg::LATENCY)) u_slot_valid (
    .clk_i, .rst_ni, .data_i(slot_valid), .data_o(slot_valid_late)
  );

  // --- frame and output ----
  logic framed, framed_last;
  logic [6:0] framed_bytes;
  logic [511:0] framed_data;
  esp_outbound_frame u_frame (
    .clk_i, .rst_ni,
    .slot_valid_i(slot_valid_late), .first_i(side_late.first),
    .frame_valid_i(side_late.frame_valid), .frame_last_i(side_late.frame_last),
    .frame_bytes_i(side_late.frame_bytes), .bypass_i(side_late.bypass),
    .header_words_i(side_late.header_words), .header_i(side_late.header),
    .text_valid_i(cipher_valid), .text_last_i(cipher_last), .text_words_i(side_late.text_words),
    .text_i(cipher_text), .icv_i(cipher_tag),
    .valid_o(framed), .last_o(framed_last), .bytes_o(framed_bytes), .data_o(framed_data)
  );

  logic [PACKET_LOG2:0] output_used;
  logic [6:0] out_bytes;
  esp_packet_fifo #(.WIDTH(520), .DEPTH_LOG2(PACKET_LOG2)) u_output (
    .clk_i, .rst_ni,
    .write_i(framed), .data_i({framed_last, framed_bytes, framed_data}),
    .commit_i(framed), .rewind_i(1'b0), .used_o(output_used),
    .valid_o(out_tvalid_o), .ready_i(out_tready_i), .data_o({out_tlast_o, out_bytes, out_tdata_o})
  );
  assign out_tkeep_o = esp_core_pkg::keep(out_bytes);
  esp_credit #(.WIDTH(PACKET_LOG2 + 1)) u_output_credit (
    .clk_i, .rst_ni, .reserve_i(output_reserve), .release_i(framed),
    .used_i(output_used), .room_o(output_room)
  );

  // --- completions ----
  typedef struct packed {
    logic [7:0]  verdict;
    logic [15:0] sa;
    logic [15:0] length;
    logic [47:0] next_hop;
  } done_t;
  done_t slot_done, slot_done_late, done_head;
  logic [DONE_LOG2:0] done_count;
  assign slot_done.verdict = slot.verdict;
  assign slot_done.sa = slot.sa;
  assign slot_done.length =
    slot.verdict == esp_regs_pkg::VERDICT_OK || slot.bypass ? slot.output_bytes : 16'd0;
  assign slot_done.next_hop = slot.verdict == esp_regs_pkg::VERDICT_OK ? slot.next_hop : '0;
  esp_delay_line #(
    .WIDTH($bits(slot_done)), .CYCLES(esp_gcm_pkg::LATENCY + FRAME_CYCLES)
  ) u_done_side (.clk_i, .rst_ni, .data_i(slot_done), .data_o(slot_done_late));
  esp_delay_bits #(.WIDTH(1), .CYCLES(esp_gcm_pkg::LATENCY + FRAME_CYCLES)) u_done_valid (
    .clk_i, .rst_ni, .data_i(done), .data_o(done_late)
  );
  esp_fifo #(.WIDTH($bits(slot_done)), .DEPTH_LOG2(DONE_LOG2)) u_done (
    .clk_i, .rst_ni, .push_i(done_late), .data_i(slot_done_late),
    .pop_i(done_valid_o && done_ready_i), .valid_o(done_valid_o), .data_o(done_head),
    .count_o(done_count)
  );
  assign {done_verdict_o, done_sa_o, done_length_o, done_next_hop_o} = done_head;
  esp_credit #(.WIDTH(DONE_LOG2 + 1)) u_done_credit (
    .clk_i, .rst_ni, .reserve_i(done_reserve), .release_i(done_late),
    .used_i(done_count), .room_o(done_room)
  );

  esp_global_counters u_counters (
    .clk_i, .rst_ni, .in_i(first), .in_bytes_i(in_length_i),
    .done_i(done_late), .done_verdict_i(slot_done_late.verdict),
    .done_bytes_i(slot_done_late.length), .event_lost_i, .counters_o
  );

  // --- packets in flight ----
  logic [8:0] in_flight_q;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) in_flight_q <= '0;
    else if (first && !done_late) in_flight_q <= in_flight_q + 9'd1;
    else if (!first && done_late) in_flight_q <= in_flight_q - 9'd1;
  end
  assign drained_o = front_idle_o && in_flight_q == '0;

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) begin
    if (rst_ni) begin
      assert (!cipher_valid || slot_valid_late) else $error("ciphertext without its slot");
      assert (!cipher_valid || cipher_first == side_late.first) else $error("slot out of step");
      assert (!text_valid || text_last || text_bytes == 7'd64)
        else $error("short beat in mid-packet");
      assert (in_flight_q != '1) else $error("more packets in flight than are counted");
    end
  end
`endif
endmodule
`default_nettype wire
