// The packet that step 17 checks against the SA's selectors, and what its verdicts need besides: in
// tunnel mode the decrypted packet, in transport mode the outer addresses and the start of the
// payload. One packet per cycle, one register rank.
`default_nettype none
module esp_inbound_subject (
  input  wire logic         clk_i,
  input  wire logic         transport_i,
  input  wire logic         outer_ipv6_i,
  input  wire logic [3:0]   header_words_i,
  /* verilator lint_off UNUSEDSIGNAL */ // addresses and lengths only
  input  wire logic [esp_inbound_pkg::HEADER_BITS-1:0] header_i,  // outer, stream order
  input  wire esp_core_pkg::ip_t ip_i,        // of the decrypted packet
  /* verilator lint_on UNUSEDSIGNAL */
  input  wire logic [31:0]  payload_i,        // first four bytes of the payload, big-endian
  input  wire logic [15:0]  text_bytes_i,
  input  wire logic [7:0]   pad_length_i,
  input  wire logic [7:0]   next_header_i,
  output logic              ipv6_o,
  output logic [7:0]        protocol_o,
  output logic              ports_known_o,
  output logic              window_exceeded_o,
  output logic [15:0]       source_port_o,
  output logic [15:0]       destination_port_o,
  output logic [127:0]      source_o,
  output logic [127:0]      destination_o,
  output logic              inner_malformed_o,  // tunnel: not whole, or not of the family named
  output logic [15:0]       length_o            // of the packet to deliver
);
  logic [15:0] payload_bytes;
  logic [2:0] port_bytes;
  logic family_named;
  always_comb begin
    payload_bytes = text_bytes_i - 16'd2 - {8'd0, pad_length_i};
    port_bytes = esp_core_pkg::port_bytes(next_header_i);
    family_named = next_header_i == (ip_i.ipv6 ? esp_core_pkg::PROTOCOL_IPV6
                                               : esp_core_pkg::PROTOCOL_IPV4);
  end
  always_ff @(posedge clk_i) begin
    inner_malformed_o <= ip_i.malformed || !family_named || ip_i.total > payload_bytes;
    if (transport_i) begin
      ipv6_o <= outer_ipv6_i;
      protocol_o <= next_header_i;
      ports_known_o <= port_bytes != 3'd0 && payload_bytes >= {13'd0, port_bytes};
      window_exceeded_o <= 1'b0;
      case (port_bytes)
        3'd2: {source_port_o, destination_port_o} <= {2{payload_i[31:16]}};
        3'd3: {source_port_o, destination_port_o} <= {2{payload_i[15:8], 8'd0}};
        default: {source_port_o, destination_port_o} <= payload_i;
      endcase
      source_o <= outer_ipv6_i ? esp_core_pkg::swap128(header_i[191:64])
                               : {96'd0, esp_core_pkg::swap32(header_i[127:96])};
      destination_o <= outer_ipv6_i ? esp_core_pkg::swap128(header_i[319:192])
                                    : {96'd0, esp_core_pkg::swap32(header_i[159:128])};
      length_o <= payload_bytes + {10'd0, header_words_i, 2'd0};
    end else begin
      ipv6_o <= ip_i.ipv6;
      protocol_o <= ip_i.protocol;
      ports_known_o <= ip_i.ports_known;
      window_exceeded_o <= ip_i.window_exceeded;
      {source_port_o, destination_port_o} <= {ip_i.source_port, ip_i.destination_port};
      source_o <= ip_i.source;
      destination_o <= ip_i.destination;
      length_o <= ip_i.total;
    end
  end
endmodule
`default_nettype wire
