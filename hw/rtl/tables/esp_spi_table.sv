// Inbound SPI table: hit_o and sa_o come esp_core_pkg::SPI_CYCLES after spi_i.
`default_nettype none
module esp_spi_table #(
  parameter int unsigned SPI_LOG2 = 7,
  parameter int unsigned SA_LOG2 = 8
) (
  input  wire logic               clk_i,
  input  wire logic               rst_ni,
  input  wire logic [31:0]        spi_i,
  output logic                    hit_o,
  output logic [SA_LOG2-1:0]      sa_o,
  input  wire logic [3:0]         write_i,   // by way
  input  wire logic [SPI_LOG2-1:0] write_index_i,
  /* verilator lint_off UNUSEDSIGNAL */ // the register block lets no larger SA index pass
  input  wire esp_regs_pkg::spi_entry_t write_entry_i
  /* verilator lint_on UNUSEDSIGNAL */
);
  logic [63:0] hash;
  logic [31:0] spi_late;
  esp_table_hash #(.WORDS(1)) u_hash (.clk_i, .key_i(spi_i), .hash_o(hash));
  esp_delay_bits #(.WIDTH(32), .CYCLES(esp_core_pkg::HASH_CYCLES)) u_spi (
    .clk_i, .rst_ni, .data_i(spi_i), .data_o(spi_late)
  );
  esp_hash_table #(.KEY_WIDTH(32), .VALUE_WIDTH(SA_LOG2), .INDEX_LOG2(SPI_LOG2)) u_table (
    .clk_i, .key_i(spi_late), .hash_i(hash), .hit_o, .value_o(sa_o),
    .write_i, .write_index_i, .write_valid_i(write_entry_i.valid),
    .write_key_i(write_entry_i.spi), .write_value_i(write_entry_i.sa[SA_LOG2-1:0])
  );
endmodule
`default_nettype wire
