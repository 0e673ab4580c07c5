// Parser of an IP packet's first 64 bytes, IPv4 or IPv6 with extension headers: "Parsing an IP
// packet" of docs/developer/engine-behaviour.md, to the letter. One packet per cycle, no stall; ip_o
// comes esp_core_pkg::PARSE_CYCLES cycles after data_i, and valid_o with it. Bytes past length_i are
// not relied on.
//
//   1 inputs   2 IP header, extension header at byte 40   3 extension header at byte 48 or 56
//   4 extension header at byte 56, ports
//
// Extension headers are counted in units of 8 bytes behind the IPv6 header, so three fit the window:
// units 0, 1 and 2. A header is walked when it stands where the walk is; the next one may then stand
// anywhere behind it, or outside the window, where the walk ends.
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
  // What stands at one of the three places for an extension header.
  typedef struct packed {
    logic       fragment;
    logic       later_fragment;
    logic [8:0] units;        // length if it is no fragment header
    logic [7:0] next_header;
  } extension_t;
  // The state of the walk beside what is already known of the packet.
  typedef struct packed {
    logic        walking;     // no upper layer found yet
    logic [9:0]  unit;        // where the walk is; IPv4: 0
    logic [12:0] rest_units;  // whole units of 8 bytes behind the IP header
    logic [2:0]  rest_bytes;  // and bytes behind those
  } walk_t;

  // From the header's first four bytes without the reserved bits of a fragment header.
  function automatic extension_t extension_in(input logic [29:0] head);
    extension_in = {head[29:16] != 14'd0, {head[29:25], head[23:16]} != 13'd0,
                    {1'b0, head[15:8]} + 9'd1, head[7:0]};
  endfunction
  function automatic logic is_extension(input logic [7:0] protocol);
    is_extension = protocol == esp_core_pkg::PROTOCOL_HOP_BY_HOP
                   || protocol == esp_core_pkg::PROTOCOL_ROUTING
                   || protocol == esp_core_pkg::PROTOCOL_FRAGMENT
                   || protocol == esp_core_pkg::PROTOCOL_OPTIONS;
  endfunction
  function automatic logic [8:0] units_of(input logic [7:0] protocol, input logic [8:0] units);
    units_of = protocol == esp_core_pkg::PROTOCOL_FRAGMENT ? 9'd1 : units;
  endfunction
  // `bytes` bytes from `unit` on lie within the packet.
  function automatic logic holds(input logic [9:0] unit, input logic [2:0] bytes,
                                 input logic [12:0] rest_units, input logic [2:0] rest_bytes);
    holds = rest_units > {3'd0, unit} || (rest_units == {3'd0, unit} && rest_bytes >= bytes);
  endfunction

  logic [3:0] valid_q;
  always_ff @(posedge clk_i) valid_q <= rst_ni ? {valid_q[2:0], valid_i} : 4'd0;
  assign valid_o = valid_q[3];

  // --- 1: inputs ----
  logic [511:0] data1_q, data2_q, data3_q;
  logic [15:0] length1_q;
  always_ff @(posedge clk_i) begin
    data1_q <= data_i;
    length1_q <= length_i;
    data2_q <= data1_q;
    data3_q <= data2_q;
  end

  // --- 2: IP header and the first extension header ----
  extension_t first, at_unit1_q, at_unit2_q, at_unit2_qq;
  assign first = extension_in({data1_q[351:347], data1_q[344:320]});
  always_ff @(posedge clk_i) begin
    at_unit1_q <= extension_in({data1_q[415:411], data1_q[408:384]});
    at_unit2_q <= extension_in({data1_q[479:475], data1_q[472:448]});
    at_unit2_qq <= at_unit2_q;
  end

  esp_core_pkg::ip_t ip1, ip2_q, ip2, ip3_q, ip3, ip4_q;
  walk_t walk1, walk2_q, walk2, walk3_q;
  logic [3:0] ihl;
  logic [15:0] payload, rest;
  logic [8:0] units1;
  always_comb begin
    ihl = data1_q[3:0];
    payload = esp_core_pkg::swap16(data1_q[47:32]);
    ip1 = '0;
    if (data1_q[7:4] == 4'd6) begin
      ip1.ipv6 = 1'b1;
      ip1.malformed = length1_q < 16'd40 || {1'b0, payload} + 17'd40 > {1'b0, length1_q};
      ip1.total = payload + 16'd40;
      ip1.tos = {data1_q[3:0], data1_q[15:12]};
      ip1.df = 1'b1;
      ip1.base_protocol = data1_q[55:48];
      ip1.source = esp_core_pkg::swap128(data1_q[191:64]);
      ip1.destination = esp_core_pkg::swap128(data1_q[319:192]);
      rest = payload;
    end else begin
      ip1.total = esp_core_pkg::swap16(data1_q[31:16]);
      ip1.malformed = data1_q[7:4] != 4'd4 || length1_q < 16'd20 || ihl < 4'd5
                      || ip1.total < {10'd0, ihl, 2'd0} || ip1.total > length1_q;
      ip1.tos = data1_q[15:8];
      ip1.df = data1_q[54];
      ip1.later_fragment = data1_q[52:48] != 5'd0 || data1_q[63:56] != 8'd0;
      ip1.fragment = ip1.later_fragment || data1_q[53];
      ip1.base_protocol = data1_q[79:72];
      ip1.source[31:0] = esp_core_pkg::swap32(data1_q[127:96]);
      ip1.destination[31:0] = esp_core_pkg::swap32(data1_q[159:128]);
      rest = ip1.total - {10'd0, ihl, 2'd0};
    end
    ip1.upper_word = {1'b0, ihl};
    ip1.protocol = ip1.base_protocol;
    ip1.protocol_known = 1'b1;
    ip1.extensions = ip1.ipv6 && is_extension(ip1.base_protocol);
    walk1.walking = ip1.extensions;
    walk1.unit = 10'd0;
    {walk1.rest_units, walk1.rest_bytes} = rest;
    units1 = units_of(ip1.base_protocol, first.units);
    // A jumbogram (payload length 0, hop-by-hop header) is among those that have no room for it.
    if (ip1.extensions) begin
      if (walk1.rest_units < {4'd0, units1}) ip1.malformed = 1'b1;
      if (ip1.base_protocol == esp_core_pkg::PROTOCOL_FRAGMENT) begin
        ip1.fragment = first.fragment;
        ip1.later_fragment = first.later_fragment;
      end
      walk1.walking = !ip1.later_fragment;
      walk1.unit = {1'b0, units1};
      ip1.protocol = first.next_header;
    end
  end
  always_ff @(posedge clk_i) begin
    ip2_q <= ip1;
    walk2_q <= walk1;
  end

  // --- 3: the second extension header, at unit 1 or 2 ----
  extension_t second;
  logic [8:0] units2;
  always_comb begin
    ip2 = ip2_q;
    walk2 = walk2_q;
    second = walk2_q.unit[1] ? at_unit2_q : at_unit1_q;
    units2 = units_of(ip2_q.protocol, second.units);
    if (walk2_q.walking) begin
      if (!is_extension(ip2_q.protocol)) begin
        walk2.walking = 1'b0;
      end else if (walk2_q.rest_units <= {3'd0, walk2_q.unit}) begin
        ip2.malformed = 1'b1;
      end else if (walk2_q.unit > 10'd2) begin
        walk2.walking = 1'b0;
        ip2.protocol_known = 1'b0;
      end else begin
        if (ip2_q.protocol == esp_core_pkg::PROTOCOL_FRAGMENT) begin
          ip2.fragment = ip2_q.fragment || second.fragment;
          ip2.later_fragment = second.later_fragment;
          walk2.walking = !second.later_fragment;
        end
        walk2.unit = walk2_q.unit + {1'b0, units2};
        if (walk2_q.rest_units < {3'd0, walk2.unit}) ip2.malformed = 1'b1;
        ip2.protocol = second.next_header;
      end
    end
  end
  always_ff @(posedge clk_i) begin
    ip3_q <= ip2;
    walk3_q <= walk2;
  end

  // --- 4: the third extension header, at unit 2; what comes then is outside the window ----
  logic [9:0] unit3;
  logic [2:0] port_bytes3;
  logic [3:0] port_word;
  logic [31:0] ports;
  always_comb begin
    ip3 = ip3_q;
    unit3 = walk3_q.unit;
    if (walk3_q.walking && is_extension(ip3_q.protocol)) begin
      if (walk3_q.rest_units <= {3'd0, walk3_q.unit}) begin
        ip3.malformed = 1'b1;
      end else if (walk3_q.unit > 10'd2) begin
        ip3.protocol_known = 1'b0;
      end else begin
        if (ip3_q.protocol == esp_core_pkg::PROTOCOL_FRAGMENT) begin
          ip3.fragment = ip3_q.fragment || at_unit2_qq.fragment;
          ip3.later_fragment = at_unit2_qq.later_fragment;
        end
        unit3 = 10'd2 + {1'b0, units_of(ip3_q.protocol, at_unit2_qq.units)};
        if (walk3_q.rest_units < {3'd0, unit3}) ip3.malformed = 1'b1;
        ip3.protocol = at_unit2_qq.next_header;
        if (!ip3.later_fragment && is_extension(at_unit2_qq.next_header)) begin
          if (walk3_q.rest_units <= {3'd0, unit3}) ip3.malformed = 1'b1;
          ip3.protocol_known = 1'b0;
        end
      end
    end
    if (ip3_q.ipv6) ip3.upper_word = unit3 > 10'd2 ? 5'd16 : 5'd10 + {2'd0, unit3[1:0], 1'b0};
    ip3.upper_unit = walk3_q.rest_units > {3'd0, unit3};
    port_bytes3 = esp_core_pkg::port_bytes(ip3.protocol);
    // Ports are whole in the window or whole outside: they stand at a multiple of 4 bytes.
    if (ip3.protocol_known && !ip3.later_fragment && port_bytes3 != 3'd0
        && holds(unit3, port_bytes3, walk3_q.rest_units, walk3_q.rest_bytes)) begin
      ip3.ports_known = !ip3.upper_word[4];
      ip3.window_exceeded = ip3.upper_word[4];
    end
    if (!ip3.protocol_known) ip3.window_exceeded = 1'b1;
    // The third header leaves no room for ports, so where they may be is known before it.
    port_word = ip3_q.ipv6 ? 4'd10 + {1'b0, walk3_q.unit[1:0], 1'b0} : ip3_q.upper_word[3:0];
    ports = esp_core_pkg::swap32(data3_q[{port_word, 5'd0}+:32]);
    if (ip3.ports_known) begin
      if (esp_core_pkg::is_icmp(ip3_q.protocol)) begin
        ip3.source_port = ports[31:16];
        ip3.destination_port = ports[31:16];
      end else if (ip3_q.protocol == esp_core_pkg::PROTOCOL_MOBILITY) begin
        ip3.source_port = {ports[15:8], 8'd0};
        ip3.destination_port = {ports[15:8], 8'd0};
      end else begin
        ip3.source_port = ports[31:16];
        ip3.destination_port = ports[15:0];
      end
    end
  end
  always_ff @(posedge clk_i) ip4_q <= ip3;
  assign ip_o = ip4_q;
endmodule
`default_nettype wire
