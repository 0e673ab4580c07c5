// SPD cache of one direction: what the SPD says of a flow (RFC 4301 section 4.4.1), exact match.
// One look-up a cycle; the answer comes esp_core_pkg::SPD_CACHE_CYCLES later. Ports that are not
// known count as zero.
`default_nettype none
module esp_spd_cache #(
  parameter int unsigned SPD_CACHE_LOG2 = 7
) (
  input  wire logic         clk_i,
  input  wire logic         rst_ni,
  input  wire logic         valid_i,
  /* verilator lint_off UNUSEDSIGNAL */ // a flow is a part of what the parser tells
  input  wire esp_core_pkg::ip_t ip_i,
  /* verilator lint_on UNUSEDSIGNAL */
  input  wire logic [7:0]   spd_i,
  output logic              valid_o,
  output logic              hit_o,
  output logic [1:0]        policy_o,        // of a hit
  output logic [15:0]       sa_o,
  input  wire logic [3:0]   write_i,         // by way
  input  wire logic [SPD_CACHE_LOG2-1:0] write_index_i,
  /* verilator lint_off UNUSEDSIGNAL */ // the register block lets no larger SA index pass
  input  wire esp_regs_pkg::spd_cache_entry_t write_entry_i
  /* verilator lint_on UNUSEDSIGNAL */
);
  // A flow as it is compared.
  typedef struct packed {
    logic [127:0] destination;
    logic [127:0] source;
    logic [15:0]  destination_port;
    logic [15:0]  source_port;
    logic [7:0]   protocol;
    logic [7:0]   spd;
    logic         ports_known;
    logic         ipv6;
  } flow_t;
  flow_t flow, flow_late, write_flow;
  always_comb begin
    flow.destination = ip_i.destination;
    flow.source = ip_i.source;
    flow.destination_port = ip_i.ports_known ? ip_i.destination_port : '0;
    flow.source_port = ip_i.ports_known ? ip_i.source_port : '0;
    flow.protocol = ip_i.protocol;
    flow.spd = spd_i;
    flow.ports_known = ip_i.ports_known;
    flow.ipv6 = ip_i.ipv6;
    write_flow.destination = write_entry_i.destination;
    write_flow.source = write_entry_i.source;
    write_flow.destination_port = write_entry_i.destination_port;
    write_flow.source_port = write_entry_i.source_port;
    write_flow.protocol = write_entry_i.protocol;
    write_flow.spd = write_entry_i.spd;
    write_flow.ports_known = write_entry_i.ports_known;
    write_flow.ipv6 = write_entry_i.ipv6;
  end

  logic [319:0] words;
  logic [63:0] hash;
  // Addresses in network order, first word first.
  assign words = {
    8'd0, flow.protocol, 6'd0, flow.ports_known, flow.ipv6, flow.spd,
    flow.source_port, flow.destination_port,
    flow.destination[31:0], flow.destination[63:32], flow.destination[95:64],
    flow.destination[127:96],
    flow.source[31:0], flow.source[63:32], flow.source[95:64], flow.source[127:96]};
  esp_table_hash #(.WORDS(10)) u_hash (.clk_i, .key_i(words), .hash_o(hash));
  esp_delay_bits #(.WIDTH($bits(flow)), .CYCLES(esp_core_pkg::HASH_CYCLES)) u_flow (
    .clk_i, .rst_ni, .data_i(flow), .data_o(flow_late)
  );
  esp_hash_table #(
    .KEY_WIDTH($bits(flow)), .VALUE_WIDTH(18), .INDEX_LOG2(SPD_CACHE_LOG2)
  ) u_table (
    .clk_i, .key_i(flow_late), .hash_i(hash), .hit_o, .value_o({policy_o, sa_o}),
    .write_i, .write_index_i, .write_valid_i(write_entry_i.valid),
    .write_key_i(write_flow), .write_value_i({write_entry_i.policy, write_entry_i.sa[15:0]})
  );
  esp_delay_bits #(.WIDTH(1), .CYCLES(esp_core_pkg::SPD_CACHE_CYCLES)) u_valid (
    .clk_i, .rst_ni, .data_i(valid_i), .data_o(valid_o)
  );
endmodule
`default_nettype wire
