// The inbound half: ESP packets in, plaintext packets out. See hw/README.md for the picture.
`default_nettype none
module esp_inbound #(
  parameter int unsigned SA_LOG2 = 8,
  parameter int unsigned SPI_LOG2 = 7,
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
  /* verilator lint_off UNUSEDSIGNAL */ // not read until the SPD cache is there
  input  wire logic [7:0]   in_spd_i,        // beside the first beat, as in_length_i
  /* verilator lint_on UNUSEDSIGNAL */
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
  // A row that is valid is still being set up; set from the cycle after row_write_i.
  output logic              row_busy_o,
  input  wire logic [SA_LOG2-1:0] command_sa_i,
  input  wire esp_regs_pkg::inbound_row_t row_i,
  input  wire logic [3:0]   spi_write_i,
  input  wire logic [SPI_LOG2-1:0] spi_index_i,
  input  wire esp_regs_pkg::spi_entry_t spi_entry_i,
  // Not used until the SPD cache is there.
  /* verilator lint_off UNUSEDSIGNAL */
  input  wire logic [3:0]   cache_write_i,   // by way
  input  wire logic [SPD_CACHE_LOG2-1:0] cache_index_i,
  input  wire esp_regs_pkg::spd_cache_entry_t cache_entry_i,
  /* verilator lint_on UNUSEDSIGNAL */
  // In the order of the sa_inbound set.
  output logic [64*esp_regs_pkg::COUNTER_SA_INBOUND_COUNT-1:0] sa_counters_o,
  output logic [64*(esp_regs_pkg::COUNTER_GLOBAL_COUNT+esp_regs_pkg::VERDICT_COUNT)-1:0] counters_o
);
  localparam int unsigned PACKET_LOG2 = esp_core_pkg::PACKET_LOG2;
  localparam int unsigned DONE_LOG2 = esp_core_pkg::DONE_LOG2;
  localparam int unsigned CHECK_CYCLES = 4;

  // --- input and decision ----
  logic first, beat_valid, beat_last, beat_pop, record_pop;
  logic [511:0] beat_data;
  logic [esp_core_pkg::BEATS_LOG2:0] beat_count;
  /* verilator lint_off UNUSEDSIGNAL */ // admission is at the ingress
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

  logic decided, commit_write;
  esp_core_pkg::inbound_record_t decided_record;
  logic [SA_LOG2-1:0] early_sa, commit_read_sa;
  esp_core_pkg::inbound_state_t early_state, commit_state, committed_state, command_state;
  esp_inbound_decide #(.SA_LOG2(SA_LOG2), .SPI_LOG2(SPI_LOG2)) u_decide (
    .clk_i, .rst_ni,
    .first_i(first), .data_i(in_tdata_i), .length_i(in_length_i),
    .refuse_i, .row_write_i, .command_sa_i, .row_i,
    .spi_write_i, .spi_index_i, .spi_entry_i,
    .state_sa_o(early_sa), .state_i(early_state),
    .record_valid_o(decided), .record_o(decided_record)
  );

  logic record_valid;
  esp_core_pkg::inbound_record_t record;
  esp_fifo #(
    .WIDTH($bits(decided_record)), .DEPTH_LOG2(esp_core_pkg::RECORDS_LOG2)
  ) u_records (
    .clk_i, .rst_ni, .push_i(decided), .data_i(decided_record),
    .pop_i(record_pop), .valid_o(record_valid), .data_o(record), .count_o(record_count)
  );

  // --- ciphertext beats ----
  logic output_room, done_room, output_reserve, done_reserve;
  logic text_valid, text_first, text_last, text_end;
  logic [6:0] text_bytes;
  logic [511:0] text;
  logic [127:0] icv, icv_late;
  /* verilator lint_off UNUSEDSIGNAL */ // the offset is the sequencer's own
  esp_core_pkg::inbound_record_t slot;
  /* verilator lint_on UNUSEDSIGNAL */
  esp_core_pkg::inbound_info_t info, info_late;
  esp_inbound_sequence u_sequence (
    .clk_i, .rst_ni,
    .record_valid_i(record_valid), .record_i(record), .record_pop_o(record_pop),
    .beat_valid_i(beat_valid), .beat_data_i(beat_data), .beat_last_i(beat_last),
    .beat_more_i(beat_count > (esp_core_pkg::BEATS_LOG2 + 1)'(1)), .beat_pop_o(beat_pop),
    .output_room_i(output_room), .done_room_i(done_room),
    .output_reserve_o(output_reserve), .done_reserve_o(done_reserve),
    .text_valid_o(text_valid), .text_first_o(text_first), .text_last_o(text_last),
    .text_bytes_o(text_bytes), .text_o(text), .end_o(text_end), .record_o(slot), .icv_o(icv)
  );

  // --- cipher, and what goes beside it ----
  esp_gcm_pkg::hash_powers_t powers;
  logic [127:0] aad;
  assign powers = slot.powers;
  assign info = slot.info;
  // RFC 4106 section 5: with ESN the high half stands between SPI and the low half.
  assign aad = info.esn
               ? {slot.spi, info.sequence_guess, info.sequence_low, 32'd0}
               : {slot.spi, info.sequence_low, 64'd0};
  logic cipher_valid, cipher_first, cipher_last, end_late;
  logic [511:0] cipher_text;
  logic [127:0] cipher_tag;
  esp_gcm_tested #(.DECRYPT(1'b1)) u_gcm (
    .clk_i, .rst_ni,
    .self_test_run_i, .self_test_corrupt_i, .self_test_done_o, .self_test_ok_o,
    .valid_i(text_valid), .first_i(text_first), .last_i(text_last), .bytes_i(text_bytes),
    .data_i(text), .key_i(slot.key), .key_256_i(slot.key_256), .gmac_i(1'b0),
    .nonce_i({slot.salt, slot.iv}),
    .aad_i(aad), .aad_bytes_i(info.esn ? 5'd12 : 5'd8), .length_i(info.text_bytes),
    .powers_i(powers),
    .valid_o(cipher_valid), .first_o(cipher_first), .last_o(cipher_last),
    .data_o(cipher_text), .tag_o(cipher_tag)
  );
  esp_delay_line #(.WIDTH($bits(info)), .CYCLES(esp_gcm_pkg::LATENCY)) u_info (
    .clk_i, .rst_ni, .data_i(info), .data_o(info_late)
  );
  esp_delay_line #(.WIDTH(128), .CYCLES(esp_gcm_pkg::LATENCY - 1)) u_icv (
    .clk_i, .rst_ni, .data_i(icv), .data_o(icv_late)
  );
  esp_delay_bits #(.WIDTH(1), .CYCLES(esp_gcm_pkg::LATENCY)) u_end (
    .clk_i, .rst_ni, .data_i(text_end), .data_o(end_late)
  );

  // --- checks ----
  logic checked, checked_first, checked_write, checked_last, checked_end, ecn_change, icv_ok;
  logic [6:0] checked_bytes;
  logic [7:0] tos, checked_verdict;
  logic [15:0] checksum, checked_total;
  esp_core_pkg::inbound_info_t checked_info;
  esp_inbound_check u_check (
    .clk_i, .rst_ni,
    .valid_i(cipher_valid), .first_i(cipher_first), .last_i(cipher_last), .end_i(end_late),
    .data_i(cipher_text), .tag_i(cipher_tag), .icv_i(icv_late), .info_i(info_late),
    .valid_o(checked), .first_o(checked_first), .write_o(checked_write),
    .write_last_o(checked_last), .bytes_o(checked_bytes),
    .ecn_change_o(ecn_change), .tos_o(tos), .checksum_o(checksum),
    .end_o(checked_end), .info_o(checked_info), .icv_ok_o(icv_ok), .verdict_o(checked_verdict),
    .total_o(checked_total)
  );
  // One cycle before the end is checked, its row is addressed.
  esp_delay_line #(.WIDTH(SA_LOG2), .CYCLES(CHECK_CYCLES - 1)) u_commit_sa (
    .clk_i, .rst_ni, .data_i(info_late.sa[SA_LOG2-1:0]), .data_o(commit_read_sa)
  );
  logic done;
  logic [7:0] done_verdict;
  logic [15:0] done_sa, done_length;
  logic [47:0] done_next_hop;
  esp_inbound_commit #(.SA_LOG2(SA_LOG2)) u_commit (
    .clk_i, .rst_ni, .end_i(checked_end), .info_i(checked_info), .icv_ok_i(icv_ok),
    .verdict_i(checked_verdict), .total_i(checked_total), .state_i(commit_state),
    .done_o(done), .verdict_o(done_verdict), .sa_o(done_sa), .length_o(done_length),
    .next_hop_o(done_next_hop),
    .write_o(commit_write), .state_o(committed_state)
  );
  always_comb begin
    command_state = '0;
    command_state.top = row_i.replay_top;
    // All numbers up to replay_top count as received.
    if (row_i.replay_top != 64'd0) command_state.window = '1;
  end
  esp_inbound_state #(.SA_LOG2(SA_LOG2)) u_state (
    .clk_i, .write_i(commit_write || row_write_i),
    .write_sa_i(row_write_i ? command_sa_i : done_sa[SA_LOG2-1:0]),
    .write_state_i(row_write_i ? command_state : committed_state),
    .early_sa_i(early_sa), .early_state_o(early_state),
    .commit_sa_i(commit_read_sa), .commit_state_o(commit_state)
  );
  assign sa_counters_o = early_state[$bits(sa_counters_o)-1:0];
  assign row_busy_o = 1'b0;      // a row is one word of each RAM
  // No event of this direction is raised yet.
  assign event_valid_o = 1'b0;
  assign event_kinds_o = '0;
  assign event_sa_o = '0;

  // --- output ----
  // The data wait for the verdict: the last beat of a packet is written in the cycle in which the
  // packet is committed or forgotten.
  logic [511:0] data5;
  esp_delay_line #(.WIDTH(512), .CYCLES(CHECK_CYCLES + 1)) u_data (
    .clk_i, .rst_ni, .data_i(cipher_text), .data_o(data5)
  );
  logic beat5_q, ecn5_q, write5_q, last5_q;
  logic [6:0] bytes5_q;
  logic [7:0] tos5_q;
  logic [15:0] checksum5_q;
  logic beat6_q, write6_q, last6_q, commit6_q, rewind6_q, done6_q;
  logic [6:0] bytes6_q;
  logic [511:0] data6_q;
  logic [87:0] done6_data_q;
  always_ff @(posedge clk_i) begin
    beat5_q <= rst_ni && checked;
    write5_q <= rst_ni && checked_write;
    last5_q <= checked_last;
    bytes5_q <= checked_bytes;
    ecn5_q <= checked_first && ecn_change;
    tos5_q <= tos;
    checksum5_q <= checksum;

    beat6_q <= rst_ni && beat5_q;
    write6_q <= rst_ni && write5_q;
    last6_q <= last5_q;
    bytes6_q <= bytes5_q;
    commit6_q <= rst_ni && done && done_verdict == esp_regs_pkg::VERDICT_OK;
    rewind6_q <= rst_ni && done && done_verdict != esp_regs_pkg::VERDICT_OK;
    done6_q <= rst_ni && done;
    done6_data_q <= {done_verdict, done_sa, done_length, done_next_hop};
    data6_q <= data5;
    if (ecn5_q) begin
      data6_q[15:8] <= tos5_q;
      data6_q[95:80] <= esp_core_pkg::swap16(checksum5_q);
    end
  end

  logic [PACKET_LOG2:0] output_used;
  logic [6:0] out_bytes;
  esp_packet_fifo #(.WIDTH(520), .DEPTH_LOG2(PACKET_LOG2)) u_output (
    .clk_i, .rst_ni,
    .write_i(write6_q), .data_i({last6_q, bytes6_q, data6_q}),
    .commit_i(commit6_q), .rewind_i(rewind6_q), .used_o(output_used),
    .valid_o(out_tvalid_o), .ready_i(out_tready_i), .data_o({out_tlast_o, out_bytes, out_tdata_o})
  );
  assign out_tkeep_o = esp_core_pkg::keep(out_bytes);
  esp_credit #(.WIDTH(PACKET_LOG2 + 1)) u_output_credit (
    .clk_i, .rst_ni, .reserve_i(output_reserve), .release_i(beat6_q),
    .used_i(output_used), .room_o(output_room)
  );

  logic [DONE_LOG2:0] done_count;
  esp_fifo #(.WIDTH(88), .DEPTH_LOG2(DONE_LOG2)) u_done (
    .clk_i, .rst_ni, .push_i(done6_q), .data_i(done6_data_q),
    .pop_i(done_valid_o && done_ready_i), .valid_o(done_valid_o),
    .data_o({done_verdict_o, done_sa_o, done_length_o, done_next_hop_o}), .count_o(done_count)
  );
  esp_credit #(.WIDTH(DONE_LOG2 + 1)) u_done_credit (
    .clk_i, .rst_ni, .reserve_i(done_reserve), .release_i(done6_q),
    .used_i(done_count), .room_o(done_room)
  );

  esp_global_counters u_counters (
    .clk_i, .rst_ni, .in_i(first), .in_bytes_i(in_length_i),
    .done_i(done), .done_verdict_i(done_verdict), .done_bytes_i(done_length), .event_lost_i,
    .counters_o
  );

  // --- packets in flight ----
  logic [8:0] in_flight_q;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) in_flight_q <= '0;
    else if (first && !done) in_flight_q <= in_flight_q + 9'd1;
    else if (!first && done) in_flight_q <= in_flight_q - 9'd1;
  end
  assign drained_o = front_idle_o && in_flight_q == '0;

`ifndef SYNTHESIS
  // No beat leaves for which no packet was committed.
  logic [15:0] committed_q;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) committed_q <= '0;
    else committed_q <= committed_q + 16'(commit6_q)
                        - 16'(out_tvalid_o && out_tready_i && out_tlast_o);
    if (rst_ni) begin
      assert (!out_tvalid_o || committed_q != '0) else $error("plaintext before its verdict");
      assert (!commit6_q || done6_data_q[87:80] == esp_regs_pkg::VERDICT_OK)
        else $error("a dropped packet was committed");
      assert (!text_valid || text_last || text_bytes == 7'd64)
        else $error("short beat in mid-packet");
      assert (!(cipher_valid && cipher_last) || end_late) else $error("end marker out of step");
      assert (!(row_write_i && (commit_write || in_flight_q != '0)))
        else $error("a row is written while packets are in flight");
      assert (in_flight_q != '1) else $error("more packets in flight than are counted");
    end
  end
`endif
endmodule
`default_nettype wire
