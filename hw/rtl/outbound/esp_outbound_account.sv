// What changes with every outbound packet of an SA: sequence number, lease, lifetime, counters. A
// read-modify-write with forwarding, one packet per cycle, all of the same SA if need be: each sees
// what the ones before it have left.
//
//   1 rows are addressed   2 rows arrive and are compared with the limits
//   3 lifetime, number, lease: the verdict; rows written back   4 event
//
// A number is given out once and only below the lease limit; a packet that is refused takes none.
// What a state is, compared with the limits, travels with it as flags. For the state that a packet
// will leave they are found by comparing the one it finds with limits less than what it adds, so
// the loop from packet to packet is one comparison or one addition long, never both.
//
// Rows are written by commands while no packet is between stages 1 and 3, so commands need no
// forwarding.
`default_nettype none
module esp_outbound_account #(
  parameter int unsigned SA_LOG2 = 8
) (
  input  wire logic         clk_i,
  input  wire logic         rst_ni,
  // stage 1
  input  wire logic         read_i,
  input  wire logic [SA_LOG2-1:0] read_sa_i,
  // stage 2
  input  wire logic         esn_i,
  input  wire logic [15:0]  bytes_i,         // what the packet counts
  input  wire logic [63:0]  soft_packets_i,
  input  wire logic [63:0]  soft_bytes_i,
  input  wire logic [63:0]  hard_packets_i,
  input  wire logic [63:0]  hard_bytes_i,
  // stage 3
  input  wire logic         candidate_i,     // ok so far
  output logic [7:0]        verdict_o,       // of a candidate
  output logic [63:0]       sequence_o,      // the number it takes if ok
  // stage 4: events of one packet, a pulse
  output logic              event_valid_o,
  output logic [5:0]        event_kinds_o,
  output logic [SA_LOG2-1:0] event_sa_o,
  // commands
  input  wire logic         row_write_i,     // all of it, and counters to zero
  input  wire logic         lease_write_i,   // lease_limit and lease_low only
  input  wire logic [SA_LOG2-1:0] command_sa_i,
  input  wire logic [63:0]  next_sequence_i,
  input  wire logic [63:0]  lease_limit_i,
  input  wire logic [63:0]  lease_low_i,
  output esp_core_pkg::outbound_state_t counters_o  // of command_sa_i, while no packet reads
);
  // A state compared with the limits of its SA.
  typedef struct packed {
    logic warned;      // lease_low was reported for this lease
    logic low;         // next_sequence is at lease_low or past it
    logic exhausted;   // at lease_limit or past it
    logic overflow;    // past the last number
    logic soft_reached;  // packets or bytes are at a soft limit or past it
    logic hard_reached;
  } flags_t;

  // --- 1, 2: rows ----
  logic valid2_q, valid3_q, update3, update4_q, command_write;
  logic [SA_LOG2-1:0] read_sa, sa2_q, sa3_q, sa4_q;
  logic [63:0] lease_limit2, lease_low2;
  logic warned2;
  esp_core_pkg::outbound_state_t state2, state3_q, state3_next, state4_q, row_state;
  flags_t flags2, flags3_q, flags3_next, flags4_q;
  assign read_sa = read_i ? read_sa_i : command_sa_i;
  assign command_write = row_write_i || lease_write_i;
  always_comb begin
    row_state = '0;
    row_state.next_sequence = next_sequence_i;
  end
  esp_ram #(.WIDTH(128), .DEPTH_LOG2(SA_LOG2)) u_leases (
    .clk_i, .write_i(command_write), .write_address_i(command_sa_i),
    .write_data_i({lease_low_i, lease_limit_i}),
    .read_address_i(read_sa), .read_data_o({lease_low2, lease_limit2})
  );
  esp_ram #(.WIDTH($bits(row_state)), .DEPTH_LOG2(SA_LOG2)) u_state (
    .clk_i, .write_i(row_write_i || update3), .write_address_i(row_write_i ? command_sa_i : sa3_q),
    .write_data_i(row_write_i ? row_state : state3_next),
    .read_address_i(read_sa), .read_data_o(state2)
  );
  esp_ram #(.WIDTH(1), .DEPTH_LOG2(SA_LOG2)) u_warned (
    .clk_i, .write_i(command_write || update3),
    .write_address_i(command_write ? command_sa_i : sa3_q),
    .write_data_i(!command_write && flags3_next.warned),
    .read_address_i(read_sa), .read_data_o(warned2)
  );
  assign counters_o = state2;

  always_comb begin
    flags2.warned = warned2;
    flags2.low = esp_core_pkg::at_least(state2.next_sequence, lease_low2);
    flags2.exhausted = esp_core_pkg::at_least(state2.next_sequence, lease_limit2);
    // Zero stands for the number after the last one (RFC 4303 section 3.3.3).
    flags2.overflow = state2.next_sequence == 64'd0
                      || (!esn_i && state2.next_sequence[63:32] != 32'd0);
    flags2.soft_reached = esp_core_pkg::at_least(state2.packets, soft_packets_i)
                  || esp_core_pkg::at_least(state2.bytes, soft_bytes_i);
    flags2.hard_reached = esp_core_pkg::at_least(state2.packets, hard_packets_i)
                  || esp_core_pkg::at_least(state2.bytes, hard_bytes_i);
  end

  // Limits for what the packet finds, if they are to hold for what it leaves.
  logic esn3_q;
  logic [15:0] bytes3_q;
  logic [63:0] lease_limit3_q, lease_low3_q;
  logic [63:0] soft_packets3_q, soft_bytes3_q, hard_packets3_q, hard_bytes3_q;
  always_ff @(posedge clk_i) begin
    esn3_q <= esn_i;
    bytes3_q <= bytes_i;
    lease_limit3_q <= esp_core_pkg::less(lease_limit2, 16'd1);
    lease_low3_q <= esp_core_pkg::less(lease_low2, 16'd1);
    soft_packets3_q <= esp_core_pkg::less(soft_packets_i, 16'd1);
    soft_bytes3_q <= esp_core_pkg::less(soft_bytes_i, bytes_i);
    hard_packets3_q <= esp_core_pkg::less(hard_packets_i, 16'd1);
    hard_bytes3_q <= esp_core_pkg::less(hard_bytes_i, bytes_i);
    valid2_q <= rst_ni && read_i;
    valid3_q <= rst_ni && valid2_q;
    sa2_q <= read_sa_i;
    sa3_q <= sa2_q;
    sa4_q <= sa3_q;
    // The packet one ahead writes in this cycle, the one two ahead wrote while the RAM was read.
    if (valid3_q && sa3_q == sa2_q) {flags3_q, state3_q} <= {flags3_next, state3_next};
    else if (update4_q && sa4_q == sa2_q) {flags3_q, state3_q} <= {flags4_q, state4_q};
    else {flags3_q, state3_q} <= {flags2, state2};
    update4_q <= rst_ni && update3;
    {flags4_q, state4_q} <= {flags3_next, state3_next};
  end

  // --- 3: verdict, and what the packet leaves ----
  logic ok3, expired3, last3, soft3_after, hard3_after;
  assign expired3 = valid3_q && candidate_i && flags3_q.hard_reached;
  assign ok3 = valid3_q && candidate_i && !flags3_q.hard_reached && !flags3_q.overflow
               && !flags3_q.exhausted;
  assign update3 = ok3 || expired3;
  assign sequence_o = state3_q.next_sequence;
  assign last3 = (&state3_q.next_sequence[31:0])
                 && (!esn3_q || (&state3_q.next_sequence[63:32]));
  assign soft3_after = esp_core_pkg::at_least(state3_q.packets, soft_packets3_q)
                       || esp_core_pkg::at_least(state3_q.bytes, soft_bytes3_q);
  assign hard3_after = esp_core_pkg::at_least(state3_q.packets, hard_packets3_q)
                       || esp_core_pkg::at_least(state3_q.bytes, hard_bytes3_q);
  always_comb begin
    if (flags3_q.hard_reached) verdict_o = esp_regs_pkg::VERDICT_LIFETIME_EXPIRED;
    else if (flags3_q.overflow) verdict_o = esp_regs_pkg::VERDICT_SEQUENCE_OVERFLOW;
    else if (flags3_q.exhausted) verdict_o = esp_regs_pkg::VERDICT_LEASE_EXHAUSTED;
    else verdict_o = esp_regs_pkg::VERDICT_OK;

    state3_next = state3_q;
    flags3_next = flags3_q;
    if (expired3) state3_next.expired = esp_core_pkg::increment(state3_q.expired);
    if (ok3) begin
      state3_next.next_sequence = esp_core_pkg::increment(state3_q.next_sequence);
      state3_next.bytes = esp_core_pkg::add_bytes(state3_q.bytes, bytes3_q);
      state3_next.packets = esp_core_pkg::increment(state3_q.packets);
      flags3_next.warned = flags3_q.warned || flags3_q.low;
      flags3_next.low = esp_core_pkg::at_least(state3_q.next_sequence, lease_low3_q);
      flags3_next.exhausted = esp_core_pkg::at_least(state3_q.next_sequence, lease_limit3_q);
      flags3_next.overflow = last3;
      flags3_next.soft_reached = soft3_after;
      flags3_next.hard_reached = hard3_after;
    end
  end

  // --- 4: event; the hard limits were not reached before, or the packet were not ok ----
  logic [5:0] kinds3, kinds4_q;
  always_comb begin
    kinds3 = '0;
    kinds3[esp_regs_pkg::EVENT_KIND_LEASE_LOW] = ok3 && flags3_q.low && !flags3_q.warned;
    kinds3[esp_regs_pkg::EVENT_KIND_SEQUENCE_EXHAUSTED] = ok3 && last3;
    kinds3[esp_regs_pkg::EVENT_KIND_SOFT_EXPIRED] = ok3 && soft3_after && !flags3_q.soft_reached;
    kinds3[esp_regs_pkg::EVENT_KIND_HARD_EXPIRED] = ok3 && hard3_after;
  end
  always_ff @(posedge clk_i) kinds4_q <= rst_ni ? kinds3 : 6'd0;
  assign event_valid_o = kinds4_q != 6'd0;
  assign event_kinds_o = kinds4_q;
  assign event_sa_o = sa4_q;

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) begin
    if (rst_ni) begin
      assert (!(command_write && (read_i || valid2_q || valid3_q)))
        else $error("a row is written while packets are being decided");
      assert (!ok3 || state3_q.next_sequence < lease_limit3_q + 64'd1)
        else $error("a number past the lease was given out");
    end
  end
`endif
endmodule
`default_nettype wire
