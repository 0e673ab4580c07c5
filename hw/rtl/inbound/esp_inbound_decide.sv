// Inbound decision pipeline: for every first beat, in order and one per cycle, the outer headers,
// the SPI look-up, the SA row, the ESN guess and the replay pre-check; one record per packet seven
// cycles later. It never stalls.
//
//   1-2 parse   3 SPI entries   4 row is addressed   5 row arrives   6 checks, guess   7 record
//
// The pre-check only saves work: what it refuses skips the cipher, but the verdict falls at the
// commit stage, against the state that all earlier packets left.
`default_nettype none
module esp_inbound_decide #(
  parameter int unsigned SA_LOG2 = 8,
  parameter int unsigned BUCKET_LOG2 = 8
) (
  input  wire logic         clk_i,
  input  wire logic         rst_ni,
  // first beats
  input  wire logic         first_i,
  input  wire logic [511:0] data_i,
  input  wire logic [15:0]  length_i,
  // commands; rows only while the pipeline is empty
  input  wire logic         row_write_i,
  input  wire logic [SA_LOG2-1:0] command_sa_i,
  input  wire esp_regs_pkg::inbound_row_t row_i,
  input  wire logic [3:0]   spi_write_i,     // by way
  input  wire logic [BUCKET_LOG2-1:0] spi_bucket_i,
  input  wire logic         spi_valid_i,
  input  wire logic [31:0]  spi_i,
  input  wire logic [SA_LOG2-1:0] spi_sa_i,
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

  // --- 1 to 3: outer headers, SPI ----
  logic valid2, valid3_q, valid4_q, valid5_q, valid6_q, valid7_q;
  outer_t outer2, outer3_q, outer4_q, outer5_q, outer6_q;
  esp_inbound_parse u_parse (
    .clk_i, .rst_ni, .first_i, .data_i, .length_i,
    .valid_o(valid2), .verdict_o(outer2.verdict), .encapsulated_o(outer2.encapsulated),
    .esp_word_o(outer2.esp_word), .text_bytes_o(outer2.text_bytes), .ecn_o(outer2.ecn),
    .destination_o(outer2.destination), .spi_o(outer2.spi), .sequence_o(outer2.sequence_low),
    .iv_o(outer2.iv)
  );
  logic hit3, hit4_q, hit5_q, hit6_q;
  logic [SA_LOG2-1:0] sa3, sa4_q, sa5_q, sa6_q;
  esp_spi_table #(.BUCKET_LOG2(BUCKET_LOG2), .SA_LOG2(SA_LOG2)) u_spi (
    .clk_i, .spi_i(outer2.spi), .hit_o(hit3), .sa_o(sa3),
    .write_i(spi_write_i), .write_bucket_i(spi_bucket_i), .write_valid_i(spi_valid_i),
    .write_spi_i(spi_i), .write_sa_i(spi_sa_i)
  );

  // --- 4 and 5: the row ----
  // The initial sequence number has gone to the state RAM.
  /* verilator lint_off UNUSEDSIGNAL */
  esp_regs_pkg::inbound_row_t row5, row6_q;
  esp_core_pkg::inbound_state_t state6_q;
  /* verilator lint_on UNUSEDSIGNAL */
  assign state_sa_o = valid4_q ? sa4_q : command_sa_i;
  esp_ram #(.WIDTH(esp_regs_pkg::INBOUND_ROW_BITS), .DEPTH_LOG2(SA_LOG2)) u_rows (
    .clk_i, .write_i(row_write_i), .write_address_i(command_sa_i), .write_data_i(row_i),
    .read_address_i(sa4_q), .read_data_o(row5)
  );
  always_ff @(posedge clk_i) begin
    valid3_q <= rst_ni && valid2;
    valid4_q <= rst_ni && valid3_q;
    valid5_q <= rst_ni && valid4_q;
    valid6_q <= rst_ni && valid5_q;
    valid7_q <= rst_ni && valid6_q;
    outer3_q <= outer2;
    outer4_q <= outer3_q;
    outer5_q <= outer4_q;
    outer6_q <= outer5_q;
    hit4_q <= hit3;
    hit5_q <= hit4_q;
    hit6_q <= hit5_q;
    sa4_q <= sa3;
    sa5_q <= sa4_q;
    sa6_q <= sa5_q;
    row6_q <= row5;
    state6_q <= state_i;
  end

  // --- 6: the SA's checks, ESN guess, replay pre-check ----
  logic [31:0] guess6;
  logic too_old6, duplicate6;
  /* verilator lint_off PINCONNECTEMPTY */ // only the commit stage accepts a number
  esp_replay u_replay (
    .esn_i(row6_q.esn), .check_i(row6_q.replay_check), .top_i(state6_q.top),
    .window_i(state6_q.window), .low_i(outer6_q.sequence_low), .guess_i(32'd0),
    .high_o(guess6), .too_old_o(too_old6), .duplicate_o(duplicate6), .guess_wrong_o(),
    .next_top_o(), .next_window_o()
  );
  /* verilator lint_on PINCONNECTEMPTY */
  logic [7:0] verdict6;
  esp_core_pkg::inbound_record_t record6, record7_q;
  always_comb begin
    verdict6 = outer6_q.verdict;
    if (outer6_q.verdict == esp_regs_pkg::VERDICT_OK) begin
      if (!hit6_q || !row6_q.valid || row6_q.spi != outer6_q.spi) begin
        verdict6 = esp_regs_pkg::VERDICT_UNKNOWN_SPI;
      end else if (row6_q.outer_destination != outer6_q.destination) begin
        verdict6 = esp_regs_pkg::VERDICT_DESTINATION_MISMATCH;
      end else if (row6_q.encapsulation != outer6_q.encapsulated) begin
        verdict6 = esp_regs_pkg::VERDICT_ENCAPSULATION_MISMATCH;
      end
    end
    record6.info.verdict = verdict6;
    record6.info.crypt = verdict6 == esp_regs_pkg::VERDICT_OK && !too_old6 && !duplicate6;
    record6.info.sa = '0;
    if (outer6_q.verdict == esp_regs_pkg::VERDICT_OK) record6.info.sa[SA_LOG2-1:0] = sa6_q;
    record6.info.esn = row6_q.esn;
    record6.info.replay_check = row6_q.replay_check;
    record6.info.sequence_low = outer6_q.sequence_low;
    record6.info.sequence_guess = guess6;
    record6.info.text_bytes = outer6_q.text_bytes;
    record6.info.ecn = outer6_q.ecn;
    record6.info.protocol_any = row6_q.protocol_any;
    record6.info.protocol = row6_q.protocol;
    record6.info.source_first = row6_q.source_first;
    record6.info.source_last = row6_q.source_last;
    record6.info.destination_first = row6_q.destination_first;
    record6.info.destination_last = row6_q.destination_last;
    record6.info.source_port_first = row6_q.source_port_first;
    record6.info.source_port_last = row6_q.source_port_last;
    record6.info.destination_port_first = row6_q.destination_port_first;
    record6.info.destination_port_last = row6_q.destination_port_last;
    record6.offset_words = {1'b0, outer6_q.esp_word} + 5'd4;
    record6.key_256 = row6_q.key_256;
    record6.key = row6_q.key;
    record6.salt = row6_q.salt;
    record6.spi = outer6_q.spi;
    record6.iv = outer6_q.iv;
    // In the order of esp_gcm_pkg::hash_powers_t.
    record6.powers = {row6_q.h_1, row6_q.h_2, row6_q.h_3, row6_q.h_4, row6_q.h_8, row6_q.h_12,
                      row6_q.h_16, row6_q.h_20, row6_q.h_m1, row6_q.h_m2};
  end
  always_ff @(posedge clk_i) record7_q <= record6;
  assign record_valid_o = valid7_q;
  assign record_o = record7_q;

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) begin
    if (rst_ni) begin
      assert (!(row_write_i && (valid3_q || valid4_q || valid5_q || valid6_q)))
        else $error("a row is written while packets are being decided");
    end
  end
`endif
endmodule
`default_nettype wire
