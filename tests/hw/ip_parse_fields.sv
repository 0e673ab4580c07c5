// esp_ip_parse with each field of its answer on a port of its own.
`default_nettype none
module ip_parse_fields (
  input  wire logic         clk_i,
  input  wire logic         rst_ni,
  input  wire logic         valid_i,
  input  wire logic [511:0] data_i,
  input  wire logic [15:0]  length_i,
  output logic              valid_o,
  output logic              malformed_o,
  output logic              ipv6_o,
  output logic              fragment_o,
  output logic              later_fragment_o,
  output logic              extensions_o,
  output logic              protocol_known_o,
  output logic              ports_known_o,
  output logic              window_exceeded_o,
  output logic [4:0]        upper_word_o,
  output logic              upper_unit_o,
  output logic [15:0]       total_o,
  output logic [7:0]        tos_o,
  output logic              df_o,
  output logic [7:0]        base_protocol_o,
  output logic [7:0]        protocol_o,
  output logic [15:0]       source_port_o,
  output logic [15:0]       destination_port_o,
  output logic [127:0]      source_o,
  output logic [127:0]      destination_o
);
  esp_core_pkg::ip_t ip;
  esp_ip_parse u_parse (.clk_i, .rst_ni, .valid_i, .data_i, .length_i, .valid_o, .ip_o(ip));
  assign malformed_o = ip.malformed;
  assign ipv6_o = ip.ipv6;
  assign fragment_o = ip.fragment;
  assign later_fragment_o = ip.later_fragment;
  assign extensions_o = ip.extensions;
  assign protocol_known_o = ip.protocol_known;
  assign ports_known_o = ip.ports_known;
  assign window_exceeded_o = ip.window_exceeded;
  assign upper_word_o = ip.upper_word;
  assign upper_unit_o = ip.upper_unit;
  assign total_o = ip.total;
  assign tos_o = ip.tos;
  assign df_o = ip.df;
  assign base_protocol_o = ip.base_protocol;
  assign protocol_o = ip.protocol;
  assign source_port_o = ip.source_port;
  assign destination_port_o = ip.destination_port;
  assign source_o = ip.source;
  assign destination_o = ip.destination;
endmodule
`default_nettype wire
