// A stand-in for the core, so that a test of a shell can ask for any answer. A packet says in its
// first bytes what becomes of it:
//   0..1 output length, 0 for a dropped packet   2 verdict   3 bit 0: completion after the data;
//   bit 1: the next hop of the completion echoes the request: {lookup, dummy, spd, length}
//   4..5 SA of the completion (inbound; outbound echoes the request's)             8..13 next hop
// Output beat k is input beat k; beyond the input every byte is a5. Registers: a snapshot keeps the
// status busy for a while, and word w of SNAPSHOT_DATA is the command plus w; writing EVENT_DATA
// queues an event.
`default_nettype none
/* verilator lint_off UNUSEDPARAM */ // it has no tables
module esp_core #(
  parameter int unsigned OUTBOUND_SA_LOG2 = 8,
  parameter int unsigned INBOUND_SA_LOG2 = 8,
  parameter int unsigned SPI_LOG2 = 7,
  parameter int unsigned SPD_CACHE_LOG2 = 7
/* verilator lint_on UNUSEDPARAM */
) (
  input  wire logic         clk_i,
  input  wire logic         rst_ni,
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
  output logic [47:0]       out_done_next_hop_o,
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
  output logic [47:0]       in_done_next_hop_o,
  output logic              event_valid_o,
  input  wire logic         event_ready_i,
  output logic [31:0]       event_data_o
);
  stand_in_half #(.ECHO_SA(1'b1)) u_outbound (
    .clk_i, .rst_ni,
    .in_valid_i(out_in_tvalid_i), .in_ready_o(out_in_tready_o), .in_data_i(out_in_tdata_i),
    .in_last_i(out_in_tlast_i), .in_length_i(out_in_length_i), .in_sa_i(out_in_sa_i),
    .in_lookup_i(out_in_lookup_i), .in_dummy_i(out_in_dummy_i), .in_spd_i(out_in_spd_i),
    .out_valid_o(out_out_tvalid_o), .out_ready_i(out_out_tready_i), .out_data_o(out_out_tdata_o),
    .out_keep_o(out_out_tkeep_o), .out_last_o(out_out_tlast_o),
    .done_valid_o(out_done_valid_o), .done_ready_i(out_done_ready_i),
    .done_verdict_o(out_done_verdict_o), .done_sa_o(out_done_sa_o),
    .done_length_o(out_done_length_o), .done_next_hop_o(out_done_next_hop_o)
  );
  stand_in_half #(.ECHO_SA(1'b0)) u_inbound (
    .clk_i, .rst_ni,
    .in_valid_i(in_in_tvalid_i), .in_ready_o(in_in_tready_o), .in_data_i(in_in_tdata_i),
    .in_last_i(in_in_tlast_i), .in_length_i(in_in_length_i), .in_sa_i(16'd0),
    .in_lookup_i(1'b0), .in_dummy_i(1'b0), .in_spd_i(in_in_spd_i),
    .out_valid_o(in_out_tvalid_o), .out_ready_i(in_out_tready_i), .out_data_o(in_out_tdata_o),
    .out_keep_o(in_out_tkeep_o), .out_last_o(in_out_tlast_o),
    .done_valid_o(in_done_valid_o), .done_ready_i(in_done_ready_i),
    .done_verdict_o(in_done_verdict_o), .done_sa_o(in_done_sa_o),
    .done_length_o(in_done_length_o), .done_next_hop_o(in_done_next_hop_o)
  );

  // --- registers ---
  localparam int unsigned BUSY_CYCLES = 50;
  logic aw_q, w_q, ar_q, write;
  logic [15:0] awaddr_q, araddr_q, word;
  logic [31:0] wdata_q, command_q;
  logic [7:0] busy_q;
  assign s_axil_awready_o = !aw_q;
  assign s_axil_wready_o = !w_q;
  assign s_axil_arready_o = !ar_q;
  assign s_axil_bresp_o = 2'b00;
  assign s_axil_rresp_o = 2'b00;
  assign s_axil_bvalid_o = aw_q && w_q;
  assign s_axil_rvalid_o = ar_q;
  assign write = s_axil_bvalid_o && s_axil_bready_i;
  assign word = (araddr_q - 16'(esp_regs_pkg::REG_SNAPSHOT_DATA)) >> 2;
  always_comb begin
    if (araddr_q == 16'(esp_regs_pkg::REG_ID)) s_axil_rdata_o = esp_regs_pkg::ID;
    else if (araddr_q == 16'(esp_regs_pkg::REG_STATUS))
      s_axil_rdata_o = {30'd0, busy_q != '0, 1'b1};
    else s_axil_rdata_o = command_q + {16'd0, word};
  end
  always_ff @(posedge clk_i) begin
    if (s_axil_awvalid_i && s_axil_awready_o) awaddr_q <= s_axil_awaddr_i;
    if (s_axil_wvalid_i && s_axil_wready_o && s_axil_wstrb_i == '1) wdata_q <= s_axil_wdata_i;
    if (s_axil_arvalid_i && s_axil_arready_o) araddr_q <= s_axil_araddr_i;
    if (!rst_ni) begin
      aw_q <= 1'b0;
      w_q <= 1'b0;
      ar_q <= 1'b0;
      busy_q <= '0;
    end else begin
      aw_q <= (aw_q || s_axil_awvalid_i) && !write;
      w_q <= (w_q || s_axil_wvalid_i) && !write;
      ar_q <= ar_q ? !s_axil_rready_i : s_axil_arvalid_i;
      if (write && awaddr_q == 16'(esp_regs_pkg::REG_SNAPSHOT_COMMAND)) begin
        command_q <= wdata_q;
        busy_q <= 8'(BUSY_CYCLES);
      end else if (busy_q != '0) begin
        busy_q <= busy_q - 8'd1;
      end
    end
  end

  // Overflow is the test's to avoid.
  /* verilator lint_off UNUSEDSIGNAL */
  logic [6:0] event_count;
  /* verilator lint_on UNUSEDSIGNAL */
  esp_fifo #(.WIDTH(32), .DEPTH_LOG2(6)) u_events (
    .clk_i, .rst_ni, .push_i(write && awaddr_q == 16'(esp_regs_pkg::REG_EVENT_DATA)),
    .data_i(wdata_q), .pop_i(event_valid_o && event_ready_i),
    .valid_o(event_valid_o), .data_o(event_data_o), .count_o(event_count)
  );
endmodule
`default_nettype wire
