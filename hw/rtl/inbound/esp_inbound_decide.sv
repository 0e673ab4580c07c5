// Inbound decision pipeline: for every first beat, in order and one per cycle, the outer headers,
// the SPI and SPD cache look-ups, the SA row, the ESN guess and the replay pre-check; one record
// per packet. It never stalls.
//
//   1-9 outer headers   9-15 SPI table (7-13 SPD cache)   16 row   17 row kept   18 checks, guess
//   19 record
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
  localparam int unsigned OUTER_CYCLES = PARSE_CYCLES + 2;  // to the SPI

  // --- 1 to 9: outer headers, the SPI first ----
  logic parsed6, valid8;
  logic [7:0] spd6;
  esp_core_pkg::ip_t ip6;
  logic [31:0] spi8;
  esp_inbound_pkg::outer_t outer9;
  esp_inbound_outer u_outer (
    .clk_i, .rst_ni, .refuse_i, .first_i, .data_i, .length_i,
    .parsed_o(parsed6), .ip_o(ip6), .valid_o(valid8), .spi_o(spi8), .outer_o(outer9)
  );
  esp_delay_line #(.WIDTH(8), .CYCLES(PARSE_CYCLES)) u_spd (
    .clk_i, .rst_ni, .data_i(spd_i), .data_o(spd6)
  );

  // --- 7 to 15: tables ----
  logic cached, hit13, hit15, spi_hit15, valid15;
  logic [1:0] policy13, policy15;
  logic [SA_LOG2-1:0] sa15;
  /* verilator lint_off PINCONNECTEMPTY */ // inbound, a flow that is to be protected has no SA
  esp_spd_cache #(.SPD_CACHE_LOG2(SPD_CACHE_LOG2)) u_cache (
    .clk_i, .rst_ni, .valid_i(parsed6), .ip_i(ip6), .spd_i(spd6),
    .valid_o(cached), .hit_o(hit13), .policy_o(policy13), .sa_o(),
    .write_i(cache_write_i), .write_index_i(cache_index_i), .write_entry_i(cache_entry_i)
  );
  /* verilator lint_on PINCONNECTEMPTY */
  esp_delay_bits #(
    .WIDTH(3), .CYCLES(OUTER_CYCLES + SPI_CYCLES - PARSE_CYCLES - CACHE_CYCLES)
  ) u_policy (
    .clk_i, .rst_ni, .data_i({cached && hit13, policy13}), .data_o({hit15, policy15})
  );
  esp_spi_table #(.SPI_LOG2(SPI_LOG2), .SA_LOG2(SA_LOG2)) u_spi (
    .clk_i, .rst_ni, .spi_i(spi8), .hit_o(spi_hit15), .sa_o(sa15),
    .write_i(spi_write_i), .write_index_i(spi_index_i), .write_entry_i(spi_entry_i)
  );
  esp_delay_bits #(.WIDTH(1), .CYCLES(SPI_CYCLES)) u_valid (
    .clk_i, .rst_ni, .data_i(valid8), .data_o(valid15)
  );

  // --- 16 and 17: the row. The headers wait ----
  localparam int unsigned ROW_CYCLES = SPI_CYCLES + 2;
  logic valid16_q, valid17_q;
  logic spi_hit16_q, spi_hit17_q;
  logic [SA_LOG2-1:0] sa16_q, sa17_q;
  logic [7:0] cached16_q, cached17_q;   // verdict by the SPD cache
  esp_inbound_pkg::outer_t outer16, outer17_q;
  esp_inbound_pkg::cipher_row_t row16, row17_q;
  logic [63:0] top17_q;
  logic [32:0] reach17_q;
  esp_delay_line #(.WIDTH($bits(outer9)), .CYCLES(ROW_CYCLES - 2)) u_outer_delay (
    .clk_i, .rst_ni, .data_i(outer9), .data_o(outer16)
  );
  assign state_sa_o = valid15 ? sa15 : command_sa_i;
  esp_ram #(.WIDTH($bits(row_i)), .DEPTH_LOG2(SA_LOG2), .ULTRA(SA_LOG2 >= 12)) u_rows (
    .clk_i, .write_i(row_write_i), .write_address_i(command_sa_i), .write_data_i(row_i),
    .read_address_i(sa15), .read_data_o(row16)
  );
  always_ff @(posedge clk_i) begin
    valid16_q <= rst_ni && valid15;
    valid17_q <= rst_ni && valid16_q;
    spi_hit16_q <= spi_hit15;
    spi_hit17_q <= spi_hit16_q;
    sa16_q <= sa15;
    sa17_q <= sa16_q;
    if (!hit15) cached16_q <= esp_regs_pkg::VERDICT_NOT_ESP;
    else if (policy15 == 2'(esp_regs_pkg::POLICY_BYPASS))
      cached16_q <= esp_regs_pkg::VERDICT_BYPASSED;
    else cached16_q <= esp_regs_pkg::VERDICT_POLICY_DISCARD;
    cached17_q <= cached16_q;
    outer17_q <= outer16;
    row17_q <= row16;
    reach17_q <= {1'b0, outer16.sequence_low} + {22'd0, row16.replay_reach};
    top17_q <= top_i;
  end

  // --- 18: the SA's checks, ESN guess, replay pre-check ----
  logic [31:0] guess17;
  logic too_old17;
  /* verilator lint_off PINCONNECTEMPTY */ // the window is looked at by the commit stage
  esp_replay_number u_number (
    .esn_i(row17_q.esn), .check_i(row17_q.replay_check), .top_i(top17_q),
    .low_i(outer17_q.sequence_low), .reach_i(reach17_q), .turn_i('0),
    .guess_i('0), .guess_above_i('0), .guess_below_i('0),
    .high_o(guess17), .too_old_o(too_old17), .newer_o(), .guess_wrong_o(), .same_block_o(),
    .far_o()
  );
  /* verilator lint_on PINCONNECTEMPTY */
  logic valid18_q, known18_q, destination18_q, encapsulation18_q, too_old18_q;
  logic esp18_q, bypass18_q;              // so far
  logic [15:0] shifted_bytes17, shifted_bytes18_q;  // text, with 4 bytes of the IV in front
  logic [9:0] last_total18_q, last_text18_q, last_shifted18_q;
  assign shifted_bytes17 = outer17_q.text_bytes + 16'd4;
  logic [SA_LOG2-1:0] sa18_q;
  logic [7:0] cached18_q;
  logic [31:0] guess18_q;
  /* verilator lint_off UNUSEDSIGNAL */ // fields whose check is done
  esp_inbound_pkg::outer_t outer18_q;
  esp_inbound_pkg::cipher_row_t row18_q;
  /* verilator lint_on UNUSEDSIGNAL */
  always_ff @(posedge clk_i) begin
    valid18_q <= rst_ni && valid17_q;
    known18_q <= spi_hit17_q && row17_q.valid && row17_q.spi == outer17_q.spi;
    destination18_q <= row17_q.outer_destination == outer17_q.destination
                       && row17_q.ipv6 == outer17_q.ipv6;
    encapsulation18_q <= row17_q.encapsulation == outer17_q.encapsulated;
    too_old18_q <= too_old17;
    esp18_q <= outer17_q.verdict == esp_regs_pkg::VERDICT_OK && !outer17_q.look_up;
    bypass18_q <= outer17_q.look_up && cached17_q == esp_regs_pkg::VERDICT_BYPASSED;
    shifted_bytes18_q <= shifted_bytes17;
    last_total18_q <= esp_core_pkg::last_beat(outer17_q.total);
    last_text18_q <= esp_core_pkg::last_beat(outer17_q.text_bytes);
    // Of a length plus 4, without a second sum.
    last_shifted18_q <= outer17_q.text_bytes[15:6]
                        + {9'd0, outer17_q.text_bytes[5:0] > 6'd60};
    sa18_q <= sa17_q;
    cached18_q <= cached17_q;
    guess18_q <= guess17;
    outer18_q <= outer17_q;
    row18_q <= row17_q;
  end

  // --- 19: record ----
  logic shifted;
  logic [7:0] verdict;
  esp_inbound_pkg::record_t record, record_q;
  logic valid19_q;
  always_comb begin
    verdict = outer18_q.verdict;
    if (outer18_q.look_up) begin
      verdict = cached18_q;
    end else if (esp18_q) begin
      if (!known18_q) verdict = esp_regs_pkg::VERDICT_UNKNOWN_SPI;
      else if (!destination18_q) verdict = esp_regs_pkg::VERDICT_DESTINATION_MISMATCH;
      else if (!encapsulation18_q) verdict = esp_regs_pkg::VERDICT_ENCAPSULATION_MISMATCH;
    end
    // RFC 4543 with ESN has 20 bytes of AAD in front of the payload: 16 go as AAD, the last 4 of
    // the IV with the text.
    shifted = row18_q.gmac && row18_q.esn;
    record.info.verdict = verdict;
    record.info.crypt = esp18_q && known18_q && destination18_q && encapsulation18_q
                        && !too_old18_q;
    record.info.bypass = bypass18_q;
    record.info.shifted = record.info.crypt && shifted;
    record.info.transport = record.info.crypt && row18_q.transport;
    record.info.sa = '0;
    if (esp18_q) record.info.sa[SA_LOG2-1:0] = sa18_q;
    record.info.sequence_low = outer18_q.sequence_low;
    record.info.sequence_guess = guess18_q;
    record.info.text_bytes = record.info.bypass ? outer18_q.total : outer18_q.text_bytes;
    record.info.ipv6 = outer18_q.ipv6;
    record.info.ecn = outer18_q.ecn;
    record.info.header_words = outer18_q.header_words;
    if (record.info.bypass) record.offset_words = 5'd0;
    else record.offset_words = {1'b0, outer18_q.esp_word} + (shifted ? 5'd3 : 5'd4);
    if (record.info.bypass) record.last_text = last_total18_q;
    else record.last_text = record.info.shifted ? last_shifted18_q : last_text18_q;
    record.behind_text = record.last_text + 10'd1;
    record.core_bytes = record.info.shifted ? shifted_bytes18_q : record.info.text_bytes;
    record.gmac = record.info.bypass || row18_q.gmac;
    record.esn = row18_q.esn;
    record.key_256 = row18_q.key_256;
    record.key = row18_q.key;
    record.salt = row18_q.salt;
    record.spi = outer18_q.spi;
    record.iv = outer18_q.iv;
    record.powers = row18_q.powers;
  end
  always_ff @(posedge clk_i) begin
    valid19_q <= rst_ni && valid18_q;
    record_q <= record;
  end
  assign record_valid_o = valid19_q;
  assign record_o = record_q;

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) begin
    if (rst_ni) begin
      assert (!(row_write_i && (valid8 || valid15 || valid16_q || valid17_q || valid18_q)))
        else $error("a row is written while packets are being decided");
    end
  end
`endif
endmodule
`default_nettype wire
