// esp_inbound_commit: every packet of an SA, whichever, is judged against exactly the state that all
// earlier packets left, also back to back, and so is the word of the replay window, whichever. Top
// and window change only by a packet whose ICV is right and that the replay check lets pass; so the
// set of numbers of replay_proof is kept across packets.
`default_nettype none
module commit_proof #(
  parameter int unsigned SA_LOG2 = 8
) (
  input wire logic               clk_i,
  input wire logic               rst_ni,
  input wire logic [SA_LOG2-1:0] next_sa_i,
  input wire logic [4:0]         next_slot_i,
  input wire logic               end_i,
  input wire esp_inbound_pkg::judged_t judged_i,
  input wire logic               row_write_i,
  input wire logic [SA_LOG2-1:0] command_sa_i,
  input wire esp_inbound_pkg::limit_row_t row_i,
  input wire logic [63:0]        replay_top_i
);
  esp_inbound_commit #(.SA_LOG2(SA_LOG2)) u_commit (
    .clk_i, .rst_ni, .next_sa_i, .next_slot_i, .end_i, .judged_i,
    .row_write_i, .command_sa_i, .row_i, .replay_top_i,
    .done_o(), .verdict_o(), .sa_o(), .next_hop_o(), .spill_o(), .delivery_o(), .update_o(),
    .state_o(), .soft_expired_o(), .hard_expired_o()
  );
  // The followed SA and slot are those that the RAM models keep.
  (* hierconn *) wire [SA_LOG2-1:0] \u_commit.u_states.watched ;
  (* hierconn *) wire [SA_LOG2-1:0] \u_commit.u_limits.watched ;
  (* hierconn *) wire [SA_LOG2+4:0] \u_commit.u_words.watched ;
  logic [SA_LOG2-1:0] sa;
  logic [4:0] slot;
  assign {sa, slot} = \u_commit.u_words.watched ;

  logic started_q = 1'b0;
  logic end1_q, end2_q, row_written_q, icv_ok1_q;
  logic [SA_LOG2-1:0] addressed_sa_q;
  logic [4:0] addressed_slot_q;
  always_ff @(posedge clk_i) begin
    started_q <= 1'b1;
    end1_q <= rst_ni && end_i;
    end2_q <= rst_ni && end1_q;
    icv_ok1_q <= judged_i.icv_ok;
    row_written_q <= row_write_i;
    addressed_sa_q <= next_sa_i;
    addressed_slot_q <= next_slot_i;
  end
  always_comb begin
    if (!started_q) assume (!rst_ni);
    assume (\u_commit.u_states.watched == sa && \u_commit.u_limits.watched == sa);
    // Rows are addressed a cycle ahead, and written while no packet is under way.
    if (end_i) begin
      assume (judged_i.info.sa[SA_LOG2-1:0] == addressed_sa_q);
      assume (judged_i.info.sequence_low[10:6] == addressed_slot_q);
    end
    if (row_write_i) assume (rst_ni && !end_i && !end1_q && !end2_q);
    if (row_written_q) assume (!end_i);
  end

  // --- specification: the state as packets and commands leave it ---
  esp_inbound_pkg::state_t state_q, used, next_state, expected;
  esp_inbound_pkg::window_word_t word_q, used_word, next_word;
  logic state_known_q, word_known_q, mine1, my_word1;
  localparam int unsigned STATE_BITS = $bits(state_q);
  localparam int unsigned WORD_BITS = $bits(word_q);
  (* hierconn *) wire [STATE_BITS-1:0] \u_commit.state1_q ;
  (* hierconn *) wire [STATE_BITS-1:0] \u_commit.next_state ;
  (* hierconn *) wire [WORD_BITS-1:0] \u_commit.word1_q ;
  (* hierconn *) wire [WORD_BITS-1:0] \u_commit.next_word ;
  (* hierconn *) wire [SA_LOG2-1:0] \u_commit.sa1 ;
  (* hierconn *) wire [4:0] \u_commit.slot1 ;
  (* hierconn *) wire \u_commit.update ;
  (* hierconn *) wire \u_commit.accept ;
  (* hierconn *) wire \u_commit.too_old ;
  (* hierconn *) wire \u_commit.duplicate ;
  assign used = \u_commit.state1_q ;
  assign next_state = \u_commit.next_state ;
  assign used_word = \u_commit.word1_q ;
  assign next_word = \u_commit.next_word ;
  assign mine1 = \u_commit.update && \u_commit.sa1 == sa;
  assign my_word1 = mine1 && \u_commit.slot1 == slot;
  always_comb begin
    expected = '0;
    expected.top = replay_top_i;
  end
  always_ff @(posedge clk_i) begin
    if (!started_q || !rst_ni) begin  // after a reset every row is written anew
      state_known_q <= 1'b0;
      word_known_q <= 1'b0;
    end else if (row_write_i && command_sa_i == sa) begin
      state_known_q <= 1'b1;
      state_q <= expected;
    end else if (mine1) begin
      state_q <= next_state;
      if (my_word1 && \u_commit.accept ) begin
        word_known_q <= 1'b1;
        word_q <= next_word;
      end
    end
  end
  always_comb begin
    if (started_q && rst_ni) begin
      if (mine1 && state_known_q) assert (used == state_q);
      if (my_word1 && word_known_q) assert (used_word == word_q);
      if (\u_commit.update ) begin
        assert (end1_q);
        if (next_state.top != used.top || next_state.live != used.live
            || next_state.span != used.span || next_state.packets != used.packets) begin
          assert (icv_ok1_q && \u_commit.accept );
        end
      end
      if (\u_commit.accept ) begin
        assert (\u_commit.update && icv_ok1_q && !\u_commit.too_old && !\u_commit.duplicate );
      end
    end
  end
  always_comb begin
    cover (started_q && rst_ni && mine1 && \u_commit.accept && word_known_q && state_known_q
           && \u_commit.slot1 == slot && end2_q && end_i);
    cover (started_q && rst_ni && mine1 && state_known_q && \u_commit.duplicate );
  end

`ifndef CLAIMS_ONLY
  // --- what makes it inductive ---
  (* hierconn *) wire [STATE_BITS-1:0] \u_commit.u_states.row_q ;
  (* hierconn *) wire [WORD_BITS-1:0] \u_commit.u_words.row_q ;
  (* hierconn *) wire [STATE_BITS-1:0] \u_commit.state0 ;
  (* hierconn *) wire [STATE_BITS-1:0] \u_commit.state2_q ;
  (* hierconn *) wire [WORD_BITS-1:0] \u_commit.word0 ;
  (* hierconn *) wire [WORD_BITS-1:0] \u_commit.word2_q ;
  (* hierconn *) wire \u_commit.end1_q ;
  (* hierconn *) wire \u_commit.written_q ;
  (* hierconn *) wire \u_commit.word_written_q ;
  (* hierconn *) wire [SA_LOG2-1:0] \u_commit.written_sa_q ;
  (* hierconn *) wire [4:0] \u_commit.written_slot_q ;
  logic written2, word_written2;   // the packet two ahead wrote
  assign written2 = \u_commit.written_q && \u_commit.written_sa_q == sa;
  assign word_written2 = \u_commit.word_written_q && \u_commit.written_sa_q == sa
                         && \u_commit.written_slot_q == slot;
  always_comb begin
    if (started_q) begin
      assert (\u_commit.end1_q == end1_q);
      assert (!\u_commit.written_q || end2_q);
      assert (!\u_commit.word_written_q || end2_q);
      if (state_known_q) begin
        assert (\u_commit.u_states.row_q == state_q);
        if (written2) assert (\u_commit.state2_q == state_q);
        if (addressed_sa_q == sa && !written2 && !row_written_q) begin
          assert (\u_commit.state0 == state_q);
        end
        if (mine1) assert (used == state_q);
      end
      if (word_known_q) begin
        assert (\u_commit.u_words.row_q == word_q);
        if (word_written2) assert (\u_commit.word2_q == word_q);
        if (addressed_sa_q == sa && addressed_slot_q == slot && !word_written2) begin
          assert (\u_commit.word0 == word_q);
        end
        if (my_word1) assert (used_word == word_q);
      end
    end
  end
`endif
endmodule
`default_nettype wire
