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
  localparam int unsigned PARSE_CYCLES = 4;       // esp_ip_parse
  localparam int unsigned HASH_CYCLES = 3;        // esp_table_hash
  localparam int unsigned TABLE_CYCLES = 3;       // esp_hash_table
  localparam int unsigned SPI_CYCLES = HASH_CYCLES + TABLE_CYCLES;
  localparam int unsigned SPD_CACHE_CYCLES = HASH_CYCLES + TABLE_CYCLES;

  localparam logic [7:0] PROTOCOL_IPV4 = 8'd4, PROTOCOL_TCP = 8'd6, PROTOCOL_UDP = 8'd17,
                         PROTOCOL_DCCP = 8'd33, PROTOCOL_ESP = 8'd50, PROTOCOL_NONE = 8'd59,
                         PROTOCOL_SCTP = 8'd132, PROTOCOL_UDP_LITE = 8'd136;
  localparam logic [15:0] PORT_NAT_T = 16'd4500;  // RFC 3948

  // What the parser tells of an IP packet (docs/developer/engine-behaviour.md, "Parsing an IP
  // packet").
  typedef struct packed {
    logic         malformed;
    logic         ipv6;
    logic         fragment;
    logic         later_fragment;
    logic         extensions;     // IPv6 extension headers were walked
    logic         protocol_known;
    logic         ports_known;
    logic         window_exceeded;
    logic [4:0]   upper_word;     // offset of the upper layer in 4-byte words; 16: that or beyond
    logic [15:0]  total;
    logic [7:0]   tos;            // or traffic class
    logic         df;
    logic [7:0]   base_protocol;  // protocol or next header field of the first header
    logic [7:0]   protocol;
    logic [15:0]  source_port;
    logic [15:0]  destination_port;
    logic [127:0] source;         // IPv4 in the low 32 bits
    logic [127:0] destination;
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

  // Everything of an inbound packet that later stages need besides its beats.
  typedef struct packed {
    logic [7:0]  verdict;         // of steps 1 to 9 of the order of checks
    logic        crypt;           // goes through the cipher: verdict ok so far and no sure replay
    logic [15:0] sa;
    logic [47:0] next_hop;
    logic        esn;
    logic        replay_check;
    logic [31:0] sequence_low;
    logic [31:0] sequence_guess;  // high half that keys the ICV
    logic [15:0] text_bytes;      // ciphertext
    logic [1:0]  ecn;             // of the outer header
    logic        protocol_any;
    logic [7:0]  protocol;
    logic [31:0] source_first, source_last, destination_first, destination_last;
    logic [15:0] source_port_first, source_port_last;
    logic [15:0] destination_port_first, destination_port_last;
  } inbound_info_t;

  typedef struct packed {
    inbound_info_t info;
    logic [4:0]    offset_words;  // where the ciphertext starts in the frame, 9..16
    logic          key_256;
    logic [255:0]  key;
    logic [31:0]   salt;
    logic [31:0]   spi;
    logic [63:0]   iv;
    logic [1279:0] powers;
  } inbound_record_t;

  // What changes with every packet, one row per SA: the sa_outbound and sa_inbound sets of
  // hw/registers.toml in their order, first counter lowest, and the replay window.
  typedef struct packed {
    logic [63:0] next_sequence;
    logic [63:0] expired;
    logic [63:0] bytes;
    logic [63:0] packets;
  } outbound_state_t;
  typedef struct packed {
    logic [63:0] window;          // bit i: number top - i was received
    logic [63:0] top;
    logic [63:0] selector_mismatch;
    logic [63:0] icv_failed;
    logic [63:0] replay_duplicate;
    logic [63:0] replay_too_old;
    logic [63:0] expired;
    logic [63:0] bytes;
    logic [63:0] packets;
  } inbound_state_t;

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
