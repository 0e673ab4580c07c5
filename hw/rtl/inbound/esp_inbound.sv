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
  input  wire logic [7:0]   in_spd_i,        // beside the first beat, as in_length_i
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
  input  wire logic [SA_LOG2-1:0] command_sa_i,
  input  wire esp_regs_pkg::inbound_row_t row_i,
  input  wire logic [3:0]   spi_write_i,
  input  wire logic [SPI_LOG2-1:0] spi_index_i,
  input  wire esp_regs_pkg::spi_entry_t spi_entry_i,
  input  wire logic [3:0]   cache_write_i,   // by way
  input  wire logic [SPD_CACHE_LOG2-1:0] cache_index_i,
  input  wire esp_regs_pkg::spd_cache_entry_t cache_entry_i,
  // In the order of the sa_inbound set.
  output logic [64*esp_regs_pkg::COUNTER_SA_INBOUND_COUNT-1:0] sa_counters_o,
  output logic [64*(esp_regs_pkg::COUNTER_GLOBAL_COUNT+esp_regs_pkg::VERDICT_COUNT)-1:0] counters_o
);
  localparam int unsigned PACKET_LOG2 = esp_core_pkg::PACKET_LOG2;
  localparam int unsigned DONE_LOG2 = esp_core_pkg::DONE_LOG2;

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

  // A row goes apart: each stage has the fields it needs.
  esp_inbound_pkg::cipher_row_t cipher_row;
  esp_inbound_pkg::selector_row_t selector_row;
  esp_inbound_pkg::limit_row_t limit_row;
  logic [10:0] replay_reach;
  always_comb begin
    replay_reach = 11'(row_i.replay_window - 12'd1);
    cipher_row.valid = row_i.valid;
    cipher_row.key_256 = row_i.key_256;
    cipher_row.gmac = row_i.gmac;
    cipher_row.esn = row_i.esn;
    cipher_row.transport = row_i.transport;
    cipher_row.ipv6 = row_i.ipv6;
    cipher_row.encapsulation = row_i.encapsulation;
    cipher_row.replay_check = row_i.replay_check;
    cipher_row.replay_reach = replay_reach;
    cipher_row.spi = row_i.spi;
    cipher_row.salt = row_i.salt;
    cipher_row.outer_destination = row_i.outer_destination;
    cipher_row.key = row_i.key;
    // In the order of esp_gcm_pkg::hash_powers_t.
    cipher_row.powers = {row_i.h_1, row_i.h_2, row_i.h_3, row_i.h_4, row_i.h_8, row_i.h_12,
                         row_i.h_16, row_i.h_20, row_i.h_m1, row_i.h_m2};
    selector_row.selector_ipv6 = row_i.selector_ipv6;
    selector_row.protocol_any = row_i.protocol_any;
    selector_row.protocol = row_i.protocol;
    selector_row.source_first = row_i.source_first;
    selector_row.source_last = row_i.source_last;
    selector_row.destination_first = row_i.destination_first;
    selector_row.destination_last = row_i.destination_last;
    selector_row.source_port_first = row_i.source_port_first;
    selector_row.source_port_last = row_i.source_port_last;
    selector_row.destination_port_first = row_i.destination_port_first;
    selector_row.destination_port_last = row_i.destination_port_last;
    limit_row.esn = row_i.esn;
    limit_row.replay_check = row_i.replay_check;
    limit_row.replay_reach = replay_reach;
    limit_row.next_hop = row_i.next_hop;
    limit_row.soft_packets = row_i.soft_packets;
    limit_row.soft_bytes = row_i.soft_bytes;
    limit_row.hard_packets = row_i.hard_packets;
    limit_row.hard_bytes = row_i.hard_bytes;
  end

  logic decided, record_valid;
  esp_inbound_pkg::record_t decided_record, record;
  logic [SA_LOG2-1:0] early_sa;
  esp_inbound_decide #(
    .SA_LOG2(SA_LOG2), .SPI_LOG2(SPI_LOG2), .SPD_CACHE_LOG2(SPD_CACHE_LOG2)
  ) u_decide (
    .clk_i, .rst_ni, .refuse_i,
    .first_i(first), .data_i(in_tdata_i), .length_i(in_length_i), .spd_i(in_spd_i),
    .row_write_i, .command_sa_i, .row_i(cipher_row),
    .spi_write_i, .spi_index_i, .spi_entry_i, .cache_write_i, .cache_index_i, .cache_entry_i,
    .state_sa_o(early_sa),
    .top_i(sa_counters_o[64*esp_regs_pkg::COUNTER_SA_INBOUND_REPLAY_TOP+:64]),
    .record_valid_o(decided), .record_o(decided_record)
  );
  esp_fifo #(
    .WIDTH($bits(decided_record)), .DEPTH_LOG2(esp_core_pkg::RECORDS_LOG2)
  ) u_records (
    .clk_i, .rst_ni, .push_i(decided), .data_i(decided_record),
    .pop_i(record_pop), .valid_o(record_valid), .data_o(record), .count_o(record_count)
  );

  // --- text beats, through the cipher ----
  logic output_room, done_room, output_reserve, done_reserve;
  logic text_valid, text_first, text_last, text_end, text_spare;
  logic [6:0] text_bytes;
  logic [511:0] text;
  logic [esp_inbound_pkg::HEADER_BITS-1:0] text_header;
  logic [127:0] icv;
  esp_inbound_pkg::record_t text_record;
  esp_inbound_sequence u_sequence (
    .clk_i, .rst_ni,
    .record_valid_i(record_valid), .record_i(record), .record_pop_o(record_pop),
    .beat_valid_i(beat_valid), .beat_data_i(beat_data), .beat_last_i(beat_last),
    .beat_more_i(beat_count > (esp_core_pkg::BEATS_LOG2 + 1)'(1)), .beat_pop_o(beat_pop),
    .output_room_i(output_room), .done_room_i(done_room),
    .output_reserve_o(output_reserve), .done_reserve_o(done_reserve),
    .text_valid_o(text_valid), .text_first_o(text_first), .text_last_o(text_last),
    .text_bytes_o(text_bytes), .text_o(text), .end_o(text_end), .spare_o(text_spare),
    .header_o(text_header), .record_o(text_record), .icv_o(icv)
  );
  logic plain_valid, plain_first, plain_last, plain_end, plain_spare, icv_ok;
  logic [511:0] plain;
  logic [esp_inbound_pkg::HEADER_BITS-1:0] plain_header;
  esp_inbound_pkg::info_t plain_info;
  esp_inbound_cipher u_cipher (
    .clk_i, .rst_ni,
    .self_test_run_i, .self_test_corrupt_i, .self_test_done_o, .self_test_ok_o,
    .valid_i(text_valid), .first_i(text_first), .last_i(text_last), .bytes_i(text_bytes),
    .end_i(text_end), .spare_i(text_spare), .text_i(text), .header_i(text_header),
    .record_i(text_record), .icv_i(icv),
    .valid_o(plain_valid), .first_o(plain_first), .last_o(plain_last), .end_o(plain_end),
    .spare_o(plain_spare), .data_o(plain), .icv_ok_o(icv_ok), .header_o(plain_header),
    .info_o(plain_info)
  );

  // --- checks, and the verdict ----
  logic checked_valid, checked_first, checked_end, checked_spare;
  logic checked_write, checked_write_last;
  logic [3:0] header_words;
  logic [511:0] checked;
  logic [esp_inbound_pkg::HEADER_BITS-1:0] checked_header;
  /* verilator lint_off UNUSEDSIGNAL */ // row and window word are addressed
  esp_inbound_pkg::info_t next_info;
  /* verilator lint_on UNUSEDSIGNAL */
  esp_inbound_pkg::judged_t judged;
  esp_inbound_check #(.SA_LOG2(SA_LOG2)) u_check (
    .clk_i, .rst_ni,
    .valid_i(plain_valid), .first_i(plain_first), .last_i(plain_last), .end_i(plain_end),
    .spare_i(plain_spare), .data_i(plain), .icv_ok_i(icv_ok), .header_i(plain_header),
    .info_i(plain_info),
    .row_write_i, .command_sa_i, .row_i(selector_row),
    .next_info_o(next_info), .end_o(checked_end), .judged_o(judged),
    .valid_o(checked_valid), .first_o(checked_first), .spare_o(checked_spare),
    .write_o(checked_write), .write_last_o(checked_write_last),
    .header_words_o(header_words), .data_o(checked), .header_o(checked_header)
  );
  logic done, done_spill, update, soft_expired, hard_expired;
  logic [7:0] done_verdict;
  logic [15:0] done_sa;
  logic [47:0] done_next_hop;
  esp_inbound_pkg::delivery_t delivery;
  esp_inbound_pkg::state_t state;
  esp_inbound_commit #(.SA_LOG2(SA_LOG2)) u_commit (
    .clk_i, .rst_ni,
    .next_sa_i(next_info.sa[SA_LOG2-1:0]), .next_sequence_low_i(next_info.sequence_low),
    .next_sequence_guess_i(next_info.sequence_guess),
    .end_i(checked_end), .judged_i(judged),
    .row_write_i, .command_sa_i, .row_i(limit_row), .replay_top_i(row_i.replay_top),
    .done_o(done), .verdict_o(done_verdict), .sa_o(done_sa), .next_hop_o(done_next_hop),
    .spill_o(done_spill), .delivery_o(delivery), .update_o(update), .state_o(state),
    .soft_expired_o(soft_expired), .hard_expired_o(hard_expired)
  );
  esp_inbound_counters #(.SA_LOG2(SA_LOG2)) u_counters (
    .clk_i, .rst_ni,
    .next_sa_i(judged.info.sa[SA_LOG2-1:0]), .update_i(update), .sa_i(done_sa[SA_LOG2-1:0]),
    .verdict_i(done_verdict), .state_i(state),
    .soft_expired_i(soft_expired), .hard_expired_i(hard_expired),
    .row_write_i, .command_sa_i, .replay_top_i(row_i.replay_top),
    .read_sa_i(early_sa), .read_counters_o(sa_counters_o),
    .event_valid_o, .event_kinds_o, .event_sa_o
  );

  // --- output ----
  // The last beat of a packet is written in the cycle in which the packet is committed or
  // forgotten; if it comes a cycle later, so does that.
  logic write, write_last, beat_release, ok, late_q, late_ok_q, commit, rewind;
  logic [511:0] write_data;
  logic [PACKET_LOG2:0] output_used;
  esp_inbound_pkg::delivery_t late_delivery_q;
  esp_inbound_rotate u_rotate (
    .clk_i, .rst_ni,
    .valid_i(checked_valid), .first_i(checked_first), .spare_i(checked_spare),
    .spill_i(judged.spill), .write_i(checked_write), .write_last_i(checked_write_last),
    .header_words_i(header_words), .data_i(checked), .header_i(checked_header),
    .release_o(beat_release), .write_o(write), .write_last_o(write_last), .data_o(write_data)
  );
  assign ok = done_verdict == esp_regs_pkg::VERDICT_OK
              || done_verdict == esp_regs_pkg::VERDICT_BYPASSED;
  always_ff @(posedge clk_i) begin
    late_q <= rst_ni && done && done_spill;
    late_ok_q <= ok;
    late_delivery_q <= delivery;
  end
  assign commit = late_q ? late_ok_q : done && !done_spill && ok;
  assign rewind = late_q ? !late_ok_q : done && !done_spill && !ok;
  esp_inbound_output #(.PACKET_LOG2(PACKET_LOG2)) u_output (
    .clk_i, .rst_ni, .write_i(write), .write_last_i(write_last), .data_i(write_data),
    .commit_i(commit), .rewind_i(rewind), .delivery_i(late_q ? late_delivery_q : delivery),
    .used_o(output_used),
    .out_tvalid_o, .out_tready_i, .out_tdata_o, .out_tkeep_o, .out_tlast_o
  );
  esp_credit #(.WIDTH(PACKET_LOG2 + 1)) u_output_credit (
    .clk_i, .rst_ni, .reserve_i(output_reserve), .release_i(beat_release),
    .used_i(output_used), .room_o(output_room)
  );

  logic [DONE_LOG2:0] done_count;
  esp_fifo #(.WIDTH(88), .DEPTH_LOG2(DONE_LOG2)) u_done (
    .clk_i, .rst_ni, .push_i(done),
    .data_i({done_verdict, done_sa, delivery.length, done_next_hop}),
    .pop_i(done_valid_o && done_ready_i), .valid_o(done_valid_o),
    .data_o({done_verdict_o, done_sa_o, done_length_o, done_next_hop_o}), .count_o(done_count)
  );
  esp_credit #(.WIDTH(DONE_LOG2 + 1)) u_done_credit (
    .clk_i, .rst_ni, .reserve_i(done_reserve), .release_i(done),
    .used_i(done_count), .room_o(done_room)
  );

  esp_global_counters u_global (
    .clk_i, .rst_ni, .in_i(first), .in_bytes_i(in_length_i),
    .done_i(done), .done_verdict_i(done_verdict), .done_bytes_i(delivery.length), .event_lost_i,
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
    else committed_q <= committed_q + 16'(commit)
                        - 16'(out_tvalid_o && out_tready_i && out_tlast_o);
    if (rst_ni) begin
      assert (!out_tvalid_o || committed_q != '0) else $error("plaintext before its verdict");
      assert (!(late_q && done)) else $error("two packets are done in one cycle");
      assert (!(row_write_i && in_flight_q != '0))
        else $error("a row is written while packets are in flight");
      assert (in_flight_q != '1) else $error("more packets in flight than are counted");
    end
  end
`endif
endmodule
`default_nettype wire
