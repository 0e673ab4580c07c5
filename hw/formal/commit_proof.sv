// esp_inbound_commit: every packet of an SA, whichever, is judged against exactly the state that all
// earlier packets left, also back to back, and so is the word of the replay window, whichever. What
// is known of a packet when it is decided is what esp_replay_number and esp_replay_window say of that
// state, and its lifetimes. Top and window change only by a packet whose ICV is right and that the
// replay check lets pass; so the set of numbers of replay_proof is kept across packets.
`default_nettype none
module commit_proof #(
  parameter int unsigned SA_LOG2 = 8
) (
  input wire logic               clk_i,
  input wire logic               rst_ni,
  input wire logic [SA_LOG2-1:0] next_sa_i,
  input wire logic [31:0]        next_sequence_low_i,
  input wire logic [31:0]        next_sequence_guess_i,
  input wire logic               end_i,
  input wire esp_inbound_pkg::judged_t judged_i,
  input wire logic               row_write_i,
  input wire logic [SA_LOG2-1:0] command_sa_i,
  input wire esp_inbound_pkg::limit_row_t row_i,
  input wire logic [63:0]        replay_top_i
);
  esp_inbound_commit #(.SA_LOG2(SA_LOG2)) u_commit (
    .clk_i, .rst_ni, .next_sa_i, .next_sequence_low_i, .next_sequence_guess_i, .end_i, .judged_i,
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
  logic end3_q, end4_q, row_written1_q, row_written2_q, icv_ok3_q, reset1_q;
  // Of the packets behind the one that is decided.
  (* hierconn *) wire [SA_LOG2-1:0] \u_commit.sa1_q ;
  (* hierconn *) wire [SA_LOG2-1:0] \u_commit.sa2_q ;
  (* hierconn *) wire [31:0] \u_commit.low1_q ;
  (* hierconn *) wire [31:0] \u_commit.low2_q ;
  (* hierconn *) wire [31:0] \u_commit.guess2_q ;
  logic [SA_LOG2-1:0] sa1, sa2;
  logic [31:0] low1, low2, guess2;
  assign sa1 = \u_commit.sa1_q ;
  assign sa2 = \u_commit.sa2_q ;
  assign low1 = \u_commit.low1_q ;
  assign low2 = \u_commit.low2_q ;
  assign guess2 = \u_commit.guess2_q ;
  always_ff @(posedge clk_i) begin
    started_q <= 1'b1;
    end3_q <= rst_ni && end_i;
    end4_q <= rst_ni && end3_q;
    icv_ok3_q <= judged_i.icv_ok;
    row_written1_q <= row_write_i;
    row_written2_q <= row_written1_q;
    reset1_q <= !rst_ni;
  end
  always_comb begin
    if (!started_q) assume (!rst_ni);
    assume (\u_commit.u_states.watched == sa && \u_commit.u_limits.watched == sa);
    // Rows are addressed two cycles ahead, and written while no packet is under way.
    if (end_i) begin
      assume (judged_i.info.sa[SA_LOG2-1:0] == sa2 && judged_i.info.sequence_low == low2
              && judged_i.info.sequence_guess == guess2);
    end
    if (row_write_i) assume (rst_ni && !end_i && !end3_q && !end4_q);
    if (row_written1_q || row_written2_q) assume (!end_i);
  end

  // --- specification: the state as packets and commands leave it ---
  esp_inbound_pkg::state_t state_q, used, next_state, expected;
  esp_inbound_pkg::window_word_t word_q, used_word, next_word;
  esp_inbound_pkg::limit_row_t limits_q, limits3_q;
  logic state_known_q, word_known_q, mine3, my_word3;
  localparam int unsigned STATE_BITS = $bits(state_q);
  localparam int unsigned WORD_BITS = $bits(word_q);
  localparam int unsigned LIMIT_BITS = $bits(limits_q);
  (* hierconn *) wire [STATE_BITS-1:0] \u_commit.state3_q ;
  (* hierconn *) wire [STATE_BITS-1:0] \u_commit.next_state ;
  (* hierconn *) wire [WORD_BITS-1:0] \u_commit.word3_q ;
  (* hierconn *) wire [WORD_BITS-1:0] \u_commit.next_word ;
  (* hierconn *) wire [LIMIT_BITS-1:0] \u_commit.limits2_q ;
  (* hierconn *) wire [SA_LOG2-1:0] \u_commit.sa3_q ;
  (* hierconn *) wire [31:0] \u_commit.low3_q ;
  (* hierconn *) wire [31:0] \u_commit.guess3_q ;
  (* hierconn *) wire \u_commit.update3_q ;
  (* hierconn *) wire \u_commit.accept ;
  (* hierconn *) wire \u_commit.expired3 ;
  (* hierconn *) wire \u_commit.too_old3_q ;
  (* hierconn *) wire \u_commit.newer3_q ;
  (* hierconn *) wire \u_commit.guess_wrong3_q ;
  (* hierconn *) wire \u_commit.same_block3_q ;
  (* hierconn *) wire \u_commit.far3_q ;
  (* hierconn *) wire \u_commit.duplicate3_q ;
  (* hierconn *) wire \u_commit.live_slot3_q ;
  (* hierconn *) wire \u_commit.same_slot3_q ;
  (* hierconn *) wire \u_commit.later_slot3_q ;
  (* hierconn *) wire \u_commit.fills3 ;
  assign used = \u_commit.state3_q ;
  assign next_state = \u_commit.next_state ;
  assign used_word = \u_commit.word3_q ;
  assign next_word = \u_commit.next_word ;
  assign mine3 = \u_commit.update3_q && \u_commit.sa3_q == sa;
  assign my_word3 = mine3 && \u_commit.low3_q [10:6] == slot;
  // No SA carries 2^64 bytes.
  always_comb begin
    assume (next_state.packets >= used.packets && next_state.bytes >= used.bytes);
  end
  always_ff @(posedge clk_i) limits3_q <= \u_commit.limits2_q ;
  always_comb begin
    expected = '0;
    expected.top = replay_top_i;
    expected.floor = replay_top_i[11:0];
  end
  always_ff @(posedge clk_i) begin
    if (!started_q || !rst_ni) begin  // after a reset every row is written anew
      state_known_q <= 1'b0;
      word_known_q <= 1'b0;
    end else if (row_write_i && command_sa_i == sa) begin
      state_known_q <= 1'b1;
      state_q <= expected;
      limits_q <= row_i;
    end else if (mine3) begin
      state_q <= next_state;
      if (my_word3 && \u_commit.accept ) begin
        word_known_q <= 1'b1;
        word_q <= next_word;
      end
    end
  end

  // What is to be known of a packet that is decided.
  logic too_old, newer, guess_wrong, same_block, far, received, fills, live_slot, same_slot, later_slot;
  logic expired;
  esp_replay_number u_number (
    .esn_i(limits3_q.esn), .check_i(limits3_q.replay_check), .top_i(used.top),
    .low_i(\u_commit.low3_q ),
    .reach_i({1'b0, \u_commit.low3_q } + {22'd0, limits3_q.replay_reach}),
    .turn_i({1'b0, \u_commit.low3_q } - 33'd2048), .guess_i(\u_commit.guess3_q ),
    .guess_above_i(\u_commit.guess3_q + 32'd1), .guess_below_i(\u_commit.guess3_q - 32'd1),
    .high_o(), .too_old_o(too_old), .newer_o(newer), .guess_wrong_o(guess_wrong),
    .same_block_o(same_block), .far_o(far)
  );
  esp_replay_window u_window (
    .top_slot_i(used.top[10:6]), .live_i(used.live), .full_i(used.full), .floor_i(used.floor),
    .last_i(used_word.last), .bits_i(used_word.bits), .number_i(\u_commit.low3_q [11:0]),
    .received_o(received), .fills_o(fills), .live_slot_o(live_slot), .same_slot_o(same_slot),
    .later_slot_o(later_slot)
  );
  assign expired = used.packets >= limits_q.hard_packets || used.bytes >= limits_q.hard_bytes;
  always_comb begin
    if (started_q && rst_ni) begin
      if (mine3 && state_known_q) begin
        assert (used == state_q);
        assert (limits3_q == limits_q);
        assert (\u_commit.expired3 == expired);
      end
      if (my_word3 && word_known_q) assert (used_word == word_q);
      if (\u_commit.update3_q ) begin
        assert (end3_q);
        assert (\u_commit.too_old3_q == too_old && \u_commit.newer3_q == newer
                && \u_commit.guess_wrong3_q == guess_wrong
                && \u_commit.same_block3_q == same_block && \u_commit.far3_q == far);
        assert (\u_commit.duplicate3_q == (limits3_q.replay_check && !newer && received));
        assert (\u_commit.live_slot3_q == live_slot && \u_commit.same_slot3_q == same_slot
                && \u_commit.later_slot3_q == later_slot);
        assert (\u_commit.fills3 == (newer && (far || fills)));
        if (next_state.top != used.top || next_state.live != used.live
            || next_state.full != used.full || next_state.packets != used.packets) begin
          assert (icv_ok3_q && \u_commit.accept );
        end
      end
      if (\u_commit.accept ) begin
        assert (\u_commit.update3_q && icv_ok3_q && !\u_commit.too_old3_q
                && !\u_commit.duplicate3_q );
      end
    end
  end
  always_comb begin
    cover (started_q && rst_ni && mine3 && \u_commit.accept && word_known_q && state_known_q
           && \u_commit.low3_q [10:6] == slot && end4_q && end_i);
    cover (started_q && rst_ni && mine3 && state_known_q && \u_commit.duplicate3_q );
    cover (started_q && rst_ni && mine3 && state_known_q && \u_commit.expired3 && end4_q);
  end

`ifndef CLAIMS_ONLY
  // --- what makes it inductive ---
  (* hierconn *) wire [STATE_BITS-1:0] \u_commit.u_states.row_q ;
  (* hierconn *) wire [WORD_BITS-1:0] \u_commit.u_words.row_q ;
  (* hierconn *) wire [LIMIT_BITS-1:0] \u_commit.u_limits.row_q ;
  (* hierconn *) wire [STATE_BITS-1:0] \u_commit.state1 ;
  (* hierconn *) wire [STATE_BITS-1:0] \u_commit.state2_q ;
  (* hierconn *) wire [STATE_BITS-1:0] \u_commit.state4_q ;
  (* hierconn *) wire [WORD_BITS-1:0] \u_commit.word1 ;
  (* hierconn *) wire [WORD_BITS-1:0] \u_commit.word2_q ;
  (* hierconn *) wire [WORD_BITS-1:0] \u_commit.word4_q ;
  (* hierconn *) wire [LIMIT_BITS-1:0] \u_commit.limits1 ;
  (* hierconn *) wire [32:0] \u_commit.reach2_q ;
  (* hierconn *) wire [32:0] \u_commit.turn2_q ;
  (* hierconn *) wire [31:0] \u_commit.guess_above2_q ;
  (* hierconn *) wire [31:0] \u_commit.guess_below2_q ;
  (* hierconn *) wire \u_commit.end3_q ;
  (* hierconn *) wire \u_commit.ok3_q ;
  (* hierconn *) wire \u_commit.beyond3_q ;
  (* hierconn *) wire \u_commit.update4_q ;
  (* hierconn *) wire \u_commit.accept4_q ;
  (* hierconn *) wire \u_commit.one_ahead2_q ;
  (* hierconn *) wire \u_commit.two_ahead1_q ;
  (* hierconn *) wire \u_commit.three_ahead1_q ;
  (* hierconn *) wire \u_commit.one_word_ahead2_q ;
  (* hierconn *) wire \u_commit.two_word_ahead1_q ;
  (* hierconn *) wire \u_commit.three_word_ahead1_q ;
  (* hierconn *) wire [64:0] \u_commit.u_hard_packets.left_q ;
  (* hierconn *) wire [64:0] \u_commit.u_hard_bytes.left_q ;
  esp_inbound_pkg::limit_row_t limits2;
  logic [SA_LOG2-1:0] sa4_q;
  logic [4:0] slot4_q;
  logic mine2, my_word2, written4, word_written4;
  always_ff @(posedge clk_i) begin
    sa4_q <= \u_commit.sa3_q ;
    slot4_q <= \u_commit.low3_q [10:6];
  end
  assign limits2 = \u_commit.limits2_q ;
  assign mine2 = sa2 == sa;
  assign my_word2 = mine2 && low2[10:6] == slot;
  assign written4 = \u_commit.update4_q && sa4_q == sa;
  assign word_written4 = \u_commit.accept4_q && sa4_q == sa && slot4_q == slot;
  logic one_ahead2, two_ahead1, three_ahead1;
  assign one_ahead2 = \u_commit.update3_q && \u_commit.sa3_q == sa2;
  assign two_ahead1 = \u_commit.update3_q && \u_commit.sa3_q == sa1;
  assign three_ahead1 = \u_commit.update4_q && sa4_q == sa1;
  always_comb begin
    if (started_q) begin
      assert (\u_commit.end3_q == end3_q);
      assert (!reset1_q || !(state_known_q || word_known_q));
      assert (!\u_commit.update3_q || end3_q);
      assert (!\u_commit.ok3_q || (\u_commit.update3_q && icv_ok3_q));
      assert (!\u_commit.update4_q || end4_q);
      assert (!\u_commit.accept4_q || \u_commit.update4_q );
      assert (\u_commit.one_ahead2_q == one_ahead2);
      assert (\u_commit.one_word_ahead2_q
              == (one_ahead2 && \u_commit.low3_q [10:6] == low2[10:6]));
      assert (\u_commit.two_ahead1_q == two_ahead1);
      assert (\u_commit.two_word_ahead1_q
              == (two_ahead1 && \u_commit.low3_q [10:6] == low1[10:6]));
      // What a reset takes away was not to be forwarded: no row outlives it.
      if (rst_ni && !reset1_q) begin
        assert (\u_commit.three_ahead1_q == three_ahead1);
        assert (\u_commit.three_word_ahead1_q == (three_ahead1 && slot4_q == low1[10:6]));
      end
      assert (\u_commit.reach2_q == {1'b0, low2} + {22'd0, limits2.replay_reach});
      assert (\u_commit.turn2_q == {1'b0, low2} - 33'd2048);
      assert (\u_commit.guess_above2_q == guess2 + 32'd1);
      assert (\u_commit.guess_below2_q == guess2 - 32'd1);
      if (\u_commit.update3_q ) assert (\u_commit.beyond3_q == fills);
      if (state_known_q) begin
        assert (\u_commit.u_states.row_q == state_q);
        assert (\u_commit.u_limits.row_q == limits_q);
        if (written4) assert (\u_commit.state4_q == state_q);
        if (sa1 == sa && !written4 && !row_written1_q) assert (\u_commit.state1 == state_q);
        if (sa1 == sa && !row_written1_q) assert (\u_commit.limits1 == limits_q);
        if (mine2 && !row_written1_q && !row_written2_q) begin
          assert (limits2 == limits_q);
          if (!one_ahead2) assert (\u_commit.state2_q == state_q);
        end
        if (mine3) begin
          assert (used == state_q && limits3_q == limits_q);
          assert (\u_commit.u_hard_packets.left_q 
                  == {1'b0, limits_q.hard_packets} + ~{1'b0, state_q.packets});
          assert (\u_commit.u_hard_bytes.left_q 
                  == {1'b0, limits_q.hard_bytes} + ~{1'b0, state_q.bytes});
        end
      end
      if (word_known_q) begin
        assert (\u_commit.u_words.row_q == word_q);
        if (word_written4) assert (\u_commit.word4_q == word_q);
        if (sa1 == sa && low1[10:6] == slot && !word_written4) begin
          assert (\u_commit.word1 == word_q);
        end
        if (my_word2 && !(one_ahead2 && \u_commit.low3_q [10:6] == slot))
          assert (\u_commit.word2_q == word_q);
        if (my_word3) assert (used_word == word_q);
      end
    end
  end
`endif
endmodule
`default_nettype wire
