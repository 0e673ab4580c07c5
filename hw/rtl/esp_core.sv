// The ESP engine: register block, outbound half, inbound half. The two halves share nothing but the
// clock. Streams are AXI4-Stream, 64 bytes wide, byte n in bits [8n+7:8n]; the frame length stands
// beside the first beat, and a frame has exactly ceil(length / 64) beats (one if it is empty).
// Every frame gets one completion, in order; only frames with the verdict ok or bypassed leave on the
// output. A completion may come before, with or after its data.
`default_nettype none
module esp_core #(
  parameter int unsigned OUTBOUND_SA_LOG2 = 8,
  parameter int unsigned INBOUND_SA_LOG2 = 8,
  parameter int unsigned SPI_LOG2 = 7,         // entries of one way of four
  parameter int unsigned SPD_CACHE_LOG2 = 7    // the same, of each direction
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
  // events: the oldest one, in the layout of register event_data; a read of that register takes it too,
  // also from under a port that waits
  output logic              event_valid_o,
  input  wire logic         event_ready_i,
  output logic [31:0]       event_data_o,
  // outbound packets: in, out, completions
  input  wire logic         out_in_tvalid_i,
  output logic              out_in_tready_o,
  input  wire logic [511:0] out_in_tdata_i,
  input  wire logic         out_in_tlast_i,
  input  wire logic [15:0]  out_in_length_i,
  input  wire logic [15:0]  out_in_sa_i,
  input  wire logic         out_in_lookup_i,
  input  wire logic         out_in_dummy_i,
  input  wire logic [7:0]   out_in_spd_i,
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
  output logic [47:0]       out_done_next_hop_o,  // 0 unless ok
  // inbound packets: in, out, completions
  input  wire logic         in_in_tvalid_i,
  output logic              in_in_tready_o,
  input  wire logic [511:0] in_in_tdata_i,
  input  wire logic         in_in_tlast_i,
  input  wire logic [15:0]  in_in_length_i,
  input  wire logic [7:0]   in_in_spd_i,
  output logic              in_out_tvalid_o,
  input  wire logic         in_out_tready_i,
  output logic [511:0]      in_out_tdata_o,
  output logic [63:0]       in_out_tkeep_o,
  output logic              in_out_tlast_o,
  output logic              in_done_valid_o,
  input  wire logic         in_done_ready_i,
  output logic [7:0]        in_done_verdict_o,
  output logic [15:0]       in_done_sa_o,
  output logic [15:0]       in_done_length_o,
  output logic [47:0]       in_done_next_hop_o    // 0 unless ok
);
  localparam int unsigned GLOBAL_BITS =
    64 * (esp_regs_pkg::COUNTER_GLOBAL_COUNT + esp_regs_pkg::VERDICT_COUNT);

  // --- registers and commands ----
  logic register_write, shadow_wipe, ready, busy, rejected;
  logic [15:0] register_address;
  logic [31:0] register_data;
  logic [32*esp_regs_pkg::SHADOW_WORDS-1:0] shadow;
  logic [GLOBAL_BITS-1:0] snapshot, outbound_counters, inbound_counters;
  logic outbound_hold, outbound_idle, outbound_drained, outbound_row_write, outbound_lease_write;
  logic [OUTBOUND_SA_LOG2-1:0] outbound_sa;
  esp_regs_pkg::outbound_row_t outbound_row;
  logic [64*esp_regs_pkg::COUNTER_SA_OUTBOUND_COUNT-1:0] outbound_sa_counters;
  logic inbound_hold, inbound_idle, inbound_drained, inbound_row_write;
  logic [INBOUND_SA_LOG2-1:0] inbound_sa;
  esp_regs_pkg::inbound_row_t inbound_row;
  logic [64*esp_regs_pkg::COUNTER_SA_INBOUND_COUNT-1:0] inbound_sa_counters;
  logic [3:0] spi_write, outbound_cache_write, inbound_cache_write;
  logic [SPI_LOG2-1:0] spi_index;
  esp_regs_pkg::spi_entry_t spi_entry;
  logic [SPD_CACHE_LOG2-1:0] cache_index;
  esp_regs_pkg::spd_cache_entry_t cache_entry;
  logic event_read, event_read_valid;
  logic self_test_run, self_test_corrupt, self_test_passed, self_test_failed;
  logic [1:0] self_test_done, self_test_ok;  // outbound, inbound

  esp_registers #(
    .OUTBOUND_SA_LOG2(OUTBOUND_SA_LOG2), .INBOUND_SA_LOG2(INBOUND_SA_LOG2),
    .SPI_LOG2(SPI_LOG2), .SPD_CACHE_LOG2(SPD_CACHE_LOG2)
  ) u_registers (
    .clk_i, .rst_ni,
    .s_axil_awaddr_i, .s_axil_awvalid_i, .s_axil_awready_o,
    .s_axil_wdata_i, .s_axil_wstrb_i, .s_axil_wvalid_i, .s_axil_wready_o,
    .s_axil_bresp_o, .s_axil_bvalid_o, .s_axil_bready_i,
    .s_axil_araddr_i, .s_axil_arvalid_i, .s_axil_arready_o,
    .s_axil_rdata_o, .s_axil_rresp_o, .s_axil_rvalid_o, .s_axil_rready_i,
    .write_o(register_write), .address_o(register_address), .data_o(register_data),
    .shadow_o(shadow), .shadow_wipe_i(shadow_wipe),
    .ready_i(ready), .busy_i(busy), .rejected_i(rejected), .snapshot_i(snapshot),
    .self_test_passed_i(self_test_passed), .self_test_failed_i(self_test_failed),
    .event_valid_i(event_read_valid), .event_data_i(event_data_o), .event_read_o(event_read)
  );

  esp_commands #(
    .OUTBOUND_SA_LOG2(OUTBOUND_SA_LOG2), .INBOUND_SA_LOG2(INBOUND_SA_LOG2),
    .SPI_LOG2(SPI_LOG2), .SPD_CACHE_LOG2(SPD_CACHE_LOG2)
  ) u_commands (
    .clk_i, .rst_ni,
    .write_i(register_write), .address_i(register_address), .data_i(register_data),
    .shadow_i(shadow), .shadow_wipe_o(shadow_wipe),
    .ready_o(ready), .busy_o(busy), .rejected_o(rejected), .snapshot_o(snapshot),
    .self_test_passed_o(self_test_passed), .self_test_failed_o(self_test_failed),
    .self_test_run_o(self_test_run), .self_test_corrupt_o(self_test_corrupt),
    .self_test_done_i(self_test_done), .self_test_ok_i(self_test_ok),
    .outbound_hold_o(outbound_hold), .outbound_idle_i(outbound_idle),
    .outbound_drained_i(outbound_drained),
    .outbound_row_write_o(outbound_row_write), .outbound_lease_write_o(outbound_lease_write),
    .outbound_sa_o(outbound_sa), .outbound_row_o(outbound_row),
    .outbound_cache_write_o(outbound_cache_write),
    .outbound_sa_counters_i(outbound_sa_counters), .outbound_counters_i(outbound_counters),
    .inbound_hold_o(inbound_hold), .inbound_idle_i(inbound_idle),
    .inbound_drained_i(inbound_drained), .inbound_row_write_o(inbound_row_write),
    .inbound_sa_o(inbound_sa),
    .inbound_row_o(inbound_row), .spi_write_o(spi_write), .spi_index_o(spi_index),
    .spi_entry_o(spi_entry), .inbound_cache_write_o(inbound_cache_write),
    .inbound_sa_counters_i(inbound_sa_counters), .inbound_counters_i(inbound_counters),
    .cache_index_o(cache_index), .cache_entry_o(cache_entry)
  );

  // --- events ----
  logic outbound_event, inbound_event, outbound_event_lost, inbound_event_lost;
  logic [5:0] outbound_event_kinds, inbound_event_kinds;
  logic [15:0] outbound_event_sa, inbound_event_sa;
  esp_event_queue u_events (
    .clk_i, .rst_ni,
    .outbound_valid_i(outbound_event), .outbound_kinds_i(outbound_event_kinds),
    .outbound_sa_i(outbound_event_sa), .outbound_lost_o(outbound_event_lost),
    .inbound_valid_i(inbound_event), .inbound_kinds_i(inbound_event_kinds),
    .inbound_sa_i(inbound_event_sa), .inbound_lost_o(inbound_event_lost),
    .valid_o(event_valid_o), .ready_i(event_ready_i), .data_o(event_data_o),
    .read_valid_o(event_read_valid), .read_i(event_read)
  );

  // --- the halves ----
  esp_outbound #(.SA_LOG2(OUTBOUND_SA_LOG2), .SPD_CACHE_LOG2(SPD_CACHE_LOG2)) u_outbound (
    .clk_i, .rst_ni,
    .in_tvalid_i(out_in_tvalid_i), .in_tready_o(out_in_tready_o), .in_tdata_i(out_in_tdata_i),
    .in_tlast_i(out_in_tlast_i), .in_length_i(out_in_length_i), .in_sa_i(out_in_sa_i),
    .in_lookup_i(out_in_lookup_i), .in_dummy_i(out_in_dummy_i), .in_spd_i(out_in_spd_i),
    .out_tvalid_o(out_out_tvalid_o), .out_tready_i(out_out_tready_i),
    .out_tdata_o(out_out_tdata_o), .out_tkeep_o(out_out_tkeep_o), .out_tlast_o(out_out_tlast_o),
    .done_valid_o(out_done_valid_o), .done_ready_i(out_done_ready_i),
    .done_verdict_o(out_done_verdict_o), .done_sa_o(out_done_sa_o),
    .done_length_o(out_done_length_o), .done_next_hop_o(out_done_next_hop_o),
    .event_valid_o(outbound_event), .event_kinds_o(outbound_event_kinds),
    .event_sa_o(outbound_event_sa), .event_lost_i(outbound_event_lost),
    .hold_i(outbound_hold), .front_idle_o(outbound_idle), .drained_o(outbound_drained),
    .refuse_i(self_test_failed), .self_test_run_i(self_test_run),
    .self_test_corrupt_i(self_test_corrupt), .self_test_done_o(self_test_done[0]),
    .self_test_ok_o(self_test_ok[0]),
    .row_write_i(outbound_row_write), .lease_write_i(outbound_lease_write),
    .command_sa_i(outbound_sa), .row_i(outbound_row),
    .cache_write_i(outbound_cache_write), .cache_index_i(cache_index),
    .cache_entry_i(cache_entry),
    .sa_counters_o(outbound_sa_counters), .counters_o(outbound_counters)
  );

  esp_inbound #(
    .SA_LOG2(INBOUND_SA_LOG2), .SPI_LOG2(SPI_LOG2), .SPD_CACHE_LOG2(SPD_CACHE_LOG2)
  ) u_inbound (
    .clk_i, .rst_ni,
    .in_tvalid_i(in_in_tvalid_i), .in_tready_o(in_in_tready_o), .in_tdata_i(in_in_tdata_i),
    .in_tlast_i(in_in_tlast_i), .in_length_i(in_in_length_i), .in_spd_i(in_in_spd_i),
    .out_tvalid_o(in_out_tvalid_o), .out_tready_i(in_out_tready_i), .out_tdata_o(in_out_tdata_o),
    .out_tkeep_o(in_out_tkeep_o), .out_tlast_o(in_out_tlast_o),
    .done_valid_o(in_done_valid_o), .done_ready_i(in_done_ready_i),
    .done_verdict_o(in_done_verdict_o), .done_sa_o(in_done_sa_o),
    .done_length_o(in_done_length_o), .done_next_hop_o(in_done_next_hop_o),
    .event_valid_o(inbound_event), .event_kinds_o(inbound_event_kinds),
    .event_sa_o(inbound_event_sa), .event_lost_i(inbound_event_lost),
    .hold_i(inbound_hold), .front_idle_o(inbound_idle), .drained_o(inbound_drained),
    .refuse_i(self_test_failed), .self_test_run_i(self_test_run),
    .self_test_corrupt_i(self_test_corrupt), .self_test_done_o(self_test_done[1]),
    .self_test_ok_o(self_test_ok[1]),
    .row_write_i(inbound_row_write),
    .command_sa_i(inbound_sa), .row_i(inbound_row),
    .spi_write_i(spi_write), .spi_index_i(spi_index), .spi_entry_i(spi_entry),
    .cache_write_i(inbound_cache_write), .cache_index_i(cache_index),
    .cache_entry_i(cache_entry),
    .sa_counters_o(inbound_sa_counters), .counters_o(inbound_counters)
  );
endmodule
`default_nettype wire
