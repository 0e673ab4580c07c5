// The ESP engine: register block, outbound half, inbound half. The two halves share nothing but the
// clock. Streams are AXI4-Stream, 64 bytes wide, byte n in bits [8n+7:8n]; the frame length stands
// beside the first beat, and a frame has exactly ceil(length / 64) beats (one if it is empty).
// Every frame gets one completion, in order; only frames with the verdict ok leave on the output. A
// completion may come before, with or after its data.
`default_nettype none
module esp_core #(
  parameter int unsigned OUTBOUND_SA_LOG2 = 8,
  parameter int unsigned INBOUND_SA_LOG2 = 8,
  parameter int unsigned SPI_BUCKET_LOG2 = 8   // of four ways each
) (
  input  wire logic         clk_i,
  input  wire logic         rst_ni,
  // registers: AXI4-Lite
  input  wire logic [15:0]  s_axil_awaddr_i,
  input  wire logic         s_axil_awvalid_i,
  output logic              s_axil_awready_o,
  input  wire logic [31:0]  s_axil_wdata_i,
  input  wire logic [3:0]   s_axil_wstrb_i,
  input  wire logic         s_axil_wvalid_i,
  output logic              s_axil_wready_o,
  output logic [1:0]        s_axil_bresp_o,
  output logic              s_axil_bvalid_o,
  input  wire logic         s_axil_bready_i,
  input  wire logic [15:0]  s_axil_araddr_i,
  input  wire logic         s_axil_arvalid_i,
  output logic              s_axil_arready_o,
  output logic [31:0]       s_axil_rdata_o,
  output logic [1:0]        s_axil_rresp_o,
  output logic              s_axil_rvalid_o,
  input  wire logic         s_axil_rready_i,
  // outbound packets: in, out, completions
  input  wire logic         out_in_tvalid_i,
  output logic              out_in_tready_o,
  input  wire logic [511:0] out_in_tdata_i,
  input  wire logic         out_in_tlast_i,
  input  wire logic [15:0]  out_in_length_i,
  input  wire logic [15:0]  out_in_sa_i,
  output logic              out_out_tvalid_o,
  input  wire logic         out_out_tready_i,
  output logic [511:0]      out_out_tdata_o,
  output logic [63:0]       out_out_tkeep_o,
  output logic              out_out_tlast_o,
  output logic              out_done_valid_o,
  input  wire logic         out_done_ready_i,
  output logic [7:0]        out_done_verdict_o,
  output logic [15:0]       out_done_sa_o,
  output logic [15:0]       out_done_length_o,
  output logic              out_done_lease_low_o,
  // inbound packets: in, out, completions
  input  wire logic         in_in_tvalid_i,
  output logic              in_in_tready_o,
  input  wire logic [511:0] in_in_tdata_i,
  input  wire logic         in_in_tlast_i,
  input  wire logic [15:0]  in_in_length_i,
  output logic              in_out_tvalid_o,
  input  wire logic         in_out_tready_i,
  output logic [511:0]      in_out_tdata_o,
  output logic [63:0]       in_out_tkeep_o,
  output logic              in_out_tlast_o,
  output logic              in_done_valid_o,
  input  wire logic         in_done_ready_i,
  output logic [7:0]        in_done_verdict_o,
  output logic [15:0]       in_done_sa_o,
  output logic [15:0]       in_done_length_o
);
  localparam int unsigned GLOBAL_BITS =
    64 * (esp_regs_pkg::COUNTER_GLOBAL_COUNT + esp_regs_pkg::VERDICT_COUNT);

  logic outbound_hold, outbound_idle, outbound_row_write, outbound_lease_write;
  logic [OUTBOUND_SA_LOG2-1:0] outbound_sa;
  esp_regs_pkg::outbound_row_t outbound_row;
  logic [191:0] outbound_sa_counters;
  logic [GLOBAL_BITS-1:0] outbound_counters, inbound_counters;
  logic inbound_hold, inbound_idle, inbound_drained, inbound_row_write, spi_valid;
  logic [INBOUND_SA_LOG2-1:0] inbound_sa, spi_sa;
  esp_regs_pkg::inbound_row_t inbound_row;
  logic [3:0] spi_write;
  logic [SPI_BUCKET_LOG2-1:0] spi_bucket;
  logic [31:0] spi;
  logic [447:0] inbound_sa_counters;

  esp_registers #(
    .OUTBOUND_SA_LOG2(OUTBOUND_SA_LOG2), .INBOUND_SA_LOG2(INBOUND_SA_LOG2),
    .SPI_BUCKET_LOG2(SPI_BUCKET_LOG2)
  ) u_registers (
    .clk_i, .rst_ni,
    .s_axil_awaddr_i, .s_axil_awvalid_i, .s_axil_awready_o,
    .s_axil_wdata_i, .s_axil_wstrb_i, .s_axil_wvalid_i, .s_axil_wready_o,
    .s_axil_bresp_o, .s_axil_bvalid_o, .s_axil_bready_i,
    .s_axil_araddr_i, .s_axil_arvalid_i, .s_axil_arready_o,
    .s_axil_rdata_o, .s_axil_rresp_o, .s_axil_rvalid_o, .s_axil_rready_i,
    .outbound_hold_o(outbound_hold), .outbound_idle_i(outbound_idle),
    .outbound_row_write_o(outbound_row_write), .outbound_lease_write_o(outbound_lease_write),
    .outbound_sa_o(outbound_sa), .outbound_row_o(outbound_row),
    .outbound_sa_counters_i(outbound_sa_counters), .outbound_counters_i(outbound_counters),
    .inbound_hold_o(inbound_hold), .inbound_idle_i(inbound_idle),
    .inbound_drained_i(inbound_drained),
    .inbound_row_write_o(inbound_row_write), .inbound_sa_o(inbound_sa),
    .inbound_row_o(inbound_row),
    .spi_write_o(spi_write), .spi_bucket_o(spi_bucket), .spi_valid_o(spi_valid), .spi_o(spi),
    .spi_sa_o(spi_sa),
    .inbound_sa_counters_i(inbound_sa_counters), .inbound_counters_i(inbound_counters)
  );

  esp_outbound #(.SA_LOG2(OUTBOUND_SA_LOG2)) u_outbound (
    .clk_i, .rst_ni,
    .in_tvalid_i(out_in_tvalid_i), .in_tready_o(out_in_tready_o), .in_tdata_i(out_in_tdata_i),
    .in_tlast_i(out_in_tlast_i), .in_length_i(out_in_length_i), .in_sa_i(out_in_sa_i),
    .out_tvalid_o(out_out_tvalid_o), .out_tready_i(out_out_tready_i),
    .out_tdata_o(out_out_tdata_o), .out_tkeep_o(out_out_tkeep_o), .out_tlast_o(out_out_tlast_o),
    .done_valid_o(out_done_valid_o), .done_ready_i(out_done_ready_i),
    .done_verdict_o(out_done_verdict_o), .done_sa_o(out_done_sa_o),
    .done_length_o(out_done_length_o), .done_lease_low_o(out_done_lease_low_o),
    .hold_i(outbound_hold), .front_idle_o(outbound_idle),
    .row_write_i(outbound_row_write), .lease_write_i(outbound_lease_write),
    .command_sa_i(outbound_sa), .row_i(outbound_row),
    .sa_counters_o(outbound_sa_counters), .counters_o(outbound_counters)
  );

  esp_inbound #(.SA_LOG2(INBOUND_SA_LOG2), .BUCKET_LOG2(SPI_BUCKET_LOG2)) u_inbound (
    .clk_i, .rst_ni,
    .in_tvalid_i(in_in_tvalid_i), .in_tready_o(in_in_tready_o), .in_tdata_i(in_in_tdata_i),
    .in_tlast_i(in_in_tlast_i), .in_length_i(in_in_length_i),
    .out_tvalid_o(in_out_tvalid_o), .out_tready_i(in_out_tready_i), .out_tdata_o(in_out_tdata_o),
    .out_tkeep_o(in_out_tkeep_o), .out_tlast_o(in_out_tlast_o),
    .done_valid_o(in_done_valid_o), .done_ready_i(in_done_ready_i),
    .done_verdict_o(in_done_verdict_o), .done_sa_o(in_done_sa_o), .done_length_o(in_done_length_o),
    .hold_i(inbound_hold), .front_idle_o(inbound_idle), .drained_o(inbound_drained),
    .row_write_i(inbound_row_write), .command_sa_i(inbound_sa), .row_i(inbound_row),
    .spi_write_i(spi_write), .spi_bucket_i(spi_bucket), .spi_valid_i(spi_valid), .spi_i(spi),
    .spi_sa_i(spi_sa),
    .sa_counters_o(inbound_sa_counters), .counters_o(inbound_counters)
  );
endmodule
`default_nettype wire
