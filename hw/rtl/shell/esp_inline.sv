// The inline shell around the core: a bump in the wire, or a gateway, with Ethernet on a protected
// and an unprotected side and a port for the host. IP frames that come in on the protected side go
// through the outbound half with an SPD look-up and leave on the unprotected side; those that come
// in there go through the inbound half and leave on the protected side. What the engine does not
// carry goes to the host whole, and the host can send on either side. See docs/hardware/inline.md.
//
// MACs cannot be stopped: a side that is not keeping up drops whole frames and counts them. Frames
// are without preamble and check sequence, byte n of a beat in bits [8n+7:8n].
`default_nettype none
module esp_inline #(
  parameter int unsigned OUTBOUND_SA_LOG2 = 8,
  parameter int unsigned INBOUND_SA_LOG2 = 8,
  parameter int unsigned SPI_LOG2 = 7,
  parameter int unsigned SPD_CACHE_LOG2 = 7
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
  output logic      [1:0]   s_axil_bresp_o,
  output logic              s_axil_bvalid_o,
  input  wire logic         s_axil_bready_i,
  input  wire logic [15:0]  s_axil_araddr_i,
  input  wire logic         s_axil_arvalid_i,
  output logic              s_axil_arready_o,
  output logic      [31:0]  s_axil_rdata_o,
  output logic      [1:0]   s_axil_rresp_o,
  output logic              s_axil_rvalid_o,
  input  wire logic         s_axil_rready_i,
  // protected side, from and to the MAC
  input  wire logic         protected_rx_tvalid_i,
  input  wire logic [511:0] protected_rx_tdata_i,
  input  wire logic [63:0]  protected_rx_tkeep_i,
  input  wire logic         protected_rx_tlast_i,
  input  wire logic         protected_rx_terror_i,    // with the last beat: damaged
  output logic              protected_tx_tvalid_o,
  input  wire logic         protected_tx_tready_i,
  output logic      [511:0] protected_tx_tdata_o,
  output logic      [63:0]  protected_tx_tkeep_o,
  output logic              protected_tx_tlast_o,
  // unprotected side
  input  wire logic         unprotected_rx_tvalid_i,
  input  wire logic [511:0] unprotected_rx_tdata_i,
  input  wire logic [63:0]  unprotected_rx_tkeep_i,
  input  wire logic         unprotected_rx_tlast_i,
  input  wire logic         unprotected_rx_terror_i,    // with the last beat: damaged
  output logic              unprotected_tx_tvalid_o,
  input  wire logic         unprotected_tx_tready_i,
  output logic      [511:0] unprotected_tx_tdata_o,
  output logic      [63:0]  unprotected_tx_tkeep_o,
  output logic              unprotected_tx_tlast_o,
  // frames for the host; user: side (0 protected, 1 unprotected) in bit 8, reason below
  output logic              host_rx_tvalid_o,
  input  wire logic         host_rx_tready_i,
  output logic      [511:0] host_rx_tdata_o,
  output logic      [63:0]  host_rx_tkeep_o,
  output logic              host_rx_tlast_o,
  output logic      [8:0]   host_rx_tuser_o,
  // frames of the host; user: the side on which they leave
  input  wire logic         host_tx_tvalid_i,
  output logic              host_tx_tready_o,
  input  wire logic [511:0] host_tx_tdata_i,
  input  wire logic [63:0]  host_tx_tkeep_i,
  input  wire logic         host_tx_tlast_i,
  input  wire logic         host_tx_tuser_i
);
  // Between shell and core, named as the core's ports.
  logic [15:0] core_s_axil_awaddr, core_s_axil_araddr, core_out_in_length, core_out_in_sa,
    core_out_done_sa, core_out_done_length, core_in_in_length, core_in_done_sa,
    core_in_done_length;
  logic core_s_axil_awvalid, core_s_axil_awready, core_s_axil_wvalid, core_s_axil_wready,
    core_s_axil_bvalid, core_s_axil_bready, core_s_axil_arvalid, core_s_axil_arready,
    core_s_axil_rvalid, core_s_axil_rready, core_event_valid, core_event_ready,
    core_out_in_tvalid, core_out_in_tready, core_out_in_tlast, core_out_in_lookup,
    core_out_in_dummy, core_out_out_tvalid, core_out_out_tready, core_out_out_tlast,
    core_out_done_valid, core_out_done_ready, core_in_in_tvalid, core_in_in_tready,
    core_in_in_tlast, core_in_out_tvalid, core_in_out_tready, core_in_out_tlast,
    core_in_done_valid, core_in_done_ready;
  logic [31:0] core_s_axil_wdata, core_s_axil_rdata, core_event_data;
  logic [3:0] core_s_axil_wstrb;
  logic [1:0] core_s_axil_bresp, core_s_axil_rresp;
  logic [511:0] core_out_in_tdata, core_out_out_tdata, core_in_in_tdata, core_in_out_tdata;
  logic [7:0] core_out_in_spd, core_out_done_verdict, core_in_in_spd, core_in_done_verdict;
  logic [63:0] core_out_out_tkeep, core_in_out_tkeep;
  logic [47:0] core_out_done_next_hop, core_in_done_next_hop;
  esp_inline_shell u_shell (
    .clk_i, .rst_ni, .s_axil_awaddr_i, .s_axil_awvalid_i, .s_axil_awready_o, .s_axil_wdata_i,
    .s_axil_wstrb_i, .s_axil_wvalid_i, .s_axil_wready_o, .s_axil_bresp_o, .s_axil_bvalid_o,
    .s_axil_bready_i, .s_axil_araddr_i, .s_axil_arvalid_i, .s_axil_arready_o, .s_axil_rdata_o,
    .s_axil_rresp_o, .s_axil_rvalid_o, .s_axil_rready_i, .protected_rx_tvalid_i,
    .protected_rx_tdata_i, .protected_rx_tkeep_i, .protected_rx_tlast_i, .protected_rx_terror_i,
    .protected_tx_tvalid_o, .protected_tx_tready_i, .protected_tx_tdata_o, .protected_tx_tkeep_o,
    .protected_tx_tlast_o, .unprotected_rx_tvalid_i, .unprotected_rx_tdata_i,
    .unprotected_rx_tkeep_i, .unprotected_rx_tlast_i, .unprotected_rx_terror_i,
    .unprotected_tx_tvalid_o, .unprotected_tx_tready_i, .unprotected_tx_tdata_o,
    .unprotected_tx_tkeep_o, .unprotected_tx_tlast_o, .host_rx_tvalid_o, .host_rx_tready_i,
    .host_rx_tdata_o, .host_rx_tkeep_o, .host_rx_tlast_o, .host_rx_tuser_o, .host_tx_tvalid_i,
    .host_tx_tready_o, .host_tx_tdata_i, .host_tx_tkeep_i, .host_tx_tlast_i, .host_tx_tuser_i,
    .core_s_axil_awaddr_o(core_s_axil_awaddr), .core_s_axil_awvalid_o(core_s_axil_awvalid),
    .core_s_axil_awready_i(core_s_axil_awready), .core_s_axil_wdata_o(core_s_axil_wdata),
    .core_s_axil_wstrb_o(core_s_axil_wstrb), .core_s_axil_wvalid_o(core_s_axil_wvalid),
    .core_s_axil_wready_i(core_s_axil_wready), .core_s_axil_bresp_i(core_s_axil_bresp),
    .core_s_axil_bvalid_i(core_s_axil_bvalid), .core_s_axil_bready_o(core_s_axil_bready),
    .core_s_axil_araddr_o(core_s_axil_araddr), .core_s_axil_arvalid_o(core_s_axil_arvalid),
    .core_s_axil_arready_i(core_s_axil_arready), .core_s_axil_rdata_i(core_s_axil_rdata),
    .core_s_axil_rresp_i(core_s_axil_rresp), .core_s_axil_rvalid_i(core_s_axil_rvalid),
    .core_s_axil_rready_o(core_s_axil_rready), .core_event_valid_i(core_event_valid),
    .core_event_ready_o(core_event_ready), .core_event_data_i(core_event_data),
    .core_out_in_tvalid_o(core_out_in_tvalid), .core_out_in_tready_i(core_out_in_tready),
    .core_out_in_tdata_o(core_out_in_tdata), .core_out_in_tlast_o(core_out_in_tlast),
    .core_out_in_length_o(core_out_in_length), .core_out_in_sa_o(core_out_in_sa),
    .core_out_in_lookup_o(core_out_in_lookup), .core_out_in_dummy_o(core_out_in_dummy),
    .core_out_in_spd_o(core_out_in_spd), .core_out_out_tvalid_i(core_out_out_tvalid),
    .core_out_out_tready_o(core_out_out_tready), .core_out_out_tdata_i(core_out_out_tdata),
    .core_out_out_tkeep_i(core_out_out_tkeep), .core_out_out_tlast_i(core_out_out_tlast),
    .core_out_done_valid_i(core_out_done_valid), .core_out_done_ready_o(core_out_done_ready),
    .core_out_done_verdict_i(core_out_done_verdict), .core_out_done_sa_i(core_out_done_sa),
    .core_out_done_length_i(core_out_done_length),
    .core_out_done_next_hop_i(core_out_done_next_hop), .core_in_in_tvalid_o(core_in_in_tvalid),
    .core_in_in_tready_i(core_in_in_tready), .core_in_in_tdata_o(core_in_in_tdata),
    .core_in_in_tlast_o(core_in_in_tlast), .core_in_in_length_o(core_in_in_length),
    .core_in_in_spd_o(core_in_in_spd), .core_in_out_tvalid_i(core_in_out_tvalid),
    .core_in_out_tready_o(core_in_out_tready), .core_in_out_tdata_i(core_in_out_tdata),
    .core_in_out_tkeep_i(core_in_out_tkeep), .core_in_out_tlast_i(core_in_out_tlast),
    .core_in_done_valid_i(core_in_done_valid), .core_in_done_ready_o(core_in_done_ready),
    .core_in_done_verdict_i(core_in_done_verdict), .core_in_done_sa_i(core_in_done_sa),
    .core_in_done_length_i(core_in_done_length), .core_in_done_next_hop_i(core_in_done_next_hop)
  );
  esp_core #(
    .OUTBOUND_SA_LOG2(OUTBOUND_SA_LOG2), .INBOUND_SA_LOG2(INBOUND_SA_LOG2), .SPI_LOG2(SPI_LOG2),
    .SPD_CACHE_LOG2(SPD_CACHE_LOG2)
  ) u_core (
    .clk_i, .rst_ni, .s_axil_awaddr_i(core_s_axil_awaddr), .s_axil_awvalid_i(core_s_axil_awvalid),
    .s_axil_awready_o(core_s_axil_awready), .s_axil_wdata_i(core_s_axil_wdata),
    .s_axil_wstrb_i(core_s_axil_wstrb), .s_axil_wvalid_i(core_s_axil_wvalid),
    .s_axil_wready_o(core_s_axil_wready), .s_axil_bresp_o(core_s_axil_bresp),
    .s_axil_bvalid_o(core_s_axil_bvalid), .s_axil_bready_i(core_s_axil_bready),
    .s_axil_araddr_i(core_s_axil_araddr), .s_axil_arvalid_i(core_s_axil_arvalid),
    .s_axil_arready_o(core_s_axil_arready), .s_axil_rdata_o(core_s_axil_rdata),
    .s_axil_rresp_o(core_s_axil_rresp), .s_axil_rvalid_o(core_s_axil_rvalid),
    .s_axil_rready_i(core_s_axil_rready), .event_valid_o(core_event_valid),
    .event_ready_i(core_event_ready), .event_data_o(core_event_data),
    .out_in_tvalid_i(core_out_in_tvalid), .out_in_tready_o(core_out_in_tready),
    .out_in_tdata_i(core_out_in_tdata), .out_in_tlast_i(core_out_in_tlast),
    .out_in_length_i(core_out_in_length), .out_in_sa_i(core_out_in_sa),
    .out_in_lookup_i(core_out_in_lookup), .out_in_dummy_i(core_out_in_dummy),
    .out_in_spd_i(core_out_in_spd), .out_out_tvalid_o(core_out_out_tvalid),
    .out_out_tready_i(core_out_out_tready), .out_out_tdata_o(core_out_out_tdata),
    .out_out_tkeep_o(core_out_out_tkeep), .out_out_tlast_o(core_out_out_tlast),
    .out_done_valid_o(core_out_done_valid), .out_done_ready_i(core_out_done_ready),
    .out_done_verdict_o(core_out_done_verdict), .out_done_sa_o(core_out_done_sa),
    .out_done_length_o(core_out_done_length), .out_done_next_hop_o(core_out_done_next_hop),
    .in_in_tvalid_i(core_in_in_tvalid), .in_in_tready_o(core_in_in_tready),
    .in_in_tdata_i(core_in_in_tdata), .in_in_tlast_i(core_in_in_tlast),
    .in_in_length_i(core_in_in_length), .in_in_spd_i(core_in_in_spd),
    .in_out_tvalid_o(core_in_out_tvalid), .in_out_tready_i(core_in_out_tready),
    .in_out_tdata_o(core_in_out_tdata), .in_out_tkeep_o(core_in_out_tkeep),
    .in_out_tlast_o(core_in_out_tlast), .in_done_valid_o(core_in_done_valid),
    .in_done_ready_i(core_in_done_ready), .in_done_verdict_o(core_in_done_verdict),
    .in_done_sa_o(core_in_done_sa), .in_done_length_o(core_in_done_length),
    .in_done_next_hop_o(core_in_done_next_hop)
  );
endmodule
`default_nettype wire
