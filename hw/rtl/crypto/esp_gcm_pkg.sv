// What the GCM core and its users share: its latency and the hash key powers of an SA.
`default_nettype none
package esp_gcm_pkg;
  // Cycles from a slot's inputs to its outputs, the same for every slot:
  // 1 input + 15 AES + 1 text + 5 beat products + 5 recurrence + 1 sum + 4 last product + 1 tag.
  localparam int unsigned LATENCY = 33;

  // Powers of the hash key H = E(K, 0^128) in GF(2^128) (NIST SP 800-38D 6.3), first byte most
  // significant; h_m1 and h_m2 are H^-1 and H^-2. Computed by the driver, kept in the SA row.
  typedef struct packed {
    logic [127:0] h_1;
    logic [127:0] h_2;
    logic [127:0] h_3;
    logic [127:0] h_4;
    logic [127:0] h_8;
    logic [127:0] h_12;
    logic [127:0] h_16;
    logic [127:0] h_20;
    logic [127:0] h_m1;
    logic [127:0] h_m2;
  } hash_powers_t;
endpackage
`default_nettype wire
