// esp_outbound_account: of the packets of one SA, whichever, each takes the number after that of the
// one before, also back to back; none takes a number at or past the lease limit, none takes zero or
// one that the number space does not have; so, as every packet's IV is its number, no number and no
// IV is given out twice until the row is written anew (which is a new key: RFC 4106 section 3.1).
`default_nettype none
module sequence_proof #(
  parameter int unsigned SA_LOG2 = 8
) (
  input wire logic        clk_i,
  input wire logic        rst_ni,
  input wire logic        read_i,
  input wire logic [SA_LOG2-1:0] read_sa_i,
  input wire logic        candidate_i,
  input wire logic [15:0] bytes_i,
  input wire logic [63:0] soft_packets_i,
  input wire logic [63:0] soft_bytes_i,
  input wire logic [63:0] hard_packets_i,
  input wire logic [63:0] hard_bytes_i,
  input wire logic        row_write_i,
  input wire logic        lease_write_i,
  input wire logic [SA_LOG2-1:0] command_sa_i,
  input wire logic [63:0] next_sequence_i,
  input wire logic [63:0] lease_limit_i,
  input wire logic [63:0] lease_low_i
);
  logic [SA_LOG2-1:0] sa;               // the SA that is followed, and
  (* anyconst *) logic esn;             // whether it has ESN
  (* anyconst *) logic [63:0] number;   // one number
  (* anyseq *) logic other_esn;

  logic [7:0] verdict;
  logic [63:0] sequence_number;
  logic mine2, mine3, mine4;
  esp_outbound_account #(.SA_LOG2(SA_LOG2)) u_account (
    .clk_i, .rst_ni, .read_i, .read_sa_i,
    .candidate_i, .esn_i(mine3 ? esn : other_esn), .bytes_i,
    .soft_packets_i, .soft_bytes_i, .hard_packets_i, .hard_bytes_i,
    .verdict_o(verdict), .sequence_o(sequence_number),
    .event_valid_o(), .event_kinds_o(), .event_sa_o(),
    .row_write_i, .lease_write_i, .command_sa_i, .next_sequence_i, .lease_limit_i, .lease_low_i,
    .counters_o()
  );

  // The followed SA is the one whose rows the RAM models keep.
  (* hierconn *) wire [SA_LOG2-1:0] \u_account.u_state.watched ;
  (* hierconn *) wire [SA_LOG2-1:0] \u_account.u_leases.watched ;
  assign sa = \u_account.u_state.watched ;

  logic started_q = 1'b0;
  logic valid2_q, valid3_q, valid4_q;   // as the user counts the stages
  logic [SA_LOG2-1:0] sa2_q, sa3_q, sa4_q;
  always_ff @(posedge clk_i) begin
    started_q <= 1'b1;
    valid2_q <= rst_ni && read_i;
    valid3_q <= rst_ni && valid2_q;
    valid4_q <= rst_ni && valid3_q;
    sa2_q <= read_sa_i;
    sa3_q <= sa2_q;
    sa4_q <= sa3_q;
  end
  assign mine2 = sa2_q == sa;
  assign mine3 = sa3_q == sa;
  assign mine4 = sa4_q == sa;
  // Commands come while no packet is between stages 1 and 4; until the SA is written once, it is not
  // valid, so that none of its packets is a candidate (esp_outbound_decide).
  logic written_q;
  always_comb begin
    if (!started_q) assume (!rst_ni);
    assume (\u_account.u_leases.watched == sa);
    assume (!((row_write_i || lease_write_i) && (read_i || valid2_q || valid3_q || valid4_q)));
    if (!written_q) assume (!(candidate_i && mine4));
    assume (rst_ni || !(row_write_i || lease_write_i || read_i || valid2_q || valid3_q || valid4_q));
  end

  // --- specification ---
  logic ok;
  logic [63:0] next_q, limit_q;
  logic given_q;
  assign ok = valid4_q && candidate_i && mine4 && verdict == esp_regs_pkg::VERDICT_OK;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      written_q <= 1'b0;
      given_q <= 1'b0;
    end else if (row_write_i && command_sa_i == sa) begin
      written_q <= 1'b1;
      given_q <= 1'b0;
      next_q <= next_sequence_i;
    end else if (ok) begin
      next_q <= next_q + 64'd1;
      if (sequence_number == number) given_q <= 1'b1;
    end
    if ((row_write_i || lease_write_i) && command_sa_i == sa) limit_q <= lease_limit_i;
  end
  always_comb begin
    if (started_q && rst_ni && ok) begin
      assert (sequence_number == next_q);
      assert (sequence_number < limit_q);
      assert (sequence_number != 64'd0);
      assert (esn || sequence_number[63:32] == 32'd0);
      if (sequence_number == number) assert (!given_q);
    end
  end

  always_comb begin
    cover (started_q && ok && valid3_q && mine3 && valid2_q && mine2 && given_q);
    cover (started_q && written_q && valid4_q && mine4 && candidate_i && next_q == 64'd0);
    cover (started_q && valid4_q && mine4 && candidate_i
           && verdict == esp_regs_pkg::VERDICT_LEASE_EXHAUSTED && given_q);
  end

`ifndef CLAIMS_ONLY
  // --- what makes it inductive ---
  esp_core_pkg::outbound_state_t row, state2, state3, state4, state5;
  localparam int unsigned BITS = $bits(row);
  localparam int unsigned OVERFLOW = 2;    // bits of flags_t
  localparam int unsigned EXHAUSTED = 3;
  (* hierconn *) wire [BITS-1:0] \u_account.u_state.row_q ;
  (* hierconn *) wire [127:0] \u_account.u_leases.row_q ;
  (* hierconn *) wire [BITS-1:0] \u_account.state2 ;
  (* hierconn *) wire [BITS-1:0] \u_account.state3_q ;
  (* hierconn *) wire [BITS-1:0] \u_account.state4_q ;
  (* hierconn *) wire [BITS-1:0] \u_account.state5_q ;
  (* hierconn *) wire [5:0] \u_account.flags4_q ;
  (* hierconn *) wire [5:0] \u_account.flags5_q ;
  (* hierconn *) wire [63:0] \u_account.lease_limit2 ;
  (* hierconn *) wire [63:0] \u_account.lease_limit3_q ;
  (* hierconn *) wire [63:0] \u_account.lease_limit4_q ;
  (* hierconn *) wire \u_account.esn4_q ;
  (* hierconn *) wire \u_account.valid2_q ;
  (* hierconn *) wire \u_account.valid3_q ;
  (* hierconn *) wire \u_account.valid4_q ;
  (* hierconn *) wire \u_account.update5_q ;
  (* hierconn *) wire [SA_LOG2-1:0] \u_account.sa2_q ;
  (* hierconn *) wire [SA_LOG2-1:0] \u_account.sa3_q ;
  (* hierconn *) wire [SA_LOG2-1:0] \u_account.sa4_q ;
  (* hierconn *) wire [SA_LOG2-1:0] \u_account.sa5_q ;
  logic overflow, exhausted, written5;   // the packet in stage 5 wrote the row a cycle ago
  assign row = \u_account.u_state.row_q ;
  assign state2 = \u_account.state2 ;
  assign state3 = \u_account.state3_q ;
  assign state4 = \u_account.state4_q ;
  assign state5 = \u_account.state5_q ;
  assign written5 = \u_account.update5_q && \u_account.sa5_q == sa;
  assign overflow = next_q == 64'd0 || (!esn && next_q[63:32] != 32'd0);
  assign exhausted = next_q >= limit_q;
  always_comb begin
    if (started_q) begin
      assert (\u_account.valid2_q == valid2_q && \u_account.valid3_q == valid3_q);
      assert (\u_account.valid4_q == valid4_q);
      assert (!valid2_q || \u_account.sa2_q == sa2_q);
      assert (!valid3_q || \u_account.sa3_q == sa3_q);
      assert (!valid4_q || \u_account.sa4_q == sa4_q);
      if (written_q) begin
        assert (row.next_sequence == next_q);
        assert (\u_account.u_leases.row_q [63:0] == limit_q);
        if (valid2_q && mine2) begin
          assert (\u_account.lease_limit2 == limit_q);
          if (!written5) assert (state2.next_sequence == next_q);
        end
        if (valid3_q && mine3) begin
          assert (\u_account.lease_limit3_q == limit_q);
          if (!written5) assert (state3.next_sequence == next_q);
        end
        if (valid4_q && mine4) begin
          assert (state4.next_sequence == next_q);
          assert (\u_account.lease_limit4_q == (limit_q == 64'd0 ? 64'd0 : limit_q - 64'd1));
          assert (\u_account.esn4_q == esn);
          assert (\u_account.flags4_q [OVERFLOW] == overflow);
          assert (\u_account.flags4_q [EXHAUSTED] == exhausted);
        end
        if (written5) begin
          assert (state5.next_sequence == next_q);
          assert (\u_account.flags5_q [OVERFLOW] == overflow);
          assert (\u_account.flags5_q [EXHAUSTED] == exhausted);
        end
      end
      // Past the last number comes zero, which is never given out.
      if (given_q) assert (written_q && (number < next_q || next_q == 64'd0));
    end
  end
`endif
endmodule
`default_nettype wire
