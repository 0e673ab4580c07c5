// The inline shell without the core: everything of esp_inline but esp_core, whose ports
// stand here with `core_` in front. Apart, so that a simulation can put any core behind it.
`default_nettype none
module esp_inline_shell (
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
  input  wire logic         host_tx_tuser_i,
  // the core
  output logic      [15:0]  core_s_axil_awaddr_o,
  output logic              core_s_axil_awvalid_o,
  input  wire logic         core_s_axil_awready_i,
  output logic      [31:0]  core_s_axil_wdata_o,
  output logic      [3:0]   core_s_axil_wstrb_o,
  output logic              core_s_axil_wvalid_o,
  input  wire logic         core_s_axil_wready_i,
  input  wire logic         core_s_axil_bvalid_i,
  output logic              core_s_axil_bready_o,
  output logic      [15:0]  core_s_axil_araddr_o,
  output logic              core_s_axil_arvalid_o,
  input  wire logic         core_s_axil_arready_i,
  input  wire logic [31:0]  core_s_axil_rdata_i,
  input  wire logic         core_s_axil_rvalid_i,
  output logic              core_s_axil_rready_o,
  output logic              core_event_ready_o,
  output logic              core_out_in_tvalid_o,
  input  wire logic         core_out_in_tready_i,
  output logic      [511:0] core_out_in_tdata_o,
  output logic              core_out_in_tlast_o,
  output logic      [15:0]  core_out_in_length_o,
  output logic      [15:0]  core_out_in_sa_o,
  output logic              core_out_in_lookup_o,
  output logic              core_out_in_dummy_o,
  output logic      [7:0]   core_out_in_spd_o,
  input  wire logic         core_out_out_tvalid_i,
  output logic              core_out_out_tready_o,
  input  wire logic [511:0] core_out_out_tdata_i,
  input  wire logic [63:0]  core_out_out_tkeep_i,
  input  wire logic         core_out_out_tlast_i,
  input  wire logic         core_out_done_valid_i,
  output logic              core_out_done_ready_o,
  input  wire logic [7:0]   core_out_done_verdict_i,
  input  wire logic [15:0]  core_out_done_length_i,
  input  wire logic [47:0]  core_out_done_next_hop_i,
  output logic              core_in_in_tvalid_o,
  input  wire logic         core_in_in_tready_i,
  output logic      [511:0] core_in_in_tdata_o,
  output logic              core_in_in_tlast_o,
  output logic      [15:0]  core_in_in_length_o,
  output logic      [7:0]   core_in_in_spd_o,
  input  wire logic         core_in_out_tvalid_i,
  output logic              core_in_out_tready_o,
  input  wire logic [511:0] core_in_out_tdata_i,
  input  wire logic [63:0]  core_in_out_tkeep_i,
  input  wire logic         core_in_out_tlast_i,
  input  wire logic         core_in_done_valid_i,
  output logic              core_in_done_ready_o,
  input  wire logic [7:0]   core_in_done_verdict_i,
  input  wire logic [15:0]  core_in_done_length_i,
  input  wire logic [47:0]  core_in_done_next_hop_i,
  /* verilator lint_off UNUSEDSIGNAL */ // OKAY always; events are read as a register
  input  wire logic [1:0]   core_s_axil_bresp_i,
  input  wire logic [1:0]   core_s_axil_rresp_i,
  input  wire logic         core_event_valid_i,
  input  wire logic [31:0]  core_event_data_i,
  input  wire logic [15:0]  core_out_done_sa_i,
  input  wire logic [15:0]  core_in_done_sa_i
  /* verilator lint_on UNUSEDSIGNAL */
);
  // --- register port ---
  logic [15:0] core_awaddr, core_araddr;
  logic [31:0] core_wdata, core_rdata;
  logic [3:0] core_wstrb;
  logic core_awvalid, core_awready, core_wvalid, core_wready, core_bvalid, core_bready;
  logic core_arvalid, core_arready, core_rvalid, core_rready;
  logic write;
  logic [15:0] write_address, read_address;
  logic [31:0] write_data, read_data;
  /* verilator lint_off UNUSEDSIGNAL */ // nobody but the host uses the core's registers
  logic locked, request_done;
  logic [31:0] request_done_data;
  /* verilator lint_on UNUSEDSIGNAL */
  esp_control_port u_control (
    .clk_i, .rst_ni,
    .s_axil_awaddr_i, .s_axil_awvalid_i, .s_axil_awready_o,
    .s_axil_wdata_i, .s_axil_wstrb_i, .s_axil_wvalid_i, .s_axil_wready_o,
    .s_axil_bresp_o, .s_axil_bvalid_o, .s_axil_bready_i,
    .s_axil_araddr_i, .s_axil_arvalid_i, .s_axil_arready_o,
    .s_axil_rdata_o, .s_axil_rresp_o, .s_axil_rvalid_o, .s_axil_rready_i,
    .core_awaddr_o(core_awaddr), .core_awvalid_o(core_awvalid), .core_awready_i(core_awready),
    .core_wdata_o(core_wdata), .core_wstrb_o(core_wstrb), .core_wvalid_o(core_wvalid),
    .core_wready_i(core_wready), .core_bvalid_i(core_bvalid), .core_bready_o(core_bready),
    .core_araddr_o(core_araddr), .core_arvalid_o(core_arvalid), .core_arready_i(core_arready),
    .core_rdata_i(core_rdata), .core_rvalid_i(core_rvalid), .core_rready_o(core_rready),
    .write_o(write), .write_address_o(write_address), .write_data_o(write_data),
    .read_address_o(read_address), .read_data_i(read_data),
    .lock_i(1'b0), .locked_o(locked), .request_i(1'b0), .request_write_i(1'b0),
    .request_address_i(16'd0), .request_data_i(32'd0),
    .done_o(request_done), .done_data_o(request_done_data)
  );

  // --- registers of the shell; side 0 is the protected one ---
  localparam int unsigned PULSES = 32'(esp_inline_regs_pkg::COUNTER_HOST_REFUSED) + 1;
  logic [1:0] enable_q;
  logic snapshot;
  logic [31:0] shell_data;
  logic [63:0] side_data;
  logic [2*PULSES-1:0] pulses;
  logic [95:0] mac;
  logic [1:0] promiscuous, keep_tags;
  logic [15:0] spd;
  logic [3:0] tag_count;
  logic [127:0] tags;
  assign snapshot = write && write_address == 16'(esp_inline_regs_pkg::REG_SNAPSHOT);
  always_ff @(posedge clk_i) begin
    if (!rst_ni) enable_q <= '0;
    else if (write && write_address == 16'(esp_inline_regs_pkg::REG_CONTROL))
      enable_q <= {write_data[esp_inline_regs_pkg::CONTROL_ENABLE_UNPROTECTED_LSB],
                   write_data[esp_inline_regs_pkg::CONTROL_ENABLE_PROTECTED_LSB]};
  end
  always_comb begin
    case (read_address)
      16'(esp_inline_regs_pkg::REG_ID): shell_data = esp_inline_regs_pkg::ID;
      16'(esp_inline_regs_pkg::REG_VERSION):
        shell_data = {16'(esp_inline_regs_pkg::MAJOR), 16'(esp_inline_regs_pkg::MINOR)};
      16'(esp_inline_regs_pkg::REG_CONTROL): begin
        shell_data = '0;
        shell_data[esp_inline_regs_pkg::CONTROL_ENABLE_PROTECTED_LSB] = enable_q[0];
        shell_data[esp_inline_regs_pkg::CONTROL_ENABLE_UNPROTECTED_LSB] = enable_q[1];
      end
      default: shell_data = '0;
    endcase
  end
  assign read_data = shell_data | side_data[31:0] | side_data[63:32];
  for (genvar side = 0; side < 2; side = side + 1) begin : g_registers
    esp_inline_side #(
      .BASE(side == 0 ? esp_inline_regs_pkg::SIDE_PROTECTED
                      : esp_inline_regs_pkg::SIDE_UNPROTECTED),
      .COUNTERS(esp_inline_regs_pkg::COUNTERS + 256 * side)
    ) u_side (
      .clk_i, .rst_ni, .write_i(write), .write_address_i(write_address),
      .write_data_i(write_data), .read_address_i(read_address),
      .read_data_o(side_data[32*side+:32]), .snapshot_i(snapshot),
      .pulses_i(pulses[PULSES*side+:PULSES]),
      .mac_o(mac[48*side+:48]), .promiscuous_o(promiscuous[side]), .spd_o(spd[8*side+:8]),
      .keep_tags_o(keep_tags[side]), .tag_count_o(tag_count[2*side+:2]),
      .tags_o(tags[64*side+:64])
    );
  end

  // --- ports by side ---
  logic [1:0] rx_valid, rx_last, rx_error, tx_valid, tx_ready, tx_last;
  logic [1023:0] rx_data, tx_data;
  logic [127:0] rx_keep, tx_keep;
  assign rx_valid = {unprotected_rx_tvalid_i, protected_rx_tvalid_i};
  assign rx_data = {unprotected_rx_tdata_i, protected_rx_tdata_i};
  assign rx_keep = {unprotected_rx_tkeep_i, protected_rx_tkeep_i};
  assign rx_last = {unprotected_rx_tlast_i, protected_rx_tlast_i};
  assign rx_error = {unprotected_rx_terror_i, protected_rx_terror_i};
  assign {unprotected_tx_tvalid_o, protected_tx_tvalid_o} = tx_valid;
  assign {unprotected_tx_tdata_o, protected_tx_tdata_o} = tx_data;
  assign {unprotected_tx_tkeep_o, protected_tx_tkeep_o} = tx_keep;
  assign {unprotected_tx_tlast_o, protected_tx_tlast_o} = tx_last;
  assign tx_ready = {unprotected_tx_tready_i, protected_tx_tready_i};

  // --- the core's streams by the side on which packets come in: outbound, inbound ---
  logic [1:0] core_in_valid, core_in_ready, core_in_last;
  logic [1023:0] core_in_data, core_out_data;
  logic [31:0] core_in_length, done_length;
  logic [1:0] core_out_valid, core_out_ready, core_out_last, done_valid, done_ready;
  logic [127:0] core_out_keep;
  logic [15:0] done_verdict;
  logic [95:0] done_next_hop;

  logic [1:0] host_valid, host_ready, host_last, host_tx_ready;
  logic [1023:0] host_data;
  logic [127:0] host_keep;
  logic [15:0] host_reason;
  assign host_tx_tready_o = host_tx_ready[host_tx_tuser_i];

  for (genvar side = 0; side < 2; side = side + 1) begin : g_side
    // Comes in here, leaves on the other side.
    localparam int unsigned OTHER = 1 - side;
    logic received, damaged, oversize, overflow, disabled, runt, not_ours, group, non_ip, engine;
    logic delivered, exception, dropped, host_overflow;
    logic frame_valid, frame_ready, frame_last;
    logic [511:0] frame_data;
    logic [15:0] frame_length;
    esp_frame_ingress u_ingress (
      .clk_i, .rst_ni, .tvalid_i(rx_valid[side]), .tdata_i(rx_data[512*side+:512]),
      .tkeep_i(rx_keep[64*side+:64]), .tlast_i(rx_last[side]), .terror_i(rx_error[side]),
      .received_o(received), .damaged_o(damaged), .oversize_o(oversize), .overflow_o(overflow),
      .valid_o(frame_valid), .ready_i(frame_ready), .data_o(frame_data), .last_o(frame_last),
      .length_o(frame_length)
    );
    logic copy_room, copy_write, context_write;
    logic [511:0] copy_data;
    esp_eth_pkg::context_t context_data;
    esp_eth_feed u_feed (
      .clk_i, .rst_ni, .enable_i(enable_q[side]), .promiscuous_i(promiscuous[side]),
      .mac_i(mac[48*side+:48]),
      .valid_i(frame_valid), .ready_o(frame_ready), .data_i(frame_data), .last_i(frame_last),
      .length_i(frame_length),
      .disabled_o(disabled), .runt_o(runt), .not_ours_o(not_ours), .group_o(group),
      .non_ip_o(non_ip), .engine_o(engine),
      .copy_room_i(copy_room), .copy_write_o(copy_write), .copy_data_o(copy_data),
      .context_o(context_write), .context_data_o(context_data),
      .tvalid_o(core_in_valid[side]), .tready_i(core_in_ready[side]),
      .tdata_o(core_in_data[512*side+:512]), .tlast_o(core_in_last[side]),
      .length_o(core_in_length[16*side+:16])
    );
    logic job, job_room;
    esp_eth_pkg::job_t job_data;
    esp_eth_return u_return (
      .clk_i, .rst_ni,
      .copy_room_o(copy_room), .copy_write_i(copy_write), .copy_data_i(copy_data),
      .context_i(context_write), .context_data_i(context_data),
      .done_valid_i(done_valid[side]), .done_ready_o(done_ready[side]),
      .done_verdict_i(done_verdict[8*side+:8]), .done_length_i(done_length[16*side+:16]),
      .done_next_hop_i(done_next_hop[48*side+:48]),
      .mac_i(mac[48*OTHER+:48]), .keep_tags_i(keep_tags[OTHER]),
      .tag_count_i(tag_count[2*OTHER+:2]), .tags_i(tags[64*OTHER+:64]),
      .job_o(job), .job_room_i(job_room), .job_data_o(job_data),
      .delivered_o(delivered), .exception_o(exception), .dropped_o(dropped),
      .host_overflow_o(host_overflow),
      .host_valid_o(host_valid[side]), .host_ready_i(host_ready[side]),
      .host_data_o(host_data[512*side+:512]), .host_keep_o(host_keep[64*side+:64]),
      .host_last_o(host_last[side]), .host_reason_o(host_reason[8*side+:8])
    );
    logic transmitted, from_host, host_refused;
    esp_eth_egress u_egress (
      .clk_i, .rst_ni,
      .job_i(job), .job_room_o(job_room), .job_data_i(job_data),
      .tvalid_i(core_out_valid[side]), .tready_o(core_out_ready[side]),
      .tdata_i(core_out_data[512*side+:512]), .tkeep_i(core_out_keep[64*side+:64]),
      .tlast_i(core_out_last[side]),
      .host_valid_i(host_tx_tvalid_i && host_tx_tuser_i == 1'(OTHER)),
      .host_ready_o(host_tx_ready[OTHER]),
      .host_data_i(host_tx_tdata_i), .host_keep_i(host_tx_tkeep_i), .host_last_i(host_tx_tlast_i),
      .transmitted_o(transmitted), .from_host_o(from_host), .host_refused_o(host_refused),
      .mac_valid_o(tx_valid[OTHER]), .mac_ready_i(tx_ready[OTHER]),
      .mac_data_o(tx_data[512*OTHER+:512]), .mac_keep_o(tx_keep[64*OTHER+:64]),
      .mac_last_o(tx_last[OTHER])
    );
    // In the order of the counters' numbers: those of this side, those of the other.
    assign pulses[PULSES*side+:PULSES-3] = {
      host_overflow, dropped, exception, delivered, engine, non_ip, not_ours, group, runt,
      disabled, oversize, overflow, damaged, received};
    assign pulses[PULSES*OTHER+PULSES-3+:3] = {host_refused, from_host, transmitted};
  end
  esp_host_merge u_host (
    .clk_i, .rst_ni, .valid_i(host_valid), .ready_o(host_ready), .data_i(host_data),
    .keep_i(host_keep), .last_i(host_last), .reason_i(host_reason),
    .valid_o(host_rx_tvalid_o), .ready_i(host_rx_tready_i), .data_o(host_rx_tdata_o),
    .keep_o(host_rx_tkeep_o), .last_o(host_rx_tlast_o), .user_o(host_rx_tuser_o)
  );

  // --- core ---
  assign core_s_axil_awaddr_o = core_awaddr;
  assign core_s_axil_awvalid_o = core_awvalid;
  assign core_awready = core_s_axil_awready_i;
  assign core_s_axil_wdata_o = core_wdata;
  assign core_s_axil_wstrb_o = core_wstrb;
  assign core_s_axil_wvalid_o = core_wvalid;
  assign core_wready = core_s_axil_wready_i;
  assign core_bvalid = core_s_axil_bvalid_i;
  assign core_s_axil_bready_o = core_bready;
  assign core_s_axil_araddr_o = core_araddr;
  assign core_s_axil_arvalid_o = core_arvalid;
  assign core_arready = core_s_axil_arready_i;
  assign core_rdata = core_s_axil_rdata_i;
  assign core_rvalid = core_s_axil_rvalid_i;
  assign core_s_axil_rready_o = core_rready;
  assign core_event_ready_o = 1'b0;
  assign core_out_in_tvalid_o = core_in_valid[0];
  assign core_in_ready[0] = core_out_in_tready_i;
  assign core_out_in_tdata_o = core_in_data[511:0];
  assign core_out_in_tlast_o = core_in_last[0];
  assign core_out_in_length_o = core_in_length[15:0];
  assign core_out_in_sa_o = 16'd0;
  assign core_out_in_lookup_o = 1'b1;
  assign core_out_in_dummy_o = 1'b0;
  assign core_out_in_spd_o = spd[7:0];
  assign core_out_valid[0] = core_out_out_tvalid_i;
  assign core_out_out_tready_o = core_out_ready[0];
  assign core_out_data[511:0] = core_out_out_tdata_i;
  assign core_out_keep[63:0] = core_out_out_tkeep_i;
  assign core_out_last[0] = core_out_out_tlast_i;
  assign done_valid[0] = core_out_done_valid_i;
  assign core_out_done_ready_o = done_ready[0];
  assign done_verdict[7:0] = core_out_done_verdict_i;
  assign done_length[15:0] = core_out_done_length_i;
  assign done_next_hop[47:0] = core_out_done_next_hop_i;
  assign core_in_in_tvalid_o = core_in_valid[1];
  assign core_in_ready[1] = core_in_in_tready_i;
  assign core_in_in_tdata_o = core_in_data[1023:512];
  assign core_in_in_tlast_o = core_in_last[1];
  assign core_in_in_length_o = core_in_length[31:16];
  assign core_in_in_spd_o = spd[15:8];
  assign core_out_valid[1] = core_in_out_tvalid_i;
  assign core_in_out_tready_o = core_out_ready[1];
  assign core_out_data[1023:512] = core_in_out_tdata_i;
  assign core_out_keep[127:64] = core_in_out_tkeep_i;
  assign core_out_last[1] = core_in_out_tlast_i;
  assign done_valid[1] = core_in_done_valid_i;
  assign core_in_done_ready_o = done_ready[1];
  assign done_verdict[15:8] = core_in_done_verdict_i;
  assign done_length[31:16] = core_in_done_length_i;
  assign done_next_hop[95:48] = core_in_done_next_hop_i;
endmodule
`default_nettype wire
