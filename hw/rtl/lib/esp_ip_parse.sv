// Parser of an IP packet's first 64 bytes, IPv4 or IPv6 with extension headers: "Parsing an IP
// packet" of docs/developer/engine-behaviour.md, to the letter. One packet per cycle, no stall; ip_o
// comes esp_core_pkg::PARSE_CYCLES cycles after data_i, and valid_o with it. Bytes past length_i are
// not relied on.
//
//   1 inputs   2 IP header   3, 4, 5 one extension header each (esp_ip_walk)   6 ports
`default_nettype none
module esp_ip_parse (
  input  wire logic         clk_i,
  input  wire logic         rst_ni,
  input  wire logic         valid_i,
  input  wire logic [511:0] data_i,
  input  wire logic [15:0]  length_i,   // of the frame or payload, bytes
  output logic              valid_o,
  output esp_core_pkg::ip_t ip_o
);
  // A header by its number.
  function automatic esp_core_pkg::ip_next_t next_of(input logic [7:0] protocol);
    next_of = {protocol == esp_core_pkg::PROTOCOL_HOP_BY_HOP
               || protocol == esp_core_pkg::PROTOCOL_ROUTING
               || protocol == esp_core_pkg::PROTOCOL_FRAGMENT
               || protocol == esp_core_pkg::PROTOCOL_OPTIONS,
               protocol == esp_core_pkg::PROTOCOL_FRAGMENT,
               esp_core_pkg::port_bytes(protocol), protocol};
  endfunction
  // From the header's first four bytes without the reserved bits of a fragment header.
  function automatic esp_core_pkg::ip_extension_t extension_in(input logic [29:0] head);
    extension_in = {head[29:16] != 14'd0, {head[29:25], head[23:16]} != 13'd0,
                    {1'b0, head[15:8]} + 9'd1, next_of(head[7:0])};
  endfunction

  logic [5:0] valid_q;
  always_ff @(posedge clk_i) valid_q <= rst_ni ? {valid_q[4:0], valid_i} : 6'd0;
  assign valid_o = valid_q[5];

  // --- 1: inputs ----
  logic [511:0] data1_q;
  logic [15:0] length1_q;
  always_ff @(posedge clk_i) begin
    data1_q <= data_i;
    length1_q <= length_i;
  end

  // --- 2: IP header ----
  esp_core_pkg::ip_t ip1, ip2_q, ip2, ip6_q;
  esp_core_pkg::ip_walk_t walk1, walk2_q;
  logic ipv6_1;
  logic [3:0] ihl1;
  logic [15:0] payload1, total1, rest1, claimed1, granted1, claimed2_q, granted2_q;
  always_comb begin
    ipv6_1 = data1_q[7:4] == 4'd6;
    ihl1 = data1_q[3:0];
    payload1 = esp_core_pkg::swap16(data1_q[47:32]);
    total1 = esp_core_pkg::swap16(data1_q[31:16]);
    ip1 = '0;
    ip1.ipv6 = ipv6_1;
    if (ipv6_1) begin
      // A length of at least 40 bytes leaves `granted1` for the payload.
      ip1.malformed = length1_q[15:6] == 10'd0 && !(length1_q[5] && length1_q[4:3] != 2'd0);
      ip1.total = payload1 + 16'd40;
      ip1.tos = {data1_q[3:0], data1_q[15:12]};
      ip1.df = 1'b1;
      ip1.base_protocol = data1_q[55:48];
      ip1.source = esp_core_pkg::swap128(data1_q[191:64]);
      ip1.destination = esp_core_pkg::swap128(data1_q[319:192]);
      rest1 = payload1;
      claimed1 = payload1;
      granted1 = length1_q - 16'd40;
    end else begin
      // A frame of less than 20 bytes is shorter than its total length says.
      ip1.malformed = data1_q[7:4] != 4'd4 || ihl1 < 4'd5 || total1[15:2] < {10'd0, ihl1};
      ip1.total = total1;
      ip1.tos = data1_q[15:8];
      ip1.df = data1_q[54];
      ip1.later_fragment = data1_q[52:48] != 5'd0 || data1_q[63:56] != 8'd0;
      ip1.fragment = ip1.later_fragment || data1_q[53];
      ip1.base_protocol = data1_q[79:72];
      ip1.source[31:0] = esp_core_pkg::swap32(data1_q[127:96]);
      ip1.destination[31:0] = esp_core_pkg::swap32(data1_q[159:128]);
      rest1 = total1 - {10'd0, ihl1, 2'd0};
      claimed1 = total1;
      granted1 = length1_q;
    end
    ip1.upper_word = {1'b0, ihl1};
    ip1.protocol_known = 1'b1;
    walk1.next = next_of(ip1.base_protocol);
    walk1.walking = ipv6_1;
    walk1.place = 2'd0;
    walk1.left = rest1[15:3];
    ip1.extensions = ipv6_1 && walk1.next.extension;
  end
  always_ff @(posedge clk_i) begin
    ip2_q <= ip1;
    walk2_q <= walk1;
    claimed2_q <= claimed1;
    granted2_q <= granted1;
  end
  always_comb begin
    ip2 = ip2_q;
    ip2.malformed = ip2_q.malformed || claimed2_q > granted2_q;
  end

  // --- 3, 4, 5: extension headers ----
  esp_core_pkg::ip_extension_t at0_2_q, at1_2_q, at2_2_q, at1_3_q, at2_3_q, at2_4_q;
  esp_core_pkg::ip_t ip3, ip4, ip5, ip5_known;
  esp_core_pkg::ip_walk_t walk3, walk4, walk5;
  always_ff @(posedge clk_i) begin
    at0_2_q <= extension_in({data1_q[351:347], data1_q[344:320]});
    at1_2_q <= extension_in({data1_q[415:411], data1_q[408:384]});
    at2_2_q <= extension_in({data1_q[479:475], data1_q[472:448]});
    at1_3_q <= at1_2_q;
    at2_3_q <= at2_2_q;
    at2_4_q <= at2_3_q;
  end
  esp_ip_walk u_walk3 (
    .clk_i, .ip_i(ip2), .walk_i(walk2_q), .at_i(at0_2_q), .ip_o(ip3), .walk_o(walk3)
  );
  esp_ip_walk u_walk4 (
    .clk_i, .ip_i(ip3), .walk_i(walk3), .at_i(walk3.place[1] ? at2_3_q : at1_3_q),
    .ip_o(ip4), .walk_o(walk4)
  );
  esp_ip_walk u_walk5 (
    .clk_i, .ip_i(ip4), .walk_i(walk4), .at_i(at2_4_q), .ip_o(ip5), .walk_o(walk5)
  );

  // --- 6: ports; they stand at a multiple of 4 bytes, so whole in the window or whole outside ----
  typedef struct packed {
    logic [2:0]  rest;   // bytes behind the last whole unit
    logic [31:0] at2;    // what stands at the three places, at `at0` for IPv4
    logic [31:0] at1;
    logic [31:0] at0;
  } ports_t;
  ports_t ports1, ports5;
  logic [31:0] ports;
  always_comb begin
    ports1.rest = rest1[2:0];
    ports1.at2 = esp_core_pkg::swap32(data1_q[479:448]);
    ports1.at1 = esp_core_pkg::swap32(data1_q[415:384]);
    ports1.at0 = esp_core_pkg::swap32(data1_q[{ipv6_1 ? 4'd10 : ihl1, 5'd0}+:32]);
  end
  esp_delay_line #(.WIDTH($bits(ports1)), .CYCLES(4)) u_ports (
    .clk_i, .rst_ni, .data_i(ports1), .data_o(ports5)
  );
  always_comb begin
    ip5_known = ip5;
    if (walk5.walking && walk5.next.extension) begin
      // Three headers have been walked, so this one is outside the window.
      if (walk5.left == '0) ip5_known.malformed = 1'b1;
      ip5_known.protocol_known = 1'b0;
    end
    ip5_known.protocol = walk5.next.protocol;
    if (ip5.ipv6) begin
      ip5_known.upper_word = walk5.place == 2'd3 ? 5'd16 : 5'd10 + {2'd0, walk5.place, 1'b0};
    end
    ip5_known.upper_unit = walk5.left != '0;
    ip5_known.window_exceeded = !ip5_known.protocol_known;
    if (ip5_known.protocol_known && !ip5.later_fragment && walk5.next.port_bytes != 3'd0
        && (walk5.left != '0 || ports5.rest >= walk5.next.port_bytes)) begin
      ip5_known.ports_known = walk5.place != 2'd3;
      ip5_known.window_exceeded = walk5.place == 2'd3;
    end
    case (walk5.place)
      2'd0: ports = ports5.at0;
      2'd1: ports = ports5.at1;
      default: ports = ports5.at2;
    endcase
    if (ip5_known.ports_known) begin
      case (walk5.next.port_bytes)
        3'd2: {ip5_known.source_port, ip5_known.destination_port} = {2{ports[31:16]}};
        3'd3: {ip5_known.source_port, ip5_known.destination_port} = {2{ports[15:8], 8'd0}};
        default: {ip5_known.source_port, ip5_known.destination_port} = ports;
      endcase
    end
  end
  always_ff @(posedge clk_i) ip6_q <= ip5_known;
  assign ip_o = ip6_q;
endmodule
`default_nettype wire
