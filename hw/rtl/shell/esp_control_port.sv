// The register port of a shell: AXI4-Lite in front, the core's AXI4-Lite port behind. Accesses
// below 0x1000 go to the core; those from there on are the shell's own, one pulse each. A second
// user in the shell (the statistics writer) shares the core's port: while lock_i is set and
// locked_o answers, the host's accesses wait. One access at a time.
//
// The shell's registers are written by a pulse of write_o with whole words only; read_data_i must
// answer read_address_o combinationally or from registers within the same cycle.
`default_nettype none
module esp_control_port (
  input  wire logic        clk_i,
  input  wire logic        rst_ni,
  // host
  input  wire logic [15:0] s_axil_awaddr_i,
  input  wire logic        s_axil_awvalid_i,
  output logic             s_axil_awready_o,
  input  wire logic [31:0] s_axil_wdata_i,
  input  wire logic [3:0]  s_axil_wstrb_i,
  input  wire logic        s_axil_wvalid_i,
  output logic             s_axil_wready_o,
  output logic [1:0]       s_axil_bresp_o,
  output logic             s_axil_bvalid_o,
  input  wire logic        s_axil_bready_i,
  input  wire logic [15:0] s_axil_araddr_i,
  input  wire logic        s_axil_arvalid_i,
  output logic             s_axil_arready_o,
  output logic [31:0]      s_axil_rdata_o,
  output logic [1:0]       s_axil_rresp_o,
  output logic             s_axil_rvalid_o,
  input  wire logic        s_axil_rready_i,
  // core
  output logic [15:0]      core_awaddr_o,
  output logic             core_awvalid_o,
  input  wire logic        core_awready_i,
  output logic [31:0]      core_wdata_o,
  output logic [3:0]       core_wstrb_o,
  output logic             core_wvalid_o,
  input  wire logic        core_wready_i,
  input  wire logic        core_bvalid_i,
  output logic             core_bready_o,
  output logic [15:0]      core_araddr_o,
  output logic             core_arvalid_o,
  input  wire logic        core_arready_i,
  input  wire logic [31:0] core_rdata_i,
  input  wire logic        core_rvalid_i,
  output logic             core_rready_o,
  // the shell's registers
  output logic             write_o,
  output logic [15:0]      write_address_o,
  output logic [31:0]      write_data_o,
  output logic [15:0]      read_address_o,
  input  wire logic [31:0] read_data_i,
  // second user of the core's port: request until done_o, which is a pulse beside the data
  input  wire logic        lock_i,
  output logic             locked_o,
  input  wire logic        request_i,
  input  wire logic        request_write_i,
  input  wire logic [15:0] request_address_i,
  input  wire logic [31:0] request_data_i,
  output logic             done_o,
  output logic [31:0]      done_data_o
);
  localparam logic [15:0] SHELL_BASE = 16'h1000;

  // --- host side ---
  logic aw_held_q, w_held_q, ar_held_q;
  logic [15:0] awaddr_q, araddr_q;
  logic [31:0] wdata_q;
  logic [3:0] wstrb_q;
  logic host_read, host_write, host_done, finish_write, finish_read;
  assign s_axil_awready_o = !aw_held_q;
  assign s_axil_wready_o = !w_held_q;
  assign s_axil_arready_o = !ar_held_q;
  assign s_axil_bresp_o = 2'b00;
  assign s_axil_rresp_o = 2'b00;

  // --- the access under way ---
  localparam logic [2:0] IDLE = 3'd0, SHELL_WRITE = 3'd1, SHELL_READ = 3'd2, CORE_WRITE = 3'd3,
                         CORE_READ = 3'd4;
  logic [2:0] state_q;
  logic second_q;   // the access is the second user's
  logic locked_q;
  logic aw_sent_q, w_sent_q, ar_sent_q;
  assign host_write = aw_held_q && w_held_q && !s_axil_bvalid_o;
  assign host_read = ar_held_q && !s_axil_rvalid_o;
  assign host_done = (state_q == CORE_WRITE && core_bvalid_i)
                     || (state_q == CORE_READ && core_rvalid_i);
  assign finish_write = state_q == SHELL_WRITE
                        || (state_q == CORE_WRITE && core_bvalid_i && !second_q);
  assign finish_read = state_q == SHELL_READ
                       || (state_q == CORE_READ && core_rvalid_i && !second_q);
  assign locked_o = locked_q;
  assign done_o = host_done && second_q;
  assign done_data_o = core_rdata_i;

  always_ff @(posedge clk_i) begin
    if (s_axil_awvalid_i && s_axil_awready_o) awaddr_q <= s_axil_awaddr_i;
    if (s_axil_wvalid_i && s_axil_wready_o) {wstrb_q, wdata_q} <= {s_axil_wstrb_i, s_axil_wdata_i};
    if (s_axil_arvalid_i && s_axil_arready_o) araddr_q <= s_axil_araddr_i;
    if (finish_read) begin
      s_axil_rdata_o <= state_q == SHELL_READ ? read_data_i : core_rdata_i;
    end
    if (!rst_ni) begin
      aw_held_q <= 1'b0;
      w_held_q <= 1'b0;
      ar_held_q <= 1'b0;
      s_axil_bvalid_o <= 1'b0;
      s_axil_rvalid_o <= 1'b0;
      state_q <= IDLE;
      second_q <= 1'b0;
      locked_q <= 1'b0;
      aw_sent_q <= 1'b0;
      w_sent_q <= 1'b0;
      ar_sent_q <= 1'b0;
    end else begin
      if (s_axil_awvalid_i && s_axil_awready_o) aw_held_q <= 1'b1;
      else if (finish_write) aw_held_q <= 1'b0;
      if (s_axil_wvalid_i && s_axil_wready_o) w_held_q <= 1'b1;
      else if (finish_write) w_held_q <= 1'b0;
      if (s_axil_arvalid_i && s_axil_arready_o) ar_held_q <= 1'b1;
      else if (finish_read) ar_held_q <= 1'b0;
      if (finish_write) s_axil_bvalid_o <= 1'b1;
      else if (s_axil_bready_i) s_axil_bvalid_o <= 1'b0;
      if (finish_read) s_axil_rvalid_o <= 1'b1;
      else if (s_axil_rready_i) s_axil_rvalid_o <= 1'b0;

      if (core_awvalid_o && core_awready_i) aw_sent_q <= 1'b1;
      if (core_wvalid_o && core_wready_i) w_sent_q <= 1'b1;
      if (core_arvalid_o && core_arready_i) ar_sent_q <= 1'b1;
      case (state_q)
        IDLE: begin
          aw_sent_q <= 1'b0;
          w_sent_q <= 1'b0;
          ar_sent_q <= 1'b0;
          locked_q <= lock_i;
          second_q <= 1'b0;
          if (locked_q && request_i) begin
            second_q <= 1'b1;
            state_q <= request_write_i ? CORE_WRITE : CORE_READ;
          end else if (host_write && awaddr_q >= SHELL_BASE) begin
            state_q <= SHELL_WRITE;
          end else if (host_read && araddr_q >= SHELL_BASE) begin
            state_q <= SHELL_READ;
          end else if (host_write && !locked_q) begin
            state_q <= CORE_WRITE;
          end else if (host_read && !locked_q) begin
            state_q <= CORE_READ;
          end
        end
        CORE_WRITE, CORE_READ: if (host_done) state_q <= IDLE;
        default: state_q <= IDLE;
      endcase
    end
  end

  assign core_awaddr_o = second_q ? request_address_i : awaddr_q;
  assign core_wdata_o = second_q ? request_data_i : wdata_q;
  assign core_wstrb_o = second_q ? 4'hf : wstrb_q;
  assign core_awvalid_o = state_q == CORE_WRITE && !aw_sent_q;
  assign core_wvalid_o = state_q == CORE_WRITE && !w_sent_q;
  assign core_bready_o = state_q == CORE_WRITE;
  assign core_araddr_o = second_q ? request_address_i : araddr_q;
  assign core_arvalid_o = state_q == CORE_READ && !ar_sent_q;
  assign core_rready_o = state_q == CORE_READ;

  assign write_o = state_q == SHELL_WRITE && wstrb_q == '1 && awaddr_q[1:0] == 2'd0;
  assign write_address_o = awaddr_q;
  assign write_data_o = wdata_q;
  assign read_address_o = araddr_q;
endmodule
`default_nettype wire
