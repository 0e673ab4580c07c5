// Inbound decision pipeline: for every first beat, in order and one per cycle, the outer headers,
// the SPI and SPD cache look-ups, the SA row, the ESN guess and the replay pre-check; one record per
// packet. It never stalls.
//
//   1-6 outer headers   7-11 SPI table (5-9 SPD cache)   12 row addressed   13 row   14 checks, guess
//   15 record
//
// The pre-check only saves work: what it refuses skips the cipher, but the verdict falls at the
// commit stage, against the state that all earlier packets left.
`default_nettype none
module esp_inbound_decide #(
  parameter int unsigned SA_LOG2 = 8,
  parameter int unsigned SPI_LOG2 = 7,
  parameter int unsigned SPD_CACHE_LOG2 = 7
) (
  input  wire logic         clk_i,
  input  wire logic         rst_ni,
  input  wire logic         refuse_i,
  // first beats
  input  wire logic         first_i,
  input  wire logic [511:0] data_i,
  input  wire logic [15:0]  length_i,
  input  wire logic [7:0]   spd_i,
  // commands; rows only while the pipeline is empty
  input  wire logic         row_write_i,
  input  wire logic [SA_LOG2-1:0] command_sa_i,
  input  wire esp_inbound_pkg::cipher_row_t row_i,
  input  wire logic [3:0]   spi_write_i,     // by way
  input  wire logic [SPI_LOG2-1:0] spi_index_i,
  input  wire esp_regs_pkg::spi_entry_t spi_entry_i,
  input  wire logic [3:0]   cache_write_i,   // by way
  input  wire logic [SPD_CACHE_LOG2-1:0] cache_index_i,
  input  wire esp_regs_pkg::spd_cache_entry_t cache_entry_i,
  // highest sequence number; an idle pipeline addresses command_sa_i, for snapshots
  output logic [SA_LOG2-1:0] state_sa_o,
  input  wire logic [63:0]  top_i,           // one cycle after state_sa_o
  // records
  output logic              record_valid_o,
  output esp_inbound_pkg::record_t record_o
);
  localparam int unsigned PARSE_CYCLES = esp_core_pkg::PARSE_CYCLES;
  localparam int unsigned SPI_CYCLES = esp_core_pkg::SPI_CYCLES;
  localparam int unsigned CACHE_CYCLES = esp_core_pkg::SPD_CACHE_CYCLES;
  localparam int unsigned OUTER_CYCLES = PARSE_CYCLES + 2;

  // --- 1 to 6: outer headers ----
  logic parsed4, valid6;
  logic [7:0] spd4;
  esp_core_pkg::ip_t ip4;
  esp_inbound_pkg::outer_t outer6;
  esp_inbound_outer u_outer (
    .clk_i, .rst_ni, .refuse_i, .first_i, .data_i, .length_i,
    .parsed_o(parsed4), .ip_o(ip4), .valid_o(valid6), .outer_o(outer6)
  );
  esp_delay_line #(.WIDTH(8), .CYCLES(PARSE_CYCLES)) u_spd (
    .clk_i, .rst_ni, .data_i(spd_i), .data_o(spd4)
  );

  // --- 5 to 11: tables ----
  logic cached, hit9, hit11, spi_hit11, valid11;
  logic [1:0] policy9, policy11;
  logic [SA_LOG2-1:0] sa11;
  /* verilator lint_off PINCONNECTEMPTY */ // inbound, a flow that is to be protected has no SA
  esp_spd_cache #(.SPD_CACHE_LOG2(SPD_CACHE_LOG2)) u_cache (
    .clk_i, .rst_ni, .valid_i(parsed4), .ip_i(ip4), .spd_i(spd4),
    .valid_o(cached), .hit_o(hit9), .policy_o(policy9), .sa_o(),
    .write_i(cache_write_i), .write_index_i(cache_index_i), .write_entry_i(cache_entry_i)
  );
  /* verilator lint_on PINCONNECTEMPTY */
  esp_delay_bits #(
    .WIDTH(3), .CYCLES(OUTER_CYCLES + SPI_CYCLES - PARSE_CYCLES - CACHE_CYCLES)
  ) u_policy (
    .clk_i, .rst_ni, .data_i({cached && hit9, policy9}), .data_o({hit11, policy11})
  );
  esp_spi_table #(.SPI_LOG2(SPI_LOG2), .SA_LOG2(SA_LOG2)) u_spi (
    .clk_i, .rst_ni, .spi_i(outer6.spi), .hit_o(spi_hit11), .sa_o(sa11),
    .write_i(spi_write_i), .write_index_i(spi_index_i), .write_entry_i(spi_entry_i)
  );
  esp_delay_bits #(.WIDTH(1), .CYCLES(SPI_CYCLES)) u_valid (
    .clk_i, .rst_ni, .data_i(valid6), .data_o(valid11)
  );

  // --- 12 and 13: the row. The headers wait ----
  localparam int unsigned ROW_CYCLES = SPI_CYCLES + 2;
  logic valid12_q, valid13_q;
  logic spi_hit12_q, spi_hit13_q;
  logic [SA_LOG2-1:0] sa12_q, sa13_q;
  logic [7:0] cached12_q, cached13_q;   // verdict by the SPD cache
  esp_inbound_pkg::outer_t outer13;
  esp_inbound_pkg::cipher_row_t row12, row13_q;
  logic [63:0] top13_q;
  esp_delay_line #(.WIDTH($bits(outer6)), .CYCLES(ROW_CYCLES)) u_outer_delay (
    .clk_i, .rst_ni, .data_i(outer6), .data_o(outer13)
  );
  assign state_sa_o = valid11 ? sa11 : command_sa_i;
  esp_ram #(.WIDTH($bits(row_i)), .DEPTH_LOG2(SA_LOG2), .ULTRA(SA_LOG2 >= 12)) u_rows (
    .clk_i, .write_i(row_write_i), .write_address_i(command_sa_i), .write_data_i(row_i),
    .read_address_i(sa11), .read_data_o(row12)
  );
  always_ff @(posedge clk_i) begin
    valid12_q <= rst_ni && valid11;
    valid13_q <= rst_ni && valid12_q;
    spi_hit12_q <= spi_hit11;
    spi_hit13_q <= spi_hit12_q;
    sa12_q <= sa11;
    sa13_q <= sa12_q;
    if (!hit11) cached12_q <= esp_regs_pkg::VERDICT_NOT_ESP;
    else if (policy11 == 2'(esp_regs_pkg::POLICY_BYPASS))
      cached12_q <= esp_regs_pkg::VERDICT_BYPASSED;
    else cached12_q <= esp_regs_pkg::VERDICT_POLICY_DISCARD;
    cached13_q <= cached12_q;
    row13_q <= row12;
    top13_q <= top_i;
  end

  // --- 14: the SA's checks, ESN guess, replay pre-check ----
  logic [31:0] guess13;
  logic too_old13;
  /* verilator lint_off PINCONNECTEMPTY */ // the window is looked at by the commit stage
  esp_replay_number u_number (
    .esn_i(row13_q.esn), .check_i(row13_q.replay_check), .window_i(row13_q.replay_window),
    .top_i(top13_q), .low_i(outer13.sequence_low), .guess_i(32'd0),
    .high_o(guess13), .too_old_o(too_old13), .newer_o(), .guess_wrong_o(), .ahead_o(), .back_o()
  );
  /* verilator lint_on PINCONNECTEMPTY */
  logic valid14_q, known14_q, destination14_q, encapsulation14_q, too_old14_q;
  logic [SA_LOG2-1:0] sa14_q;
  logic [7:0] cached14_q;
  logic [31:0] guess14_q;
  /* verilator lint_off UNUSEDSIGNAL */ // fields whose check is done
  esp_inbound_pkg::outer_t outer14_q;
  esp_inbound_pkg::cipher_row_t row14_q;
  /* verilator lint_on UNUSEDSIGNAL */
  always_ff @(posedge clk_i) begin
    valid14_q <= rst_ni && valid13_q;
    known14_q <= spi_hit13_q && row13_q.valid && row13_q.spi == outer13.spi;
    destination14_q <= row13_q.outer_destination == outer13.destination
                       && row13_q.ipv6 == outer13.ipv6;
    encapsulation14_q <= row13_q.encapsulation == outer13.encapsulated;
    too_old14_q <= too_old13;
    sa14_q <= sa13_q;
    cached14_q <= cached13_q;
    guess14_q <= guess13;
    outer14_q <= outer13;
    row14_q <= row13_q;
  end

  // --- 15: record ----
  logic shifted;
  logic [7:0] verdict;
  esp_inbound_pkg::record_t record, record_q;
  logic valid15_q;
  always_comb begin
    verdict = outer14_q.verdict;
    if (outer14_q.look_up) begin
      verdict = cached14_q;
    end else if (outer14_q.verdict == esp_regs_pkg::VERDICT_OK) begin
      if (!known14_q) verdict = esp_regs_pkg::VERDICT_UNKNOWN_SPI;
      else if (!destination14_q) verdict = esp_regs_pkg::VERDICT_DESTINATION_MISMATCH;
      else if (!encapsulation14_q) verdict = esp_regs_pkg::VERDICT_ENCAPSULATION_MISMATCH;
    end
    // RFC 4543 with ESN has 20 bytes of AAD in front of the payload: 16 go as AAD, the last 4 of
    // the IV with the text.
    shifted = row14_q.gmac && row14_q.esn;
    record.info.verdict = verdict;
    record.info.crypt = verdict == esp_regs_pkg::VERDICT_OK && !too_old14_q;
    record.info.bypass = verdict == esp_regs_pkg::VERDICT_BYPASSED;
    record.info.shifted = record.info.crypt && shifted;
    record.info.transport = record.info.crypt && row14_q.transport;
    record.info.sa = '0;
    if (outer14_q.verdict == esp_regs_pkg::VERDICT_OK && !outer14_q.look_up)
      record.info.sa[SA_LOG2-1:0] = sa14_q;
    record.info.sequence_low = outer14_q.sequence_low;
    record.info.sequence_guess = guess14_q;
    record.info.text_bytes = record.info.bypass ? outer14_q.total : outer14_q.text_bytes;
    record.info.ipv6 = outer14_q.ipv6;
    record.info.ecn = outer14_q.ecn;
    record.info.header_words = outer14_q.header_words;
    if (record.info.bypass) record.offset_words = 5'd0;
    else record.offset_words = {1'b0, outer14_q.esp_word} + (shifted ? 5'd3 : 5'd4);
    record.core_bytes = record.info.text_bytes + (record.info.shifted ? 16'd4 : 16'd0);
    record.gmac = record.info.bypass || row14_q.gmac;
    record.esn = row14_q.esn;
    record.key_256 = row14_q.key_256;
    record.key = row14_q.key;
    record.salt = row14_q.salt;
    record.spi = outer14_q.spi;
    record.iv = outer14_q.iv;
    record.powers = row14_q.powers;
  end
  always_ff @(posedge clk_i) begin
    valid15_q <= rst_ni && valid14_q;
    record_q <= record;
  end
  assign record_valid_o = valid15_q;
  assign record_o = record_q;

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) begin
    if (rst_ni) begin
      assert (!(row_write_i && (valid6 || valid11 || valid12_q || valid13_q || valid14_q)))
        else $error("a row is written while packets are being decided");
    end
  end
`endif
endmodule
`default_nettype wire
