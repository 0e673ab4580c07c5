// esp_spd_cache with the members of its structs as ports.
`default_nettype none
module spd_cache_top (
  input  wire logic         clk_i,
  input  wire logic         rst_ni,
  input  wire logic         valid_i,
  input  wire logic         ipv6_i,
  input  wire logic         ports_known_i,
  input  wire logic [7:0]   protocol_i,
  input  wire logic [15:0]  source_port_i,
  input  wire logic [15:0]  destination_port_i,
  input  wire logic [127:0] source_i,
  input  wire logic [127:0] destination_i,
  input  wire logic [7:0]   spd_i,
  output logic              valid_o,
  output logic              hit_o,
  output logic [1:0]        policy_o,
  output logic [15:0]       sa_o,
  input  wire logic [3:0]   write_i,
  input  wire logic [6:0]   write_index_i,
  input  wire logic [328:0] write_entry_i    // spd_cache_entry_t
);
  esp_core_pkg::ip_t ip;
  always_comb begin
    // What is no part of a flow must make no difference.
    ip = {$bits(ip){source_i[0]}};
    ip.ipv6 = ipv6_i;
    ip.ports_known = ports_known_i;
    ip.protocol = protocol_i;
    ip.source_port = source_port_i;
    ip.destination_port = destination_port_i;
    ip.source = source_i;
    ip.destination = destination_i;
  end
  esp_spd_cache #(.SPD_CACHE_LOG2(7)) u_cache (
    .clk_i, .rst_ni, .valid_i, .ip_i(ip), .spd_i, .valid_o, .hit_o, .policy_o, .sa_o,
    .write_i, .write_index_i, .write_entry_i
  );
endmodule
`default_nettype wire
