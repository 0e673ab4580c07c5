// Registers and counters of one side of the inline shell.
`default_nettype none
module esp_inline_side #(
  parameter int unsigned BASE = 'h1040,         // of the side's registers
  parameter int unsigned COUNTERS = 'h1200      // of its counters
) (
  input  wire logic        clk_i,
  input  wire logic        rst_ni,
  input  wire logic        write_i,
  input  wire logic [15:0] write_address_i,
  input  wire logic [31:0] write_data_i,
  input  wire logic [15:0] read_address_i,
  output logic [31:0]      read_data_o,         // zero when the address is not this side's
  input  wire logic        snapshot_i,
  // one pulse for each counter, in the order of its numbers
  input  wire logic [esp_inline_regs_pkg::COUNTER_HOST_REFUSED:0] pulses_i,
  output logic [47:0]      mac_o,
  output logic             promiscuous_o,
  output logic [7:0]       spd_o,
  output logic             keep_tags_o,
  output logic [1:0]       tag_count_o,
  output logic [63:0]      tags_o               // as on the wire
);
  localparam int unsigned COUNT = 32'(esp_inline_regs_pkg::COUNTER_HOST_REFUSED) + 1;
  logic [47:0] mac_q;
  logic [8:0] receive_q;
  logic [2:0] vlan_q;
  logic [31:0] outer_q, inner_q;
  logic [15:0] write_offset, read_offset, counter_offset;
  assign write_offset = write_address_i - 16'(BASE);
  assign read_offset = read_address_i - 16'(BASE);
  assign counter_offset = read_address_i - 16'(COUNTERS);
  assign mac_o = mac_q;
  assign {spd_o, promiscuous_o} = receive_q;
  assign keep_tags_o = vlan_q[2];
  assign tag_count_o = vlan_q[1] ? 2'd2 : vlan_q[1:0];
  assign tags_o = {esp_core_pkg::swap32(inner_q), esp_core_pkg::swap32(outer_q)};
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      mac_q <= '0;
      receive_q <= '0;
      vlan_q <= '0;
      outer_q <= '0;
      inner_q <= '0;
    end else if (write_i) begin
      case (write_offset)
        16'(esp_inline_regs_pkg::REG_MAC_LOW): mac_q[31:0] <= write_data_i;
        16'(esp_inline_regs_pkg::REG_MAC_HIGH): mac_q[47:32] <= write_data_i[15:0];
        16'(esp_inline_regs_pkg::REG_RECEIVE): receive_q <= {
          write_data_i[esp_inline_regs_pkg::RECEIVE_SPD_LSB+:8],
          write_data_i[esp_inline_regs_pkg::RECEIVE_PROMISCUOUS_LSB]};
        16'(esp_inline_regs_pkg::REG_VLAN): vlan_q <= {
          write_data_i[esp_inline_regs_pkg::VLAN_KEEP_LSB],
          write_data_i[esp_inline_regs_pkg::VLAN_COUNT_LSB+:2]};
        16'(esp_inline_regs_pkg::REG_TAG_OUTER): outer_q <= write_data_i;
        16'(esp_inline_regs_pkg::REG_TAG_INNER): inner_q <= write_data_i;
        default: ;
      endcase
    end
  end

  logic [64*COUNT-1:0] count_q, latched_q;
  for (genvar c = 0; c < COUNT; c = c + 1) begin : g_counter
    always_ff @(posedge clk_i) begin
      if (!rst_ni) begin
        count_q[64*c+:64] <= '0;
        latched_q[64*c+:64] <= '0;
      end else begin
        if (pulses_i[c]) count_q[64*c+:64] <= count_q[64*c+:64] + 64'd1;
        if (snapshot_i) latched_q[64*c+:64] <= count_q[64*c+:64];
      end
    end
  end

  always_comb begin
    case (read_offset)
      16'(esp_inline_regs_pkg::REG_MAC_LOW): read_data_o = mac_q[31:0];
      16'(esp_inline_regs_pkg::REG_MAC_HIGH): read_data_o = {16'd0, mac_q[47:32]};
      16'(esp_inline_regs_pkg::REG_RECEIVE): begin
        read_data_o = '0;
        read_data_o[esp_inline_regs_pkg::RECEIVE_SPD_LSB+:8] = spd_o;
        read_data_o[esp_inline_regs_pkg::RECEIVE_PROMISCUOUS_LSB] = promiscuous_o;
      end
      16'(esp_inline_regs_pkg::REG_VLAN): begin
        read_data_o = '0;
        read_data_o[esp_inline_regs_pkg::VLAN_KEEP_LSB] = keep_tags_o;
        read_data_o[esp_inline_regs_pkg::VLAN_COUNT_LSB+:2] = tag_count_o;
      end
      16'(esp_inline_regs_pkg::REG_TAG_OUTER): read_data_o = outer_q;
      16'(esp_inline_regs_pkg::REG_TAG_INNER): read_data_o = inner_q;
      default: read_data_o = '0;
    endcase
    for (int unsigned word = 0; word < 2 * COUNT; word = word + 1) begin
      if (counter_offset == 16'(4 * word)) read_data_o = latched_q[32*word+:32];
    end
  end
endmodule
`default_nettype wire
