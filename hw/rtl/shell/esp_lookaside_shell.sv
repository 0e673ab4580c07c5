// The look-aside shell without the core: everything of esp_lookaside but esp_core, whose ports
// stand here with `core_` in front. Apart, so that a simulation can put any core behind it.
`default_nettype none
module esp_lookaside_shell (
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
  // outbound packets
  output logic      [63:0]  m_axi_out_araddr_o,
  output logic      [7:0]   m_axi_out_arlen_o,
  output logic              m_axi_out_arvalid_o,
  input  wire logic         m_axi_out_arready_i,
  input  wire logic [511:0] m_axi_out_rdata_i,
  input  wire logic [1:0]   m_axi_out_rresp_i,
  /* verilator lint_off UNUSEDSIGNAL */ // beats are counted
  input  wire logic         m_axi_out_rlast_i,
  /* verilator lint_on UNUSEDSIGNAL */
  input  wire logic         m_axi_out_rvalid_i,
  output logic              m_axi_out_rready_o,
  output logic      [63:0]  m_axi_out_awaddr_o,
  output logic      [7:0]   m_axi_out_awlen_o,
  output logic              m_axi_out_awvalid_o,
  input  wire logic         m_axi_out_awready_i,
  output logic      [511:0] m_axi_out_wdata_o,
  output logic      [63:0]  m_axi_out_wstrb_o,
  output logic              m_axi_out_wlast_o,
  output logic              m_axi_out_wvalid_o,
  input  wire logic         m_axi_out_wready_i,
  input  wire logic [1:0]   m_axi_out_bresp_i,
  input  wire logic         m_axi_out_bvalid_i,
  output logic              m_axi_out_bready_o,
  // inbound packets
  output logic      [63:0]  m_axi_in_araddr_o,
  output logic      [7:0]   m_axi_in_arlen_o,
  output logic              m_axi_in_arvalid_o,
  input  wire logic         m_axi_in_arready_i,
  input  wire logic [511:0] m_axi_in_rdata_i,
  input  wire logic [1:0]   m_axi_in_rresp_i,
  /* verilator lint_off UNUSEDSIGNAL */ // beats are counted
  input  wire logic         m_axi_in_rlast_i,
  /* verilator lint_on UNUSEDSIGNAL */
  input  wire logic         m_axi_in_rvalid_i,
  output logic              m_axi_in_rready_o,
  output logic      [63:0]  m_axi_in_awaddr_o,
  output logic      [7:0]   m_axi_in_awlen_o,
  output logic              m_axi_in_awvalid_o,
  input  wire logic         m_axi_in_awready_i,
  output logic      [511:0] m_axi_in_wdata_o,
  output logic      [63:0]  m_axi_in_wstrb_o,
  output logic              m_axi_in_wlast_o,
  output logic              m_axi_in_wvalid_o,
  input  wire logic         m_axi_in_wready_i,
  input  wire logic [1:0]   m_axi_in_bresp_i,
  input  wire logic         m_axi_in_bvalid_i,
  output logic              m_axi_in_bready_o,
  // rings, events, statistics
  output logic      [1:0]   m_axi_ring_arid_o,
  output logic      [63:0]  m_axi_ring_araddr_o,
  output logic      [7:0]   m_axi_ring_arlen_o,
  output logic              m_axi_ring_arvalid_o,
  input  wire logic         m_axi_ring_arready_i,
  input  wire logic [1:0]   m_axi_ring_rid_i,
  input  wire logic [511:0] m_axi_ring_rdata_i,
  input  wire logic [1:0]   m_axi_ring_rresp_i,
  input  wire logic         m_axi_ring_rlast_i,
  input  wire logic         m_axi_ring_rvalid_i,
  output logic              m_axi_ring_rready_o,
  output logic      [1:0]   m_axi_ring_awid_o,
  output logic      [63:0]  m_axi_ring_awaddr_o,
  output logic      [7:0]   m_axi_ring_awlen_o,
  output logic              m_axi_ring_awvalid_o,
  input  wire logic         m_axi_ring_awready_i,
  output logic      [511:0] m_axi_ring_wdata_o,
  output logic      [63:0]  m_axi_ring_wstrb_o,
  output logic              m_axi_ring_wlast_o,
  output logic              m_axi_ring_wvalid_o,
  input  wire logic         m_axi_ring_wready_i,
  input  wire logic [1:0]   m_axi_ring_bid_i,
  input  wire logic [1:0]   m_axi_ring_bresp_i,
  input  wire logic         m_axi_ring_bvalid_i,
  output logic              m_axi_ring_bready_o,
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
  input  wire logic         core_event_valid_i,
  output logic              core_event_ready_o,
  input  wire logic [31:0]  core_event_data_i,
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
  input  wire logic [15:0]  core_out_done_sa_i,
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
  input  wire logic [15:0]  core_in_done_sa_i,
  input  wire logic [15:0]  core_in_done_length_i,
  input  wire logic [47:0]  core_in_done_next_hop_i,
  /* verilator lint_off UNUSEDSIGNAL */ // always OKAY
  input  wire logic [1:0]   core_s_axil_bresp_i,
  input  wire logic [1:0]   core_s_axil_rresp_i
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
  logic lock, locked, request, request_write, request_done;
  logic [15:0] request_address;
  logic [31:0] request_data, request_done_data;
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
    .lock_i(lock), .locked_o(locked), .request_i(request), .request_write_i(request_write),
    .request_address_i(request_address), .request_data_i(request_data),
    .done_o(request_done), .done_data_o(request_done_data)
  );

  // --- the shell's own registers ---
  logic [15:0] completion_wait_q;
  logic [63:0] statistics_address_q, event_base_q;
  logic [4:0] event_size_q;
  logic event_size_ok_q;
  logic [31:0] event_consumer_q, event_producer;
  logic rejected_q, write_failed_q, write_failed, command, statistics_start, statistics_busy;
  logic [1:0] start, stop, start_refused, running, idle, failed;
  logic start_events, stop_events, events_refused, events_running, events_written, events_idle;
  logic [3:0] outstanding;
  logic [31:0] ring_data_outbound, ring_data_inbound, shell_data, status;

  assign command = write && write_address == 16'(esp_lookaside_regs_pkg::REG_COMMAND);
  assign start[0] = command && write_data[esp_lookaside_regs_pkg::COMMAND_START_OUTBOUND_LSB];
  assign start[1] = command && write_data[esp_lookaside_regs_pkg::COMMAND_START_INBOUND_LSB];
  assign stop[0] = command && write_data[esp_lookaside_regs_pkg::COMMAND_STOP_OUTBOUND_LSB];
  assign stop[1] = command && write_data[esp_lookaside_regs_pkg::COMMAND_STOP_INBOUND_LSB];
  assign start_events = command && write_data[esp_lookaside_regs_pkg::COMMAND_START_EVENTS_LSB];
  assign stop_events = command && write_data[esp_lookaside_regs_pkg::COMMAND_STOP_EVENTS_LSB];
  assign events_idle = events_written && !outstanding[2];
  assign events_refused = start_events && (events_running || !events_idle || !event_size_ok_q
                                           || event_base_q[11:0] != '0);
  assign statistics_start =
    write && write_address == 16'(esp_lookaside_regs_pkg::REG_STATISTICS_COMMAND);
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      completion_wait_q <= 16'd64;
      statistics_address_q <= '0;
      event_base_q <= '0;
      event_size_q <= '0;
      event_size_ok_q <= 1'b0;
      event_consumer_q <= '0;
      rejected_q <= 1'b0;
      write_failed_q <= 1'b0;
    end else begin
      if (command) rejected_q <= (|start_refused) || events_refused;
      if (write_failed) write_failed_q <= 1'b1;
      if (start_events && !events_refused) event_consumer_q <= '0;
      if (write) begin
        case (write_address)
          16'(esp_lookaside_regs_pkg::REG_COMPLETION_WAIT): completion_wait_q <= write_data[15:0];
          16'(esp_lookaside_regs_pkg::REG_STATISTICS_ADDRESS_LOW):
            statistics_address_q[31:0] <= write_data;
          16'(esp_lookaside_regs_pkg::REG_STATISTICS_ADDRESS_HIGH):
            statistics_address_q[63:32] <= write_data;
          16'(esp_lookaside_regs_pkg::REG_EVENT_CONSUMER): event_consumer_q <= write_data;
          default: ;
        endcase
        if (!events_running && events_idle) begin
          case (write_address)
            16'(esp_lookaside_regs_pkg::REG_EVENT_BASE_LOW): event_base_q[31:0] <= write_data;
            16'(esp_lookaside_regs_pkg::REG_EVENT_BASE_HIGH): event_base_q[63:32] <= write_data;
            16'(esp_lookaside_regs_pkg::REG_EVENT_SIZE_LOG2): begin
              event_size_q <= write_data[4:0];
              event_size_ok_q <= write_data >= esp_lookaside_regs_pkg::ENTRIES_LOG2_MIN
                                 && write_data <= esp_lookaside_regs_pkg::ENTRIES_LOG2_MAX;
            end
            default: ;
          endcase
        end
      end
    end
  end
  always_comb begin
    status = '0;
    status[esp_lookaside_regs_pkg::STATUS_OUTBOUND_RUNNING_LSB] = running[0];
    status[esp_lookaside_regs_pkg::STATUS_OUTBOUND_IDLE_LSB] = idle[0];
    status[esp_lookaside_regs_pkg::STATUS_OUTBOUND_FAILED_LSB] = failed[0];
    status[esp_lookaside_regs_pkg::STATUS_INBOUND_RUNNING_LSB] = running[1];
    status[esp_lookaside_regs_pkg::STATUS_INBOUND_IDLE_LSB] = idle[1];
    status[esp_lookaside_regs_pkg::STATUS_INBOUND_FAILED_LSB] = failed[1];
    status[esp_lookaside_regs_pkg::STATUS_EVENTS_RUNNING_LSB] = events_running;
    status[esp_lookaside_regs_pkg::STATUS_EVENTS_IDLE_LSB] = events_idle;
    status[esp_lookaside_regs_pkg::STATUS_STATISTICS_BUSY_LSB] = statistics_busy;
    status[esp_lookaside_regs_pkg::STATUS_WRITE_FAILED_LSB] = write_failed_q;
    status[esp_lookaside_regs_pkg::STATUS_REJECTED_LSB] = rejected_q;
    case (read_address)
      16'(esp_lookaside_regs_pkg::REG_ID): shell_data = esp_lookaside_regs_pkg::ID;
      16'(esp_lookaside_regs_pkg::REG_VERSION):
        shell_data = {16'(esp_lookaside_regs_pkg::MAJOR),
                      16'(esp_lookaside_regs_pkg::MINOR)};
      16'(esp_lookaside_regs_pkg::REG_STATUS): shell_data = status;
      16'(esp_lookaside_regs_pkg::REG_COMPLETION_WAIT): shell_data = {16'd0, completion_wait_q};
      16'(esp_lookaside_regs_pkg::REG_STATISTICS_ADDRESS_LOW):
        shell_data = statistics_address_q[31:0];
      16'(esp_lookaside_regs_pkg::REG_STATISTICS_ADDRESS_HIGH):
        shell_data = statistics_address_q[63:32];
      16'(esp_lookaside_regs_pkg::REG_EVENT_BASE_LOW): shell_data = event_base_q[31:0];
      16'(esp_lookaside_regs_pkg::REG_EVENT_BASE_HIGH): shell_data = event_base_q[63:32];
      16'(esp_lookaside_regs_pkg::REG_EVENT_SIZE_LOG2): shell_data = {27'd0, event_size_q};
      16'(esp_lookaside_regs_pkg::REG_EVENT_CONSUMER): shell_data = event_consumer_q;
      16'(esp_lookaside_regs_pkg::REG_EVENT_PRODUCER): shell_data = event_producer;
      default: shell_data = '0;
    endcase
  end
  assign read_data = shell_data | ring_data_outbound | ring_data_inbound;

  // --- rings, events, statistics: the ring port ---
  logic [1:0] ring_read_valid, ring_read_ready, ring_data_valid;
  logic [127:0] ring_read_address;
  logic [15:0] ring_read_length;
  logic [3:0] ring_write_valid, ring_write_ready;
  logic [255:0] ring_write_address, ring_write_strobe;
  logic [2047:0] ring_write_data;
  esp_ring_port u_ring_port (
    .clk_i, .rst_ni,
    .read_valid_i(ring_read_valid), .read_ready_o(ring_read_ready),
    .read_address_i(ring_read_address), .read_length_i(ring_read_length),
    .read_data_valid_o(ring_data_valid),
    .write_valid_i(ring_write_valid), .write_ready_o(ring_write_ready),
    .write_address_i(ring_write_address), .write_data_i(ring_write_data),
    .write_strobe_i(ring_write_strobe), .outstanding_o(outstanding),
    .write_failed_o(write_failed),
    .ar_id_o(m_axi_ring_arid_o), .ar_valid_o(m_axi_ring_arvalid_o),
    .ar_ready_i(m_axi_ring_arready_i), .ar_address_o(m_axi_ring_araddr_o),
    .ar_length_o(m_axi_ring_arlen_o), .r_valid_i(m_axi_ring_rvalid_i), .r_id_i(m_axi_ring_rid_i),
    .aw_id_o(m_axi_ring_awid_o), .aw_valid_o(m_axi_ring_awvalid_o),
    .aw_ready_i(m_axi_ring_awready_i), .aw_address_o(m_axi_ring_awaddr_o),
    .w_valid_o(m_axi_ring_wvalid_o), .w_ready_i(m_axi_ring_wready_i),
    .w_data_o(m_axi_ring_wdata_o), .w_strobe_o(m_axi_ring_wstrb_o),
    .b_valid_i(m_axi_ring_bvalid_i), .b_id_i(m_axi_ring_bid_i), .b_response_i(m_axi_ring_bresp_i)
  );
  assign m_axi_ring_awlen_o = '0;
  assign m_axi_ring_wlast_o = 1'b1;
  assign m_axi_ring_rready_o = 1'b1;
  assign m_axi_ring_bready_o = 1'b1;
  assign m_axi_out_rready_o = 1'b1;
  assign m_axi_out_bready_o = 1'b1;
  assign m_axi_in_rready_o = 1'b1;
  assign m_axi_in_bready_o = 1'b1;

  logic event_valid, event_ready;
  logic [31:0] event_data;
  esp_event_ring u_events (
    .clk_i, .rst_ni, .start_i(start_events && !events_refused), .stop_i(stop_events),
    .base_i(event_base_q[63:12]), .log2_i(event_size_q), .consumer_i(event_consumer_q),
    .running_o(events_running), .idle_o(events_written), .producer_o(event_producer),
    .event_valid_i(event_valid), .event_ready_o(event_ready), .event_data_i(event_data),
    .write_valid_o(ring_write_valid[2]), .write_ready_i(ring_write_ready[2]),
    .write_address_o(ring_write_address[191:128]), .write_data_o(ring_write_data[1535:1024]),
    .write_strobe_o(ring_write_strobe[191:128])
  );
  esp_statistics u_statistics (
    .clk_i, .rst_ni, .start_i(statistics_start), .command_i(write_data),
    .address_i(statistics_address_q[63:10]), .busy_o(statistics_busy),
    .lock_o(lock), .locked_i(locked), .request_o(request), .request_write_o(request_write),
    .request_address_o(request_address), .request_data_o(request_data),
    .done_i(request_done), .done_data_i(request_done_data),
    .write_valid_o(ring_write_valid[3]), .write_ready_i(ring_write_ready[3]),
    .write_address_o(ring_write_address[255:192]), .write_data_o(ring_write_data[2047:1536]),
    .write_strobe_o(ring_write_strobe[255:192]), .outstanding_i(outstanding[3])
  );

  // --- outbound ---
  logic out_in_valid, out_in_ready, out_in_last, out_out_valid, out_out_ready, out_out_last;
  logic [511:0] out_in_data, out_out_data;
  logic [63:0] out_out_keep;
  logic [15:0] out_in_length, out_done_sa, out_done_length;
  logic [15:0] out_in_sa;
  logic out_in_lookup, out_in_dummy;
  logic [7:0] out_in_spd, out_done_verdict;
  logic [47:0] out_done_next_hop;
  logic out_done_valid, out_done_ready;
  esp_lookaside_ring #(.BASE(esp_lookaside_regs_pkg::RING_OUTBOUND)) u_outbound (
    .clk_i, .rst_ni,
    .write_i(write), .write_address_i(write_address), .write_data_i(write_data),
    .read_address_i(read_address), .read_data_o(ring_data_outbound),
    .start_i(start[0]), .stop_i(stop[0]), .wait_i(completion_wait_q),
    .start_refused_o(start_refused[0]), .running_o(running[0]), .idle_o(idle[0]),
    .failed_o(failed[0]),
    .ring_read_valid_o(ring_read_valid[0]), .ring_read_ready_i(ring_read_ready[0]),
    .ring_read_address_o(ring_read_address[63:0]),
    .ring_read_length_o(ring_read_length[7:0]),
    .ring_data_valid_i(ring_data_valid[0]), .ring_data_i(m_axi_ring_rdata_i),
    .ring_data_error_i(m_axi_ring_rresp_i != 2'b00), .ring_data_last_i(m_axi_ring_rlast_i),
    .ring_write_valid_o(ring_write_valid[0]), .ring_write_ready_i(ring_write_ready[0]),
    .ring_write_address_o(ring_write_address[63:0]),
    .ring_write_data_o(ring_write_data[511:0]),
    .ring_write_strobe_o(ring_write_strobe[63:0]),
    .ring_write_outstanding_i(outstanding[0]),
    .ar_valid_o(m_axi_out_arvalid_o), .ar_ready_i(m_axi_out_arready_i),
    .ar_address_o(m_axi_out_araddr_o), .ar_length_o(m_axi_out_arlen_o),
    .r_valid_i(m_axi_out_rvalid_i), .r_data_i(m_axi_out_rdata_i), .r_response_i(m_axi_out_rresp_i),
    .aw_valid_o(m_axi_out_awvalid_o), .aw_ready_i(m_axi_out_awready_i),
    .aw_address_o(m_axi_out_awaddr_o), .aw_length_o(m_axi_out_awlen_o),
    .w_valid_o(m_axi_out_wvalid_o), .w_ready_i(m_axi_out_wready_i), .w_data_o(m_axi_out_wdata_o),
    .w_strobe_o(m_axi_out_wstrb_o), .w_last_o(m_axi_out_wlast_o),
    .b_valid_i(m_axi_out_bvalid_i), .b_response_i(m_axi_out_bresp_i),
    .core_in_valid_o(out_in_valid), .core_in_ready_i(out_in_ready), .core_in_data_o(out_in_data),
    .core_in_last_o(out_in_last), .core_in_length_o(out_in_length), .core_in_sa_o(out_in_sa),
    .core_in_lookup_o(out_in_lookup), .core_in_dummy_o(out_in_dummy), .core_in_spd_o(out_in_spd),
    .core_out_valid_i(out_out_valid), .core_out_ready_o(out_out_ready),
    .core_out_data_i(out_out_data), .core_out_keep_i(out_out_keep), .core_out_last_i(out_out_last),
    .core_done_valid_i(out_done_valid), .core_done_ready_o(out_done_ready),
    .core_done_verdict_i(out_done_verdict), .core_done_sa_i(out_done_sa),
    .core_done_length_i(out_done_length), .core_done_next_hop_i(out_done_next_hop)
  );

  // --- inbound ---
  logic in_in_valid, in_in_ready, in_in_last, in_out_valid, in_out_ready, in_out_last;
  logic [511:0] in_in_data, in_out_data;
  logic [63:0] in_out_keep;
  logic [15:0] in_in_length, in_done_sa, in_done_length;
  /* verilator lint_off UNUSEDSIGNAL */ // of outbound requests only
  logic [15:0] in_in_sa;
  logic in_in_lookup, in_in_dummy;
  /* verilator lint_on UNUSEDSIGNAL */
  logic [7:0] in_in_spd, in_done_verdict;
  logic [47:0] in_done_next_hop;
  logic in_done_valid, in_done_ready;
  esp_lookaside_ring #(.BASE(esp_lookaside_regs_pkg::RING_INBOUND)) u_inbound (
    .clk_i, .rst_ni,
    .write_i(write), .write_address_i(write_address), .write_data_i(write_data),
    .read_address_i(read_address), .read_data_o(ring_data_inbound),
    .start_i(start[1]), .stop_i(stop[1]), .wait_i(completion_wait_q),
    .start_refused_o(start_refused[1]), .running_o(running[1]), .idle_o(idle[1]),
    .failed_o(failed[1]),
    .ring_read_valid_o(ring_read_valid[1]), .ring_read_ready_i(ring_read_ready[1]),
    .ring_read_address_o(ring_read_address[127:64]),
    .ring_read_length_o(ring_read_length[15:8]),
    .ring_data_valid_i(ring_data_valid[1]), .ring_data_i(m_axi_ring_rdata_i),
    .ring_data_error_i(m_axi_ring_rresp_i != 2'b00), .ring_data_last_i(m_axi_ring_rlast_i),
    .ring_write_valid_o(ring_write_valid[1]), .ring_write_ready_i(ring_write_ready[1]),
    .ring_write_address_o(ring_write_address[127:64]),
    .ring_write_data_o(ring_write_data[1023:512]),
    .ring_write_strobe_o(ring_write_strobe[127:64]),
    .ring_write_outstanding_i(outstanding[1]),
    .ar_valid_o(m_axi_in_arvalid_o), .ar_ready_i(m_axi_in_arready_i),
    .ar_address_o(m_axi_in_araddr_o), .ar_length_o(m_axi_in_arlen_o),
    .r_valid_i(m_axi_in_rvalid_i), .r_data_i(m_axi_in_rdata_i), .r_response_i(m_axi_in_rresp_i),
    .aw_valid_o(m_axi_in_awvalid_o), .aw_ready_i(m_axi_in_awready_i),
    .aw_address_o(m_axi_in_awaddr_o), .aw_length_o(m_axi_in_awlen_o),
    .w_valid_o(m_axi_in_wvalid_o), .w_ready_i(m_axi_in_wready_i), .w_data_o(m_axi_in_wdata_o),
    .w_strobe_o(m_axi_in_wstrb_o), .w_last_o(m_axi_in_wlast_o),
    .b_valid_i(m_axi_in_bvalid_i), .b_response_i(m_axi_in_bresp_i),
    .core_in_valid_o(in_in_valid), .core_in_ready_i(in_in_ready), .core_in_data_o(in_in_data),
    .core_in_last_o(in_in_last), .core_in_length_o(in_in_length), .core_in_sa_o(in_in_sa),
    .core_in_lookup_o(in_in_lookup), .core_in_dummy_o(in_in_dummy), .core_in_spd_o(in_in_spd),
    .core_out_valid_i(in_out_valid), .core_out_ready_o(in_out_ready),
    .core_out_data_i(in_out_data), .core_out_keep_i(in_out_keep), .core_out_last_i(in_out_last),
    .core_done_valid_i(in_done_valid), .core_done_ready_o(in_done_ready),
    .core_done_verdict_i(in_done_verdict), .core_done_sa_i(in_done_sa),
    .core_done_length_i(in_done_length), .core_done_next_hop_i(in_done_next_hop)
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
  assign event_valid = core_event_valid_i;
  assign core_event_ready_o = event_ready;
  assign event_data = core_event_data_i;
  assign core_out_in_tvalid_o = out_in_valid;
  assign out_in_ready = core_out_in_tready_i;
  assign core_out_in_tdata_o = out_in_data;
  assign core_out_in_tlast_o = out_in_last;
  assign core_out_in_length_o = out_in_length;
  assign core_out_in_sa_o = out_in_sa;
  assign core_out_in_lookup_o = out_in_lookup;
  assign core_out_in_dummy_o = out_in_dummy;
  assign core_out_in_spd_o = out_in_spd;
  assign out_out_valid = core_out_out_tvalid_i;
  assign core_out_out_tready_o = out_out_ready;
  assign out_out_data = core_out_out_tdata_i;
  assign out_out_keep = core_out_out_tkeep_i;
  assign out_out_last = core_out_out_tlast_i;
  assign out_done_valid = core_out_done_valid_i;
  assign core_out_done_ready_o = out_done_ready;
  assign out_done_verdict = core_out_done_verdict_i;
  assign out_done_sa = core_out_done_sa_i;
  assign out_done_length = core_out_done_length_i;
  assign out_done_next_hop = core_out_done_next_hop_i;
  assign core_in_in_tvalid_o = in_in_valid;
  assign in_in_ready = core_in_in_tready_i;
  assign core_in_in_tdata_o = in_in_data;
  assign core_in_in_tlast_o = in_in_last;
  assign core_in_in_length_o = in_in_length;
  assign core_in_in_spd_o = in_in_spd;
  assign in_out_valid = core_in_out_tvalid_i;
  assign core_in_out_tready_o = in_out_ready;
  assign in_out_data = core_in_out_tdata_i;
  assign in_out_keep = core_in_out_tkeep_i;
  assign in_out_last = core_in_out_tlast_i;
  assign in_done_valid = core_in_done_valid_i;
  assign core_in_done_ready_o = in_done_ready;
  assign in_done_verdict = core_in_done_verdict_i;
  assign in_done_sa = core_in_done_sa_i;
  assign in_done_length = core_in_done_length_i;
  assign in_done_next_hop = core_in_done_next_hop_i;
endmodule
`default_nettype wire
