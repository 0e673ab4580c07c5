// What changes with every outbound packet of an SA: sequence number, lease, lifetime, counters. A
// read-modify-write with forwarding, one packet per cycle, all of the same SA if need be: each sees
// what the ones before it have left.
//
//   1 rows are addressed   2 rows arrive   3 they are compared with the limits
//   4 lifetime, number, lease: the verdict; rows written back   5 event
//
// A number is given out once and only below the lease limit; a packet that is refused takes none.
// What a state is, compared with the limits, travels with it as flags. For the state that a packet
// will leave they are found by comparing the one it finds with limits less than what it adds, so
// the loop from packet to packet is one comparison or one addition long, never both.
//
// Rows are written by commands while no packet is between stages 1 and 4, so commands need no
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
  // stage 3
  input  wire logic         esn_i,
  input  wire logic [15:0]  bytes_i,         // what the packet counts
  input  wire logic [63:0]  soft_packets_i,
  input  wire logic [63:0]  soft_bytes_i,
  input  wire logic [63:0]  hard_packets_i,
  input  wire logic [63:0]  hard_bytes_i,
  // stage 4
  input  wire logic         candidate_i,     // ok so far
  output logic [7:0]        verdict_o,       // of a candidate
  output logic [63:0]       sequence_o,      // the number it takes if ok
  // stage 5: events of one packet, a pulse
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
  logic valid2_q, valid3_q, valid4_q, update4, update5_q, command_write;
  logic [SA_LOG2-1:0] read_sa, sa2_q, sa3_q, sa4_q, sa5_q;
  logic [63:0] lease_limit2, lease_limit3_q, lease_low2, lease_low3_q;
  logic warned2, warned3_q;
  esp_core_pkg::outbound_state_t state2, state3_q, state4_q, state4_next, state5_q, row_state;
  flags_t flags3, flags4_q, flags4_next, flags5_q;
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
    .clk_i, .write_i(row_write_i || update4), .write_address_i(row_write_i ? command_sa_i : sa4_q),
    .write_data_i(row_write_i ? row_state : state4_next),
    .read_address_i(read_sa), .read_data_o(state2)
  );
  esp_ram #(.WIDTH(1), .DEPTH_LOG2(SA_LOG2)) u_warned (
    .clk_i, .write_i(command_write || update4),
    .write_address_i(command_write ? command_sa_i : sa4_q),
    .write_data_i(!command_write && flags4_next.warned),
    .read_address_i(read_sa), .read_data_o(warned2)
  );
  assign counters_o = state2;
  always_ff @(posedge clk_i) begin
    valid2_q <= rst_ni && read_i;
    valid3_q <= rst_ni && valid2_q;
    valid4_q <= rst_ni && valid3_q;
    update5_q <= rst_ni && update4;
    sa2_q <= read_sa_i;
    sa3_q <= sa2_q;
    sa4_q <= sa3_q;
    sa5_q <= sa4_q;
    lease_limit3_q <= lease_limit2;
    lease_low3_q <= lease_low2;
    // The packet three ahead wrote while the RAM was read.
    if (update5_q && sa5_q == sa2_q) {warned3_q, state3_q} <= {flags5_q.warned, state5_q};
    else {warned3_q, state3_q} <= {warned2, state2};
  end

  // --- 3: flags ----
  always_comb begin
    flags3.warned = warned3_q;
    flags3.low = state3_q.next_sequence >= lease_low3_q;
    flags3.exhausted = state3_q.next_sequence >= lease_limit3_q;
    // Zero stands for the number after the last one (RFC 4303 section 3.3.3).
    flags3.overflow = state3_q.next_sequence == 64'd0
                      || (!esn_i && state3_q.next_sequence[63:32] != 32'd0);
    flags3.soft_reached = state3_q.packets >= soft_packets_i
                          || state3_q.bytes >= soft_bytes_i;
    flags3.hard_reached = state3_q.packets >= hard_packets_i
                          || state3_q.bytes >= hard_bytes_i;
  end
  // Limits for what the packet finds, if they are to hold for what it leaves.
  logic esn4_q;
  logic [15:0] bytes4_q;
  logic [63:0] lease_limit4_q, lease_low4_q;
  logic [63:0] soft_packets4_q, soft_bytes4_q, hard_packets4_q, hard_bytes4_q;
  always_ff @(posedge clk_i) begin
    esn4_q <= esn_i;
    bytes4_q <= bytes_i;
    lease_limit4_q <= esp_core_pkg::less(lease_limit3_q, 16'd1);
    lease_low4_q <= esp_core_pkg::less(lease_low3_q, 16'd1);
    soft_packets4_q <= esp_core_pkg::less(soft_packets_i, 16'd1);
    soft_bytes4_q <= esp_core_pkg::less(soft_bytes_i, bytes_i);
    hard_packets4_q <= esp_core_pkg::less(hard_packets_i, 16'd1);
    hard_bytes4_q <= esp_core_pkg::less(hard_bytes_i, bytes_i);
    // The packets one and two ahead, which wrote after the RAM was read.
    if (valid4_q && sa4_q == sa3_q) {flags4_q, state4_q} <= {flags4_next, state4_next};
    else if (update5_q && sa5_q == sa3_q) {flags4_q, state4_q} <= {flags5_q, state5_q};
    else {flags4_q, state4_q} <= {flags3, state3_q};
    {flags5_q, state5_q} <= {flags4_next, state4_next};
  end

  // --- 4: verdict, and what the packet leaves ----
  logic ok4, expired4, last4, soft4_after, hard4_after;
  assign expired4 = valid4_q && candidate_i && flags4_q.hard_reached;
  assign ok4 = valid4_q && candidate_i && !flags4_q.hard_reached && !flags4_q.overflow
               && !flags4_q.exhausted;
  assign update4 = ok4 || expired4;
  assign sequence_o = state4_q.next_sequence;
  assign last4 = (&state4_q.next_sequence[31:0])
                 && (!esn4_q || (&state4_q.next_sequence[63:32]));
  assign soft4_after = state4_q.packets >= soft_packets4_q
                       || state4_q.bytes >= soft_bytes4_q;
  assign hard4_after = state4_q.packets >= hard_packets4_q
                       || state4_q.bytes >= hard_bytes4_q;
  always_comb begin
    if (flags4_q.hard_reached) verdict_o = esp_regs_pkg::VERDICT_LIFETIME_EXPIRED;
    else if (flags4_q.overflow) verdict_o = esp_regs_pkg::VERDICT_SEQUENCE_OVERFLOW;
    else if (flags4_q.exhausted) verdict_o = esp_regs_pkg::VERDICT_LEASE_EXHAUSTED;
    else verdict_o = esp_regs_pkg::VERDICT_OK;

    state4_next = state4_q;
    flags4_next = flags4_q;
    if (expired4) state4_next.expired = esp_core_pkg::increment(state4_q.expired);
    if (ok4) begin
      state4_next.next_sequence = esp_core_pkg::increment(state4_q.next_sequence);
      state4_next.bytes = esp_core_pkg::add_bytes(state4_q.bytes, bytes4_q);
      state4_next.packets = esp_core_pkg::increment(state4_q.packets);
      flags4_next.warned = flags4_q.warned || flags4_q.low;
      flags4_next.low = state4_q.next_sequence >= lease_low4_q;
      flags4_next.exhausted = state4_q.next_sequence >= lease_limit4_q;
      flags4_next.overflow = last4;
      flags4_next.soft_reached = soft4_after;
      flags4_next.hard_reached = hard4_after;
    end
  end

  // --- 5: event; the hard limits were not reached before, or the packet were not ok ----
  logic [5:0] kinds4, kinds5_q;
  always_comb begin
    kinds4 = '0;
    kinds4[esp_regs_pkg::EVENT_KIND_LEASE_LOW] = ok4 && flags4_q.low && !flags4_q.warned;
    kinds4[esp_regs_pkg::EVENT_KIND_SEQUENCE_EXHAUSTED] = ok4 && last4;
    kinds4[esp_regs_pkg::EVENT_KIND_SOFT_EXPIRED] = ok4 && soft4_after && !flags4_q.soft_reached;
    kinds4[esp_regs_pkg::EVENT_KIND_HARD_EXPIRED] = ok4 && hard4_after;
  end
  always_ff @(posedge clk_i) kinds5_q <= rst_ni ? kinds4 : 6'd0;
  assign event_valid_o = kinds5_q != 6'd0;
  assign event_kinds_o = kinds5_q;
  assign event_sa_o = sa5_q;

`ifndef SYNTHESIS
  // The limits as they are, to hold the flags to what they stand for.
  logic [383:0] limits4_q;
  flags_t flags4_direct;
  always_ff @(posedge clk_i) begin
    limits4_q <= {lease_limit3_q, lease_low3_q, soft_packets_i, soft_bytes_i, hard_packets_i,
                  hard_bytes_i};
  end
  always_comb begin
    flags4_direct.warned = flags4_q.warned;
    flags4_direct.exhausted = state4_q.next_sequence >= limits4_q[383:320];
    flags4_direct.low = state4_q.next_sequence >= limits4_q[319:256];
    flags4_direct.overflow = state4_q.next_sequence == 64'd0
                             || (!esn4_q && state4_q.next_sequence > 64'hffffffff);
    flags4_direct.soft_reached =
      state4_q.packets >= limits4_q[255:192] || state4_q.bytes >= limits4_q[191:128];
    flags4_direct.hard_reached =
      state4_q.packets >= limits4_q[127:64] || state4_q.bytes >= limits4_q[63:0];
  end
  always_ff @(posedge clk_i) begin
    if (rst_ni) begin
      assert (!(command_write && (read_i || valid2_q || valid3_q || valid4_q)))
        else $error("a row is written while packets are being decided");
      assert (!(valid4_q && candidate_i) || flags4_q == flags4_direct)
        else $error("the flags of a state are not what the limits say of it");
    end
  end
`endif
endmodule
`default_nettype wire
