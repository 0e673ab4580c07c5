// Inbound decision pipeline: for every first beat, in order and one per cycle, the outer headers,
// the SPI look-up, the SA row, the ESN guess and the replay pre-check; one record per packet ten
// cycles later. It never stalls.
//
//   1-2 parse   3-6 SPI table   7 row is addressed   8 row arrives   9 checks, guess   10 record
//
// The pre-check only saves work: what it refuses skips the cipher, but the verdict falls at the
// commit stage, against the state that all earlier packets left.
`default_nettype none
module esp_inbound_decide #(
  parameter int unsigned SA_LOG2 = 8,
  parameter int unsigned SPI_LOG2 = 7
) (
  input  wire logic         clk_i,
  input  wire logic         rst_ni,
  // first beats
  input  wire logic         first_i,
  input  wire logic [511:0] data_i,
  input  wire logic [15:0]  length_i,
  input  wire logic         refuse_i,        // every packet gets self_test_failed
  // commands; rows only while the pipeline is empty
  input  wire logic         row_write_i,
  input  wire logic [SA_LOG2-1:0] command_sa_i,
  input  wire esp_regs_pkg::inbound_row_t row_i,
  input  wire logic [3:0]   spi_write_i,     // by way
  input  wire logic [SPI_LOG2-1:0] spi_index_i,
  input  wire esp_regs_pkg::spi_entry_t spi_entry_i,
  // sequence state; an idle pipeline addresses command_sa_i, for snapshots
  output logic [SA_LOG2-1:0] state_sa_o,
  input  wire esp_core_pkg::inbound_state_t state_i,  // one cycle after state_sa_o
  // records
  output logic              record_valid_o,
  output esp_core_pkg::inbound_record_t record_o
);
  typedef struct packed {
    logic [7:0]  verdict;
    logic        encapsulated;
    logic [3:0]  esp_word;
    logic [15:0] text_bytes;
    logic [1:0]  ecn;
    logic [31:0] destination;
    logic [31:0] spi;
    logic [31:0] sequence_low;
    logic [63:0] iv;
  } outer_t;

  // --- 1 to 7: outer headers, SPI ----
  logic valid2, valid7, valid8_q, valid9_q, valid10_q;
  outer_t outer2, outer7, outer8_q, outer9_q;
  esp_inbound_parse u_parse (
    .clk_i, .rst_ni, .first_i, .data_i, .length_i,
    .valid_o(valid2), .verdict_o(outer2.verdict), .encapsulated_o(outer2.encapsulated),
    .esp_word_o(outer2.esp_word), .text_bytes_o(outer2.text_bytes), .ecn_o(outer2.ecn),
    .destination_o(outer2.destination), .spi_o(outer2.spi), .sequence_o(outer2.sequence_low),
    .iv_o(outer2.iv)
  );
  logic hit7, hit8_q, hit9_q;
  logic [SA_LOG2-1:0] sa7, sa8_q, sa9_q;
  esp_spi_table #(.SPI_LOG2(SPI_LOG2), .SA_LOG2(SA_LOG2)) u_spi (
    .clk_i, .rst_ni, .spi_i(outer2.spi), .hit_o(hit7), .sa_o(sa7),
    .write_i(spi_write_i), .write_index_i(spi_index_i), .write_entry_i(spi_entry_i)
  );
  esp_delay_bits #(.WIDTH(1), .CYCLES(esp_core_pkg::SPI_CYCLES)) u_valid (
    .clk_i, .rst_ni, .data_i(valid2), .data_o(valid7)
  );
  esp_delay_line #(.WIDTH($bits(outer2)), .CYCLES(esp_core_pkg::SPI_CYCLES)) u_outer (
    .clk_i, .rst_ni, .data_i(outer2), .data_o(outer7)
  );

  // --- 7 and 8: the row ----
  // The initial sequence number has gone to the state RAM.
  /* verilator lint_off UNUSEDSIGNAL */
  esp_regs_pkg::inbound_row_t row8, row9_q;
  esp_core_pkg::inbound_state_t state9_q;
  /* verilator lint_on UNUSEDSIGNAL */
  assign state_sa_o = valid7 ? sa7 : command_sa_i;
  esp_ram #(.WIDTH(esp_regs_pkg::INBOUND_ROW_BITS), .DEPTH_LOG2(SA_LOG2)) u_rows (
    .clk_i, .write_i(row_write_i), .write_address_i(command_sa_i), .write_data_i(row_i),
    .read_address_i(sa7), .read_data_o(row8)
  );
  always_ff @(posedge clk_i) begin
    valid8_q <= rst_ni && valid7;
    valid9_q <= rst_ni && valid8_q;
    valid10_q <= rst_ni && valid9_q;
    outer8_q <= outer7;
    outer9_q <= outer8_q;
    hit8_q <= hit7;
    hit9_q <= hit8_q;
    sa8_q <= sa7;
    sa9_q <= sa8_q;
    row9_q <= row8;
    state9_q <= state_i;
  end

  // --- 9: the SA's checks, ESN guess, replay pre-check ----
  logic [31:0] guess9;
  logic too_old9, duplicate9;
  /* verilator lint_off PINCONNECTEMPTY */ // only the commit stage accepts a number
  esp_replay u_replay (
    .esn_i(row9_q.esn), .check_i(row9_q.replay_check), .top_i(state9_q.top),
    .window_i(state9_q.window), .low_i(outer9_q.sequence_low), .guess_i(32'd0),
    .high_o(guess9), .too_old_o(too_old9), .duplicate_o(duplicate9), .guess_wrong_o(),
    .next_top_o(), .next_window_o()
  );
  /* verilator lint_on PINCONNECTEMPTY */
  logic [7:0] verdict9;
  esp_core_pkg::inbound_record_t record9, record10_q;
  always_comb begin
    verdict9 = refuse_i ? esp_regs_pkg::VERDICT_SELF_TEST_FAILED : outer9_q.verdict;
    if (verdict9 == esp_regs_pkg::VERDICT_OK) begin
      if (!hit9_q || !row9_q.valid || row9_q.spi != outer9_q.spi) begin
        verdict9 = esp_regs_pkg::VERDICT_UNKNOWN_SPI;
      end else if (row9_q.outer_destination[31:0] != outer9_q.destination) begin
        verdict9 = esp_regs_pkg::VERDICT_DESTINATION_MISMATCH;
      end else if (row9_q.encapsulation != outer9_q.encapsulated) begin
        verdict9 = esp_regs_pkg::VERDICT_ENCAPSULATION_MISMATCH;
      end
    end
    record9.info.verdict = verdict9;
    record9.info.crypt = verdict9 == esp_regs_pkg::VERDICT_OK && !too_old9 && !duplicate9;
    record9.info.sa = '0;
    if (!refuse_i && outer9_q.verdict == esp_regs_pkg::VERDICT_OK) record9.info.sa[SA_LOG2-1:0] = sa9_q;
    record9.info.next_hop = row9_q.next_hop;
    record9.info.esn = row9_q.esn;
    record9.info.replay_check = row9_q.replay_check;
    record9.info.sequence_low = outer9_q.sequence_low;
    record9.info.sequence_guess = guess9;
    record9.info.text_bytes = outer9_q.text_bytes;
    record9.info.ecn = outer9_q.ecn;
    record9.info.protocol_any = row9_q.protocol_any;
    record9.info.protocol = row9_q.protocol;
    record9.info.source_first = row9_q.source_first[31:0];
    record9.info.source_last = row9_q.source_last[31:0];
    record9.info.destination_first = row9_q.destination_first[31:0];
    record9.info.destination_last = row9_q.destination_last[31:0];
    record9.info.source_port_first = row9_q.source_port_first;
    record9.info.source_port_last = row9_q.source_port_last;
    record9.info.destination_port_first = row9_q.destination_port_first;
    record9.info.destination_port_last = row9_q.destination_port_last;
    record9.offset_words = {1'b0, outer9_q.esp_word} + 5'd4;
    record9.key_256 = row9_q.key_256;
    record9.key = row9_q.key;
    record9.salt = row9_q.salt;
    record9.spi = outer9_q.spi;
    record9.iv = outer9_q.iv;
    // In the order of esp_gcm_pkg::hash_powers_t.
    record9.powers = {row9_q.h_1, row9_q.h_2, row9_q.h_3, row9_q.h_4, row9_q.h_8, row9_q.h_12,
                      row9_q.h_16, row9_q.h_20, row9_q.h_m1, row9_q.h_m2};
  end
  always_ff @(posedge clk_i) record10_q <= record9;
  assign record_valid_o = valid10_q;
  assign record_o = record10_q;

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) begin
    if (rst_ni) begin
      assert (!(row_write_i && (valid7 || valid8_q || valid9_q)))
        else $error("a row is written while packets are being decided");
    end
  end
`endif
endmodule
`default_nettype wire
