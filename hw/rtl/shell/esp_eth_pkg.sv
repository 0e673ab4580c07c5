// What the stages of the inline shell share. Bytes stand in stream order: the first byte of a field
// in its lowest bits.
`default_nettype none
package esp_eth_pkg;
  localparam int unsigned MAX_BEATS = (esp_inline_regs_pkg::FRAME_BYTES + 63) / 64;
  localparam logic [15:0] TYPE_IPV4 = 16'h0008, TYPE_IPV6 = 16'hdd86;   // as they stand on the wire
  localparam logic [15:0] TPID_CUSTOMER = 16'h0081, TPID_SERVICE = 16'ha888;

  // What becomes of a frame.
  localparam logic [1:0] TO_ENGINE = 2'd0, TO_HOST_NON_IP = 2'd1, TO_HOST_GROUP = 2'd2,
                         DROPPED = 2'd3;

  // The Ethernet header of a frame.
  typedef struct packed {
    logic [63:0] tags;       // two of 4 bytes each
    logic [1:0]  tag_count;
    logic [95:0] addresses;  // destination, source
  } header_t;

  // A frame that the engine or the host gets, beside the copy of its beats.
  typedef struct packed {
    logic [1:0] way;         // TO_...
    logic [8:0] beats;
    logic [6:0] tail;        // bytes of the last one
    header_t    header;
  } context_t;

  // A packet that leaves the engine.
  typedef struct packed {
    logic [15:0] length;     // IP header onwards
    header_t     header;
  } job_t;

  // Bits of an Ethernet header with so many tags.
  function automatic logic [7:0] header_bits(input logic [1:0] tag_count);
    header_bits = 8'd112 + {1'b0, tag_count, 5'd0};
  endfunction
  // A number whose first octet stands on top, as it stands on the wire, and back.
  function automatic logic [47:0] swap48(input logic [47:0] x);
    swap48 = {x[7:0], x[15:8], x[23:16], x[31:24], x[39:32], x[47:40]};
  endfunction
endpackage
`default_nettype wire
