// Register block: AXI4-Lite slave, shadow row, counter snapshot, and the commands that write the
// tables. Registers are those of hw/registers.toml. Only whole words are written; a write with a
// byte strobe missing, or to a place that takes no write, changes nothing. What cannot be read
// reads as zero, the shadow row with its keys first of all.
//
// A command holds the input of the direction it concerns until no packet in flight can see half of
// it: the decision pipeline must be empty, and for an inbound row every packet must have its
// verdict too, because the commit stage still writes the row's sequence state for packets that were
// admitted under it. So packets that were in flight when an SA was removed finish as if it were
// there, and none of them can touch an SA that takes the row over. A command written while another
// is under way is refused.
`default_nettype none
module esp_registers #(
  parameter int unsigned OUTBOUND_SA_LOG2 = 8,
  parameter int unsigned INBOUND_SA_LOG2 = 8,
  parameter int unsigned SPI_BUCKET_LOG2 = 8
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
  // outbound half
  output logic              outbound_hold_o,
  input  wire logic         outbound_idle_i,
  output logic              outbound_row_write_o,
  output logic              outbound_lease_write_o,
  output logic [OUTBOUND_SA_LOG2-1:0] outbound_sa_o,
  output esp_regs_pkg::outbound_row_t outbound_row_o,
  input  wire logic [191:0] outbound_sa_counters_i,
  input  wire logic [64*(esp_regs_pkg::COUNTER_GLOBAL_COUNT+esp_regs_pkg::VERDICT_COUNT)-1:0]
    outbound_counters_i,
  // inbound half
  output logic              inbound_hold_o,
  input  wire logic         inbound_idle_i,
  input  wire logic         inbound_drained_i,
  output logic              inbound_row_write_o,
  output logic [INBOUND_SA_LOG2-1:0] inbound_sa_o,
  output esp_regs_pkg::inbound_row_t inbound_row_o,
  output logic [3:0]        spi_write_o,
  output logic [SPI_BUCKET_LOG2-1:0] spi_bucket_o,
  output logic              spi_valid_o,
  output logic [31:0]       spi_o,
  output logic [INBOUND_SA_LOG2-1:0] spi_sa_o,
  input  wire logic [447:0] inbound_sa_counters_i,
  input  wire logic [64*(esp_regs_pkg::COUNTER_GLOBAL_COUNT+esp_regs_pkg::VERDICT_COUNT)-1:0]
    inbound_counters_i
);
  localparam int unsigned SNAPSHOT_BITS =
    64 * (esp_regs_pkg::COUNTER_GLOBAL_COUNT + esp_regs_pkg::VERDICT_COUNT);
  // All tables are wiped side by side after reset.
  localparam int unsigned WIPE_LOG2_SA =
    OUTBOUND_SA_LOG2 > INBOUND_SA_LOG2 ? OUTBOUND_SA_LOG2 : INBOUND_SA_LOG2;
  localparam int unsigned WIPE_LOG2 =
    WIPE_LOG2_SA > SPI_BUCKET_LOG2 ? WIPE_LOG2_SA : SPI_BUCKET_LOG2;
  localparam logic [1:0] RESPONSE_OKAY = 2'b00;

  if (WIPE_LOG2 > 16) begin : g_check
    $error("esp_registers: a table has more than 2^16 rows, sa_i has 16 bits");
  end

  // --- AXI4-Lite ----
  logic aw_held_q, w_held_q, ar_held_q;
  logic [15:0] awaddr_q, araddr_q;
  logic [31:0] wdata_q, read_data;
  logic [3:0] wstrb_q;
  logic write;  // a whole word is written in this cycle
  assign s_axil_awready_o = !aw_held_q;
  assign s_axil_wready_o = !w_held_q;
  assign s_axil_arready_o = !ar_held_q && !s_axil_rvalid_o;
  assign s_axil_bresp_o = RESPONSE_OKAY;
  assign s_axil_rresp_o = RESPONSE_OKAY;
  assign write = aw_held_q && w_held_q && !s_axil_bvalid_o
                 && wstrb_q == '1 && awaddr_q[1:0] == 2'd0;
  always_ff @(posedge clk_i) begin
    if (s_axil_awvalid_i && s_axil_awready_o) awaddr_q <= s_axil_awaddr_i;
    if (s_axil_wvalid_i && s_axil_wready_o) {wstrb_q, wdata_q} <= {s_axil_wstrb_i, s_axil_wdata_i};
    if (s_axil_arvalid_i && s_axil_arready_o) araddr_q <= s_axil_araddr_i;
    if (ar_held_q) s_axil_rdata_o <= read_data;
    if (!rst_ni) begin
      aw_held_q <= 1'b0;
      w_held_q <= 1'b0;
      ar_held_q <= 1'b0;
      s_axil_bvalid_o <= 1'b0;
      s_axil_rvalid_o <= 1'b0;
    end else begin
      if (s_axil_awvalid_i && s_axil_awready_o) aw_held_q <= 1'b1;
      if (s_axil_wvalid_i && s_axil_wready_o) w_held_q <= 1'b1;
      if (s_axil_bvalid_o) begin
        if (s_axil_bready_i) s_axil_bvalid_o <= 1'b0;
      end else if (aw_held_q && w_held_q) begin
        s_axil_bvalid_o <= 1'b1;
        aw_held_q <= 1'b0;
        w_held_q <= 1'b0;
      end
      ar_held_q <= s_axil_arvalid_i && s_axil_arready_o;
      if (ar_held_q) s_axil_rvalid_o <= 1'b1;
      else if (s_axil_rready_i) s_axil_rvalid_o <= 1'b0;
    end
  end

  // --- registers that are written ----
  logic write_sa_command, write_spi_command, write_snapshot_command, any_command, write_shadow;
  logic busy, shadow_wipe, rejected_q;
  logic [31:0] spi_q;
  logic [INBOUND_SA_LOG2-1:0] spi_sa_q;
  logic spi_sa_outside_q;
  /* verilator lint_off UNUSEDSIGNAL */ // rows may grow into the words that are left
  logic [32*esp_regs_pkg::SHADOW_WORDS-1:0] shadow_q;
  /* verilator lint_on UNUSEDSIGNAL */
  assign write_sa_command = write && awaddr_q == 16'(esp_regs_pkg::REG_SA_COMMAND);
  assign write_spi_command = write && awaddr_q == 16'(esp_regs_pkg::REG_SPI_COMMAND);
  assign write_snapshot_command = write && awaddr_q == 16'(esp_regs_pkg::REG_SNAPSHOT_COMMAND);
  assign any_command = write_sa_command || write_spi_command || write_snapshot_command;
  assign write_shadow = write && !busy && awaddr_q >= 16'(esp_regs_pkg::REG_SA_DATA)
                        && awaddr_q < 16'(esp_regs_pkg::REG_SA_DATA
                                          + 4 * esp_regs_pkg::SHADOW_WORDS);
  for (genvar word = 0; word < esp_regs_pkg::SHADOW_WORDS; word = word + 1) begin : g_shadow
    always_ff @(posedge clk_i) begin
      if (!rst_ni || shadow_wipe) shadow_q[32*word+:32] <= '0;
      else if (write_shadow && awaddr_q == 16'(esp_regs_pkg::REG_SA_DATA + 4 * word))
        shadow_q[32*word+:32] <= wdata_q;
    end
  end
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      spi_q <= '0;
      spi_sa_q <= '0;
      spi_sa_outside_q <= 1'b0;
    end else if (write && !busy) begin
      if (awaddr_q == 16'(esp_regs_pkg::REG_SPI_ENTRY)) spi_q <= wdata_q;
      if (awaddr_q == 16'(esp_regs_pkg::REG_SPI_SA_INDEX)) begin
        spi_sa_q <= wdata_q[INBOUND_SA_LOG2-1:0];
        spi_sa_outside_q <= (wdata_q >> INBOUND_SA_LOG2) != '0;
      end
    end
  end

  // --- commands ----
  localparam logic [2:0] STATE_WIPE = 3'd0;    // tables after reset
  localparam logic [2:0] STATE_IDLE = 3'd1;
  localparam logic [2:0] STATE_WAIT = 3'd2;    // until the held direction lets the command through
  localparam logic [2:0] STATE_READ = 3'd3;    // counters of an SA, one cycle of RAM
  localparam logic [2:0] STATE_LATCH = 3'd4;   // snapshot
  localparam logic [2:0] STATE_APPLY = 3'd5;   // SA row
  logic [2:0] state_q;
  logic [WIPE_LOG2-1:0] wipe_q;
  logic inbound_q, snapshot_q;
  logic [3:0] operation_q;
  logic [1:0] set_q;
  logic [WIPE_LOG2_SA-1:0] index_q;
  logic [SNAPSHOT_BITS-1:0] snapshot_data_q;

  logic [19:0] command_index;
  logic command_inbound, index_outside, sa_command_ok, snapshot_command_ok, spi_command_ok;
  logic [3:0] command_operation;
  logic [1:0] command_set;
  assign command_index =
    wdata_q[esp_regs_pkg::SA_COMMAND_INDEX_LSB+:esp_regs_pkg::SA_COMMAND_INDEX_WIDTH];
  assign command_operation =
    wdata_q[esp_regs_pkg::SA_COMMAND_OPERATION_LSB+:esp_regs_pkg::SA_COMMAND_OPERATION_WIDTH];
  assign command_set =
    wdata_q[esp_regs_pkg::SNAPSHOT_COMMAND_SET_LSB+:esp_regs_pkg::SNAPSHOT_COMMAND_SET_WIDTH];
  assign command_inbound = write_sa_command ? wdata_q[esp_regs_pkg::SA_COMMAND_INBOUND_LSB]
                                            : command_set[0];
  assign index_outside =
    (command_index >> (command_inbound ? INBOUND_SA_LOG2 : OUTBOUND_SA_LOG2)) != '0;
  assign sa_command_ok = !index_outside
    && (command_operation == 4'(esp_regs_pkg::SA_OPERATION_ADD)
        || command_operation == 4'(esp_regs_pkg::SA_OPERATION_REMOVE)
        || (command_operation == 4'(esp_regs_pkg::SA_OPERATION_RENEW_LEASE) && !command_inbound));
  assign snapshot_command_ok = !command_set[1] || !index_outside;
  assign spi_command_ok = !spi_sa_outside_q
    && (wdata_q[esp_regs_pkg::SPI_COMMAND_BUCKET_LSB+:esp_regs_pkg::SPI_COMMAND_BUCKET_WIDTH]
        >> SPI_BUCKET_LOG2) == '0;

  assign busy = state_q != STATE_IDLE;
  assign shadow_wipe = state_q == STATE_APPLY || (write_sa_command && !busy && !sa_command_ok);
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      state_q <= STATE_WIPE;
      wipe_q <= '0;
      rejected_q <= 1'b0;
      snapshot_data_q <= '0;
      inbound_q <= 1'b0;
      snapshot_q <= 1'b0;
      operation_q <= '0;
      set_q <= '0;
      index_q <= '0;
    end else begin
      if (any_command) begin
        rejected_q <= busy || (write_sa_command && !sa_command_ok)
                      || (write_spi_command && !spi_command_ok)
                      || (write_snapshot_command && !snapshot_command_ok);
      end
      case (state_q)
        STATE_WIPE: begin
          wipe_q <= wipe_q + 1'b1;
          if (wipe_q == '1) state_q <= STATE_IDLE;
        end
        STATE_IDLE: begin
          inbound_q <= command_inbound;
          operation_q <= command_operation;
          set_q <= command_set;
          index_q <= command_index[WIPE_LOG2_SA-1:0];
          snapshot_q <= write_snapshot_command;
          if (write_sa_command && sa_command_ok) state_q <= STATE_WAIT;
          if (write_snapshot_command && snapshot_command_ok) begin
            state_q <= command_set[1] ? STATE_WAIT : STATE_LATCH;
          end
        end
        STATE_WAIT: begin
          if (snapshot_q) begin
            if (inbound_q ? inbound_idle_i : outbound_idle_i) state_q <= STATE_READ;
          end else if (inbound_q ? inbound_drained_i : outbound_idle_i) begin
            state_q <= STATE_APPLY;
          end
        end
        STATE_READ: state_q <= STATE_LATCH;
        STATE_LATCH: begin
          state_q <= STATE_IDLE;
          case (set_q)
            2'(esp_regs_pkg::SNAPSHOT_SET_GLOBAL_OUTBOUND): snapshot_data_q <= outbound_counters_i;
            2'(esp_regs_pkg::SNAPSHOT_SET_GLOBAL_INBOUND): snapshot_data_q <= inbound_counters_i;
            2'(esp_regs_pkg::SNAPSHOT_SET_SA_OUTBOUND):
              snapshot_data_q <= {{(SNAPSHOT_BITS-192){1'b0}}, outbound_sa_counters_i};
            default: snapshot_data_q <= {{(SNAPSHOT_BITS-448){1'b0}}, inbound_sa_counters_i};
          endcase
        end
        default: state_q <= STATE_IDLE;  // STATE_APPLY
      endcase
    end
  end

  logic wipe, apply, add;
  assign wipe = state_q == STATE_WIPE;
  assign apply = state_q == STATE_APPLY;
  assign add = operation_q == 4'(esp_regs_pkg::SA_OPERATION_ADD);
  assign outbound_hold_o = wipe || (busy && !inbound_q);
  assign inbound_hold_o = wipe || (busy && inbound_q);
  assign outbound_lease_write_o =
    apply && !inbound_q && operation_q == 4'(esp_regs_pkg::SA_OPERATION_RENEW_LEASE);
  assign outbound_row_write_o = wipe || (apply && !inbound_q && !outbound_lease_write_o);
  assign inbound_row_write_o = wipe || (apply && inbound_q);
  always_comb begin
    outbound_sa_o = wipe ? wipe_q[OUTBOUND_SA_LOG2-1:0] : OUTBOUND_SA_LOG2'(index_q);
    inbound_sa_o = wipe ? wipe_q[INBOUND_SA_LOG2-1:0] : INBOUND_SA_LOG2'(index_q);
    // What is not added is wiped. A renewed lease touches no other field.
    outbound_row_o = shadow_q[esp_regs_pkg::OUTBOUND_ROW_BITS-1:0];
    inbound_row_o = shadow_q[esp_regs_pkg::INBOUND_ROW_BITS-1:0];
    if (wipe || (!add && !outbound_lease_write_o)) begin
      outbound_row_o = '0;
      inbound_row_o = '0;
    end
  end

  // An SPI entry is one word of one RAM: a packet sees the old one or the new one.
  logic spi_apply;
  assign spi_apply = write_spi_command && spi_command_ok && !busy;
  always_comb begin
    spi_write_o = '0;
    if (wipe) spi_write_o = '1;
    else if (spi_apply) spi_write_o[wdata_q[esp_regs_pkg::SPI_COMMAND_WAY_LSB+:2]] = 1'b1;
    spi_bucket_o = wipe ? wipe_q[SPI_BUCKET_LOG2-1:0]
                        : wdata_q[esp_regs_pkg::SPI_COMMAND_BUCKET_LSB+:SPI_BUCKET_LOG2];
    spi_valid_o = !wipe && wdata_q[esp_regs_pkg::SPI_COMMAND_VALID_LSB];
    spi_o = wipe ? 32'd0 : spi_q;
    spi_sa_o = wipe ? '0 : spi_sa_q;
  end

  // --- registers that are read ----
  logic [10:0] snapshot_word;  // in bits, of a read in SNAPSHOT_DATA
  assign snapshot_word = {araddr_q[7:2], 5'd0};
  always_comb begin
    read_data = '0;
    case (araddr_q)
      16'(esp_regs_pkg::REG_ID): read_data = esp_regs_pkg::ID;
      16'(esp_regs_pkg::REG_VERSION):
        read_data = {16'(esp_regs_pkg::VERSION_MAJOR), 16'(esp_regs_pkg::VERSION_MINOR)};
      16'(esp_regs_pkg::REG_CAPABILITIES): begin
        read_data[esp_regs_pkg::CAPABILITIES_AES_GCM_128_LSB] = 1'b1;
        read_data[esp_regs_pkg::CAPABILITIES_AES_GCM_256_LSB] = 1'b1;
        read_data[esp_regs_pkg::CAPABILITIES_ESN_LSB] = 1'b1;
        read_data[esp_regs_pkg::CAPABILITIES_TUNNEL_V4_IN_V4_LSB] = 1'b1;
        read_data[esp_regs_pkg::CAPABILITIES_UDP_ENCAPSULATION_LSB] = 1'b1;
      end
      16'(esp_regs_pkg::REG_TABLE_SIZES): begin
        read_data[esp_regs_pkg::TABLE_SIZES_OUTBOUND_SA_LOG2_LSB+:8] = 8'(OUTBOUND_SA_LOG2);
        read_data[esp_regs_pkg::TABLE_SIZES_INBOUND_SA_LOG2_LSB+:8] = 8'(INBOUND_SA_LOG2);
        read_data[esp_regs_pkg::TABLE_SIZES_SPI_BUCKET_LOG2_LSB+:8] = 8'(SPI_BUCKET_LOG2);
      end
      16'(esp_regs_pkg::REG_MAX_PACKET_BYTES): read_data = esp_core_pkg::MAX_PACKET_BYTES;
      16'(esp_regs_pkg::REG_REPLAY_WINDOW): read_data = esp_regs_pkg::REPLAY_WINDOW;
      16'(esp_regs_pkg::REG_DATA_WIDTH): read_data = esp_regs_pkg::DATA_WIDTH;
      16'(esp_regs_pkg::REG_STATUS): begin
        read_data[esp_regs_pkg::STATUS_READY_LSB] = !wipe;
        read_data[esp_regs_pkg::STATUS_BUSY_LSB] = busy;
        read_data[esp_regs_pkg::STATUS_REJECTED_LSB] = rejected_q;
      end
      default: begin
        if (araddr_q >= 16'(esp_regs_pkg::REG_SNAPSHOT_DATA)
            && araddr_q < 16'(esp_regs_pkg::REG_SNAPSHOT_DATA + SNAPSHOT_BITS / 8)) begin
          read_data = snapshot_data_q[snapshot_word+:32];
        end
      end
    endcase
    if (araddr_q[1:0] != 2'd0) read_data = '0;
  end
endmodule
`default_nettype wire
