// Register block: what software reads and writes through AXI4-Lite, after hw/registers.toml. What
// cannot be read reads as zero, the shadow row with its keys first of all. Writes to the command
// registers are shown to esp_commands.sv, which answers with its status.
`default_nettype none
module esp_registers #(
  parameter int unsigned OUTBOUND_SA_LOG2 = 8,
  parameter int unsigned INBOUND_SA_LOG2 = 8,
  parameter int unsigned SPI_LOG2 = 7,
  parameter int unsigned SPD_CACHE_LOG2 = 7
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
  // commands
  output logic              write_o,
  output logic [15:0]       address_o,
  output logic [31:0]       data_o,
  output logic [32*esp_regs_pkg::SHADOW_WORDS-1:0] shadow_o,
  input  wire logic         shadow_wipe_i,
  input  wire logic         ready_i,
  input  wire logic         busy_i,
  input  wire logic         rejected_i,
  input  wire logic         self_test_passed_i,
  input  wire logic         self_test_failed_i,
  input  wire logic [64*(esp_regs_pkg::COUNTER_GLOBAL_COUNT+esp_regs_pkg::VERDICT_COUNT)-1:0]
    snapshot_i,
  // the oldest event
  input  wire logic         event_valid_i,
  input  wire logic [31:0]  event_data_i,
  output logic              event_read_o     // software takes it
);
  localparam int unsigned SNAPSHOT_BITS =
    64 * (esp_regs_pkg::COUNTER_GLOBAL_COUNT + esp_regs_pkg::VERDICT_COUNT);

  logic read;
  logic [15:0] read_address;
  logic [31:0] read_data;
  esp_axi_lite u_axi_lite (
    .clk_i, .rst_ni,
    .s_axil_awaddr_i, .s_axil_awvalid_i, .s_axil_awready_o,
    .s_axil_wdata_i, .s_axil_wstrb_i, .s_axil_wvalid_i, .s_axil_wready_o,
    .s_axil_bresp_o, .s_axil_bvalid_o, .s_axil_bready_i,
    .s_axil_araddr_i, .s_axil_arvalid_i, .s_axil_arready_o,
    .s_axil_rdata_o, .s_axil_rresp_o, .s_axil_rvalid_o, .s_axil_rready_i,
    .write_o, .write_address_o(address_o), .write_data_o(data_o),
    .read_o(read), .read_address_o(read_address), .read_data_i(read_data)
  );

  // --- shadow row ----
  for (genvar word = 0; word < esp_regs_pkg::SHADOW_WORDS; word = word + 1) begin : g_shadow
    logic [31:0] word_q;
    always_ff @(posedge clk_i) begin
      if (!rst_ni || shadow_wipe_i) word_q <= '0;
      else if (write_o && !busy_i && address_o == 16'(esp_regs_pkg::REG_SA_DATA + 4 * word))
        word_q <= data_o;
    end
    assign shadow_o[32*word+:32] = word_q;
  end

  // --- registers that are read ----
  logic [11:0] snapshot_bit;  // of a read in SNAPSHOT_DATA
  assign snapshot_bit = {read_address[8:2], 5'd0};
  assign event_read_o = read && read_address == 16'(esp_regs_pkg::REG_EVENT_DATA);
  always_comb begin
    read_data = '0;
    case (read_address)
      16'(esp_regs_pkg::REG_ID): read_data = esp_regs_pkg::ID;
      16'(esp_regs_pkg::REG_VERSION):
        read_data = {16'(esp_regs_pkg::VERSION_MAJOR), 16'(esp_regs_pkg::VERSION_MINOR)};
      16'(esp_regs_pkg::REG_CAPABILITIES): begin
        read_data[esp_regs_pkg::CAPABILITIES_AES_GCM_128_LSB] = 1'b1;
        read_data[esp_regs_pkg::CAPABILITIES_AES_GCM_256_LSB] = 1'b1;
        read_data[esp_regs_pkg::CAPABILITIES_ESN_LSB] = 1'b1;
        read_data[esp_regs_pkg::CAPABILITIES_TUNNEL_LSB] = 1'b1;
        read_data[esp_regs_pkg::CAPABILITIES_UDP_ENCAPSULATION_LSB] = 1'b1;
        read_data[esp_regs_pkg::CAPABILITIES_GMAC_128_LSB] = 1'b1;
        read_data[esp_regs_pkg::CAPABILITIES_GMAC_256_LSB] = 1'b1;
        read_data[esp_regs_pkg::CAPABILITIES_IPV6_LSB] = 1'b1;
        read_data[esp_regs_pkg::CAPABILITIES_TRANSPORT_LSB] = 1'b1;
        read_data[esp_regs_pkg::CAPABILITIES_TFC_LSB] = 1'b1;
        read_data[esp_regs_pkg::CAPABILITIES_LIFETIMES_LSB] = 1'b1;
        read_data[esp_regs_pkg::CAPABILITIES_SPD_CACHE_LSB] = 1'b1;
      end
      16'(esp_regs_pkg::REG_TABLE_SIZES): begin
        read_data[esp_regs_pkg::TABLE_SIZES_OUTBOUND_SA_LOG2_LSB+:8] = 8'(OUTBOUND_SA_LOG2);
        read_data[esp_regs_pkg::TABLE_SIZES_INBOUND_SA_LOG2_LSB+:8] = 8'(INBOUND_SA_LOG2);
        read_data[esp_regs_pkg::TABLE_SIZES_SPI_LOG2_LSB+:8] = 8'(SPI_LOG2);
        read_data[esp_regs_pkg::TABLE_SIZES_SPD_CACHE_LOG2_LSB+:8] = 8'(SPD_CACHE_LOG2);
      end
      16'(esp_regs_pkg::REG_MAX_PACKET_BYTES): read_data = esp_core_pkg::MAX_PACKET_BYTES;
      16'(esp_regs_pkg::REG_REPLAY_WINDOW): read_data = esp_regs_pkg::REPLAY_WINDOW;
      16'(esp_regs_pkg::REG_DATA_WIDTH): read_data = esp_regs_pkg::DATA_WIDTH;
      16'(esp_regs_pkg::REG_STATUS): begin
        read_data[esp_regs_pkg::STATUS_READY_LSB] = ready_i;
        read_data[esp_regs_pkg::STATUS_BUSY_LSB] = busy_i;
        read_data[esp_regs_pkg::STATUS_REJECTED_LSB] = rejected_i;
        read_data[esp_regs_pkg::STATUS_SELF_TEST_PASSED_LSB] = self_test_passed_i;
        read_data[esp_regs_pkg::STATUS_SELF_TEST_FAILED_LSB] = self_test_failed_i;
        read_data[esp_regs_pkg::STATUS_EVENT_LSB] = event_valid_i;
      end
      16'(esp_regs_pkg::REG_EVENT_DATA): read_data = event_valid_i ? event_data_i : '0;
      default: begin
        if (read_address >= 16'(esp_regs_pkg::REG_SNAPSHOT_DATA)
            && read_address < 16'(esp_regs_pkg::REG_SNAPSHOT_DATA + SNAPSHOT_BITS / 8)) begin
          read_data = snapshot_i[snapshot_bit+:32];
        end
      end
    endcase
  end
endmodule
`default_nettype wire
