// The records that travel with an inbound packet.
`default_nettype none
/* verilator lint_off UNUSEDPARAM */  // a model of one part uses some of the constants
package esp_inbound_pkg;
  localparam int unsigned CHECK_CYCLES = 9;       // of esp_inbound_check
  // Longest IP header in front of an ESP header that the first beat holds whole.
  localparam int unsigned HEADER_WORDS = 12;
  localparam int unsigned HEADER_BITS = 32 * HEADER_WORDS;

  // What the outer headers tell: steps 1 to 7 of the order of checks.
  typedef struct packed {
    logic [7:0]   verdict;
    logic         look_up;        // neither ESP nor the host's: the SPD cache decides
    logic         ipv6;
    logic         encapsulated;
    logic [3:0]   header_words;   // IP header, in 4-byte words
    logic [3:0]   esp_word;       // where the ESP header stands
    logic [15:0]  total;          // bytes of the packet
    logic [15:0]  text_bytes;     // what stands between IV and ICV
    logic [1:0]   ecn;
    logic [127:0] destination;
    logic [31:0]  spi;
    logic [31:0]  sequence_low;
    logic [63:0]  iv;
  } outer_t;

  // What later stages need of a packet besides its beats; what they need of its SA they read again.
  typedef struct packed {
    logic [7:0]  verdict;         // of steps 1 to 9 of the order of checks
    logic        crypt;           // ESP, goes through the cipher and the checks
    logic        bypass;          // goes through unchanged
    logic        shifted;         // the text has 4 bytes of the IV in front: GMAC with ESN
    logic        transport;
    logic [15:0] sa;
    logic [31:0] sequence_low;
    logic [31:0] sequence_guess;  // high half that keyed the ICV
    logic [15:0] text_bytes;      // payload, padding and trailer; of a bypassed packet all of it
    logic        ipv6;            // outer header
    logic [1:0]  ecn;
    logic [3:0]  header_words;
  } info_t;

  // What the sequencer and the cipher need besides.
  typedef struct packed {
    info_t info;
    logic [4:0]    offset_words;  // where the text starts in the frame, 0 or 8..16
    logic [15:0]   core_bytes;    // text as the cipher sees it, ...
    logic [9:0]    last_text;     // index of its last beat, ...
    logic [9:0]    behind_text;   // and of the one after it
    logic          gmac;
    logic          esn;
    logic          key_256;
    logic [255:0]  key;
    logic [31:0]   salt;
    logic [31:0]   spi;
    logic [63:0]   iv;
    logic [1279:0] powers;        // esp_gcm_pkg::hash_powers_t
  } record_t;

  // An inbound SA as the decision pipeline needs it.
  typedef struct packed {
    logic          valid;
    logic          key_256;
    logic          gmac;
    logic          esn;
    logic          transport;
    logic          ipv6;
    logic          encapsulation;
    logic          replay_check;
    logic [10:0]   replay_reach;  // as in limit_row_t
    logic [31:0]   spi;
    logic [31:0]   salt;
    logic [127:0]  outer_destination;
    logic [255:0]  key;
    logic [1279:0] powers;
  } cipher_row_t;

  // As the check stage needs it.
  typedef struct packed {
    logic         selector_ipv6;
    logic         protocol_any;
    logic [7:0]   protocol;
    logic [127:0] source_first;
    logic [127:0] source_last;
    logic [127:0] destination_first;
    logic [127:0] destination_last;
    logic [15:0]  source_port_first;
    logic [15:0]  source_port_last;
    logic [15:0]  destination_port_first;
    logic [15:0]  destination_port_last;
  } selector_row_t;

  // As the commit stage needs it.
  typedef struct packed {
    logic        esn;
    logic        replay_check;
    logic [10:0] replay_reach;    // how far behind top the replay window reaches: its size less 1
    logic [47:0] next_hop;
    logic [63:0] soft_packets;
    logic [63:0] soft_bytes;
    logic [63:0] hard_packets;
    logic [63:0] hard_bytes;
  } limit_row_t;

  // What every packet of the SA may change and the next one needs: esp_replay_window, lifetimes.
  typedef struct packed {
    logic [63:0] top;
    logic [31:0] live;
    logic        full;
    logic [11:0] floor;
    logic [63:0] bytes;
    logic [63:0] packets;
  } state_t;
  typedef struct packed {
    logic [5:0]  last;
    logic [63:0] bits;
  } window_word_t;
  // What only counts.
  typedef struct packed {
    logic [63:0] selector_mismatch;
    logic [63:0] icv_failed;
    logic [63:0] replay_duplicate;
    logic [63:0] replay_too_old;
    logic [63:0] expired;
  } counts_t;

  // A committed packet on its way out: its length, and what changes in its first beat.
  localparam logic [1:0] PATCH_NONE = 2'd0;
  localparam logic [1:0] PATCH_ECN = 2'd1;        // tunnel: ECN field, IPv4 checksum
  localparam logic [1:0] PATCH_HEADER = 2'd2;     // transport: protocol, length, IPv4 checksum
  typedef struct packed {
    logic [15:0] length;
    logic [9:0]  last;            // index of its last beat
    logic [1:0]  patch;
    logic        ipv6;
    logic [7:0]  value;           // ECN, or protocol
    logic [15:0] checksum;
  } delivery_t;

  // What the check stage says of a packet.
  typedef struct packed {
    info_t       info;
    logic        icv_ok;
    logic [7:0]  verdict;         // of steps 14 to 18, should number and ICV be right
    logic        spill;           // the last beat comes one cycle later
    delivery_t   delivery;
  } judged_t;
endpackage
/* verilator lint_on UNUSEDPARAM */
`default_nettype wire
