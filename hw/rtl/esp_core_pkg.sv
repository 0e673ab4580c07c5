// What the packet pipelines share: sizes, byte-order helpers, and the records that travel with a
// packet. Streams carry byte n of a beat in bits [8n+7:8n]; "big-endian" fields have their first
// byte on top.
`default_nettype none
/* verilator lint_off UNUSEDPARAM */  // no top uses all of them
package esp_core_pkg;
  localparam int unsigned MAX_PACKET_BYTES = 16384;
  localparam int unsigned BEATS_LOG2 = 6;         // ingress beat FIFO
  localparam int unsigned RECORDS_LOG2 = 5;       // decided packets that await the sequencer
  localparam int unsigned DONE_LOG2 = 7;          // completion FIFO; covers the pipeline
  localparam int unsigned PACKET_LOG2 = 9;        // output FIFO in beats: two largest packets
  localparam int unsigned FRONT_CYCLES = 32;      // longer than either decision pipeline
  localparam int unsigned PARSE_CYCLES = 4;       // esp_ip_parse
  localparam int unsigned HASH_CYCLES = 2;        // esp_table_hash
  localparam int unsigned TABLE_CYCLES = 3;       // esp_hash_table
  localparam int unsigned SPI_CYCLES = HASH_CYCLES + TABLE_CYCLES;
  localparam int unsigned SPD_CACHE_CYCLES = HASH_CYCLES + TABLE_CYCLES;

  localparam logic [7:0] PROTOCOL_HOP_BY_HOP = 8'd0, PROTOCOL_ICMP = 8'd1, PROTOCOL_IPV4 = 8'd4,
                         PROTOCOL_TCP = 8'd6, PROTOCOL_UDP = 8'd17, PROTOCOL_DCCP = 8'd33,
                         PROTOCOL_IPV6 = 8'd41, PROTOCOL_ROUTING = 8'd43,
                         PROTOCOL_FRAGMENT = 8'd44, PROTOCOL_ESP = 8'd50,
                         PROTOCOL_ICMPV6 = 8'd58, PROTOCOL_NONE = 8'd59,
                         PROTOCOL_OPTIONS = 8'd60, PROTOCOL_SCTP = 8'd132,
                         PROTOCOL_MOBILITY = 8'd135, PROTOCOL_UDP_LITE = 8'd136;
  localparam logic [15:0] PORT_NAT_T = 16'd4500;  // RFC 3948

  // What esp_ip_parse sees in the first 64 bytes of an IP packet ("Parsing an IP packet" of
  // docs/developer/engine-behaviour.md). Of a malformed packet only `malformed` means anything.
  typedef struct packed {
    logic         malformed;
    logic         ipv6;
    logic         fragment;
    logic         later_fragment;    // fragment offset is not zero
    logic         extensions;        // IPv6: extension headers stand behind the IP header
    logic         protocol_known;
    logic         ports_known;
    logic         window_exceeded;
    logic [4:0]   upper_word;        // upper layer, in 4-byte words; 16: outside the window
    logic         upper_unit;        // 8 bytes of it or more lie within the packet
    logic [15:0]  total;             // bytes, IP header included
    logic [7:0]   tos;               // TOS or traffic class
    logic         df;                // set for IPv6, whose routers do not fragment
    logic [7:0]   base_protocol;     // of the IP header itself
    logic [7:0]   protocol;
    logic [15:0]  source_port, destination_port;  // or ICMP or MH type as ports; else 0
    logic [127:0] source, destination;            // IPv4: in the low 32 bits
  } ip_t;

  // Everything the sequencer and the frame stage need of an outbound packet.
  typedef struct packed {
    logic [7:0]    verdict;
    logic [15:0]   sa;
    logic [47:0]   next_hop;
    logic          encapsulation;
    logic [15:0]   total;         // inner total_length, bytes
    logic [15:0]   text_bytes;    // inner packet, padding and trailer: what is encrypted
    logic [15:0]   output_bytes;
    logic [351:0]  header;        // outer IP, UDP, ESP, IV in stream order; 36 or 44 bytes
    logic          esn;
    logic          key_256;
    logic [255:0]  key;
    logic [31:0]   salt;
    logic [31:0]   spi;
    logic [63:0]   sequence_number;
    logic [1279:0] powers;
  } outbound_record_t;

  // What changes with every outbound packet, one row per SA: the sa_outbound set of
  // hw/registers.toml in its order, first counter lowest.
  typedef struct packed {
    logic [63:0] next_sequence;
    logic [63:0] expired;
    logic [63:0] bytes;
    logic [63:0] packets;
  } outbound_state_t;

  // Byte order: stream to big-endian and back.
  function automatic logic [15:0] swap16(input logic [15:0] x);
    swap16 = {x[7:0], x[15:8]};
  endfunction
  function automatic logic [31:0] swap32(input logic [31:0] x);
    swap32 = {x[7:0], x[15:8], x[23:16], x[31:24]};
  endfunction
  function automatic logic [127:0] swap128(input logic [127:0] x);
    swap128 = {swap32(x[31:0]), swap32(x[63:32]), swap32(x[95:64]), swap32(x[127:96])};
  endfunction

  function automatic logic is_icmp(input logic [7:0] protocol);
    is_icmp = protocol == PROTOCOL_ICMP || protocol == PROTOCOL_ICMPV6;
  endfunction
  // Bytes of the upper layer that hold its ports; 0 when it has none.
  function automatic logic [2:0] port_bytes(input logic [7:0] protocol);
    if (protocol == PROTOCOL_TCP || protocol == PROTOCOL_UDP
        || protocol == PROTOCOL_DCCP || protocol == PROTOCOL_SCTP
        || protocol == PROTOCOL_UDP_LITE) port_bytes = 3'd4;
    else if (is_icmp(protocol)) port_bytes = 3'd2;
    else if (protocol == PROTOCOL_MOBILITY) port_bytes = 3'd3;
    else port_bytes = 3'd0;
  endfunction

  // Internet checksum (RFC 1071): one step of folding the carries back.
  function automatic logic [16:0] fold(input logic [19:0] sum);
    fold = {1'b0, sum[15:0]} + {13'd0, sum[19:16]};
  endfunction

  // Bytes in the last beat, 1..64, of a length that is not zero, from the low bits of the length.
  function automatic logic [6:0] tail_bytes(input logic [5:0] length);
    tail_bytes = (length == 6'd0) ? 7'd64 : {1'b0, length};
  endfunction
  // Index of the last beat of a length that is not zero.
  function automatic logic [9:0] last_beat(input logic [15:0] length);
    last_beat = length[15:6] - {9'd0, length[5:0] == 6'd0};
  endfunction
  // One bit for each byte of a beat that holds `bytes` bytes.
  function automatic logic [63:0] keep(input logic [6:0] bytes);
    keep = bytes[6] ? {64{1'b1}} : ~({64{1'b1}} << bytes[5:0]);
  endfunction
endpackage
/* verilator lint_on UNUSEDPARAM */
`default_nettype wire
