// What the packet pipelines share: sizes, byte-order helpers, and the records that travel with a
// packet. Streams carry byte n of a beat in bits [8n+7:8n]; "big-endian" fields have their first
// byte on top.
`default_nettype none
// A model of one part uses some of the constants.
/* verilator lint_off UNUSEDPARAM */
package esp_core_pkg;
  localparam int unsigned MAX_PACKET_BYTES = 16384;
  localparam int unsigned BEATS_LOG2 = 6;         // ingress beat FIFO
  localparam int unsigned RECORDS_LOG2 = 5;       // decided packets that await the sequencer
  localparam int unsigned DONE_LOG2 = 7;          // completion FIFO; covers the pipeline
  localparam int unsigned PACKET_LOG2 = 9;        // output FIFO in beats: two largest packets
  localparam int unsigned FRONT_CYCLES = 32;      // longer than either decision pipeline
  localparam int unsigned PARSE_CYCLES = 6;       // esp_ip_parse
  localparam int unsigned HASH_CYCLES = 3;        // esp_table_hash
  localparam int unsigned TABLE_CYCLES = 4;       // esp_hash_table
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

  // The parser's way along extension headers, see esp_ip_walk: a header by its number, what stands at
  // one of the places in the window, and where the walk is.
  typedef struct packed {
    logic        extension;       // it is an extension header
    logic        is_fragment;     // namely a fragment header
    logic [2:0]  port_bytes;      // bytes of it that hold ports; 0: it has none
    logic [7:0]  protocol;
  } ip_next_t;
  typedef struct packed {
    logic        fragment;        // if it is a fragment header
    logic        later_fragment;
    logic [8:0]  units;           // its length if it is none
    ip_next_t    next;
  } ip_extension_t;
  typedef struct packed {
    logic        walking;         // no upper layer found yet
    logic [1:0]  place;           // 3: outside the window; IPv4: 0
    logic [12:0] left;            // whole units from there to the end of the packet
    ip_next_t    next;            // what stands there
  } ip_walk_t;

  // What the checks have found of an outbound packet, before its headers are built. `carried` is
  // what ESP carries: the whole packet, or in transport mode what stands behind the IP header.
  typedef struct packed {
    logic [7:0]  verdict;
    logic [15:0] sa;
    logic        bypass;
    logic        own_header;      // transport mode: the packet's own IP header stays in front
    logic        outer_ipv6;      // family of the header in front
    logic        encapsulation;
    logic        gmac;
    logic        esn;
    logic [3:0]  ip_words;        // of the header in front
    logic [15:0] carried_bytes;
    logic [15:0] payload_bytes;   // carried, and zeros up to the SA's TFC size
    logic [7:0]  next_header;     // of the payload
    logic [7:0]  tos;             // of the packet; 0 for a dummy
    logic        df;
    logic [63:0] sequence_number;
  } outbound_decision_t;

  // Everything the sequencer and the frame stage need of an outbound packet. Its text is what goes
  // through the cipher: the end of the IV if iv_in_text, what is carried, zeros, trailer.
  typedef struct packed {
    logic [7:0]    verdict;
    logic [15:0]   sa;
    logic [47:0]   next_hop;
    logic          bypass;
    logic          iv_in_text;    // GMAC with ESN: the last four bytes of the IV begin the text
    logic [3:0]    carried_word;  // where text byte 0 stands in the frame, in words, plus one
    logic [15:0]   carried_end;   // text bytes: end of what comes from the frame
    logic [15:0]   trailer_start; // start of padding and trailer
    logic [15:0]   text_bytes;    // all of it, at least 1
    logic [9:0]    last_text;     // index of its last beat
    logic [15:0]   output_bytes;
    logic [9:0]    last_output;
    logic [7:0]    next_header;
    logic [4:0]    header_words;  // in front of the text: 8..16, or 0 when bypassed
    logic [511:0]  header;        // stream order
    logic          gmac;
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

  // 64-bit counters and limits, with carry chains of half their width: increment, addition of a
  // packet's bytes, and subtraction that ends at zero. (A comparison is faster in one piece.)
  function automatic logic [63:0] increment(input logic [63:0] a);
    logic [31:0] high;
    high = a[63:32] + 32'd1;
    increment = {(&a[31:0]) ? high : a[63:32], a[31:0] + 32'd1};
  endfunction
  function automatic logic [63:0] add_bytes(input logic [63:0] a, input logic [15:0] bytes);
    logic [31:0] high;
    logic [32:0] low;
    high = a[63:32] + 32'd1;
    low = {1'b0, a[31:0]} + {17'd0, bytes};
    add_bytes = {low[32] ? high : a[63:32], low[31:0]};
  endfunction
  function automatic logic [63:0] less(input logic [63:0] a, input logic [15:0] b);
    logic [31:0] high;
    logic [32:0] low;
    high = a[63:32] - 32'd1;
    low = {1'b0, a[31:0]} - {17'd0, b};
    if (low[32] && a[63:32] == 32'd0) less = 64'd0;
    else less = {low[32] ? high : a[63:32], low[31:0]};
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
