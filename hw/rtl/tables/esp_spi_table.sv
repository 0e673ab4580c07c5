// Inbound SPI table: buckets of four ways, each way a RAM of its own, so that an entry is written
// without touching its neighbours. A look-up takes one cycle: the SPI is hashed to a bucket, and
// hit_o and sa_o answer in the cycle after for the SPI of the cycle before.
`default_nettype none
module esp_spi_table #(
  parameter int unsigned BUCKET_LOG2 = 8,
  parameter int unsigned SA_LOG2 = 8
) (
  input  wire logic              clk_i,
  input  wire logic [31:0]       spi_i,
  output logic                   hit_o,
  output logic [SA_LOG2-1:0]     sa_o,
  input  wire logic [3:0]        write_i,    // by way
  input  wire logic [BUCKET_LOG2-1:0] write_bucket_i,
  input  wire logic              write_valid_i,
  input  wire logic [31:0]       write_spi_i,
  input  wire logic [SA_LOG2-1:0] write_sa_i
);
  // The driver places entries by the same hash (driver/src/card).
  logic [31:0] folded16;
  /* verilator lint_off UNUSEDSIGNAL */ // the modulus
  logic [31:0] folded8;
  /* verilator lint_on UNUSEDSIGNAL */
  logic [BUCKET_LOG2-1:0] bucket;
  assign folded16 = spi_i ^ (spi_i >> 16);
  assign folded8 = folded16 ^ (folded16 >> 8);
  assign bucket = folded8[BUCKET_LOG2-1:0];

  logic [31:0] spi_q;
  logic [3:0] hit;
  logic [4*SA_LOG2-1:0] sa;
  always_ff @(posedge clk_i) spi_q <= spi_i;

  for (genvar way = 0; way < esp_regs_pkg::SPI_WAYS; way = way + 1) begin : g_way
    logic entry_valid;
    logic [31:0] entry_spi;
    logic [SA_LOG2-1:0] entry_sa;
    esp_ram #(.WIDTH(33 + SA_LOG2), .DEPTH_LOG2(BUCKET_LOG2)) u_ram (
      .clk_i, .write_i(write_i[way]), .write_address_i(write_bucket_i),
      .write_data_i({write_valid_i, write_spi_i, write_sa_i}),
      .read_address_i(bucket), .read_data_o({entry_valid, entry_spi, entry_sa})
    );
    assign hit[way] = entry_valid && entry_spi == spi_q;
    assign sa[SA_LOG2*way+:SA_LOG2] = hit[way] ? entry_sa : '0;
  end
  assign hit_o = |hit;
  assign sa_o = sa[0+:SA_LOG2] | sa[SA_LOG2+:SA_LOG2] | sa[2*SA_LOG2+:SA_LOG2]
                | sa[3*SA_LOG2+:SA_LOG2];
endmodule
`default_nettype wire
