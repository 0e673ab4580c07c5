// Commit stage: for every packet, in order and one per cycle, the verdict of lifetimes, replay
// check and ICV against the state that all earlier packets left (steps 10 to 13 of the order of
// checks), and the new state: top, replay window, lifetime counters, in one read-modify-write with
// forwarding. Rows are addressed two cycles before end_i; the answer comes two cycles after it.
//
//   0 rows addressed   1 rows arrive   2 looked up: end_i   3 decided   4 answer
//
// The loop from one packet's decision to the next one's is a single cycle: while a packet is decided
// the one behind it is looked up in the state before it and in the state that it leaves if it is
// accepted, and the decision only chooses.
`default_nettype none
module esp_inbound_commit #(
  parameter int unsigned SA_LOG2 = 8
) (
  input  wire logic         clk_i,
  input  wire logic         rst_ni,
  // of the packet that ends two cycles later
  input  wire logic [SA_LOG2-1:0] next_sa_i,
  input  wire logic [31:0]  next_sequence_low_i,
  input  wire logic [31:0]  next_sequence_guess_i,
  input  wire logic         end_i,
  input  wire esp_inbound_pkg::judged_t judged_i,
  // commands, while no packet is under way
  input  wire logic         row_write_i,
  input  wire logic [SA_LOG2-1:0] command_sa_i,
  input  wire esp_inbound_pkg::limit_row_t row_i,
  input  wire logic [63:0]  replay_top_i,
  // two cycles after end_i
  output logic              done_o,
  output logic [7:0]        verdict_o,
  output logic [15:0]       sa_o,
  output logic [47:0]       next_hop_o,           // 0 unless ok
  output logic              spill_o,
  output esp_inbound_pkg::delivery_t delivery_o,  // length 0 unless ok or bypassed
  output logic              update_o,             // the packet's SA has a new state
  output esp_inbound_pkg::state_t state_o,
  output logic              soft_expired_o,       // this packet crossed the limit
  output logic              hard_expired_o
);
  // Large tables go to ultra RAM, whose rows are many.
  localparam bit ULTRA = SA_LOG2 >= 12;

  // --- 1: rows arrive ----
  logic [SA_LOG2-1:0] sa1_q, sa2_q, sa3_q;
  logic [31:0] low1_q, low2_q, low3_q, guess1_q, guess2_q, guess3_q;
  esp_inbound_pkg::limit_row_t limits1;
  /* verilator lint_off UNUSEDSIGNAL */ // how far the window reaches counts a cycle earlier
  esp_inbound_pkg::limit_row_t limits2_q;
  /* verilator lint_on UNUSEDSIGNAL */
  logic [47:0] next_hop3_q, next_hop4_q;
  esp_inbound_pkg::state_t state1, state2_q, state3_q, next_state, state4_q, command_state;
  /* verilator lint_off UNUSEDSIGNAL */ // lifetimes have a path of their own
  esp_inbound_pkg::state_t state2;
  /* verilator lint_on UNUSEDSIGNAL */
  esp_inbound_pkg::window_word_t word1, word2_q, word2, word3_q, next_word, word4_q;
  logic update3_q, accept, deliver, update4_q, accept4_q;
  esp_ram #(.WIDTH($bits(row_i)), .DEPTH_LOG2(SA_LOG2), .ULTRA(ULTRA)) u_limits (
    .clk_i, .write_i(row_write_i), .write_address_i(command_sa_i), .write_data_i(row_i),
    .read_address_i(next_sa_i), .read_data_o(limits1)
  );
  esp_ram #(.WIDTH($bits(state1)), .DEPTH_LOG2(SA_LOG2), .ULTRA(ULTRA)) u_states (
    .clk_i, .write_i(update3_q || row_write_i),
    .write_address_i(row_write_i ? command_sa_i : sa3_q),
    .write_data_i(row_write_i ? command_state : next_state),
    .read_address_i(next_sa_i), .read_data_o(state1)
  );
  // A new SA finds no slot live, so its words need no clearing.
  esp_ram #(
    .WIDTH($bits(word1)), .DEPTH_LOG2(SA_LOG2 + 5), .ULTRA(SA_LOG2 + 5 >= 12)
  ) u_words (
    .clk_i, .write_i(accept), .write_address_i({sa3_q, low3_q[10:6]}), .write_data_i(next_word),
    .read_address_i({next_sa_i, next_sequence_low_i[10:6]}), .read_data_o(word1)
  );
  always_comb begin
    command_state = '0;
    command_state.top = replay_top_i;
    command_state.floor = replay_top_i[11:0];
  end

  // Which packets ahead have the same SA, and the same word of its window: found a cycle before it
  // counts. A packet that has no SA, or failed its first checks, leaves the state alone.
  logic update2, one_ahead2_q, two_ahead1_q, three_ahead1_q;
  logic one_word_ahead2_q, two_word_ahead1_q, three_word_ahead1_q;
  assign update2 = rst_ni && end_i && judged_i.info.verdict == esp_regs_pkg::VERDICT_OK;
  always_ff @(posedge clk_i) begin
    one_ahead2_q <= update2 && sa2_q == sa1_q;
    one_word_ahead2_q <= update2 && sa2_q == sa1_q && low2_q[10:6] == low1_q[10:6];
    two_ahead1_q <= update2 && sa2_q == next_sa_i;
    two_word_ahead1_q <= update2 && sa2_q == next_sa_i
                         && low2_q[10:6] == next_sequence_low_i[10:6];
    three_ahead1_q <= update3_q && sa3_q == next_sa_i;
    three_word_ahead1_q <= update3_q && sa3_q == next_sa_i
                           && low3_q[10:6] == next_sequence_low_i[10:6];
  end

  // --- 2: looked up ----
  logic [32:0] reach2_q, turn2_q;
  logic [31:0] guess_above2_q, guess_below2_q;
  always_ff @(posedge clk_i) begin
    sa1_q <= next_sa_i;
    low1_q <= next_sequence_low_i;
    guess1_q <= next_sequence_guess_i;
    sa2_q <= sa1_q;
    low2_q <= low1_q;
    guess2_q <= guess1_q;
    limits2_q <= limits1;
    reach2_q <= {1'b0, low1_q} + {22'd0, limits1.replay_reach};
    turn2_q <= {1'b0, low1_q} - 33'd2048;
    guess_above2_q <= guess1_q + 32'd1;
    guess_below2_q <= guess1_q - 32'd1;
    // The packet two ahead writes in this cycle, the one three ahead wrote while the RAM was read.
    if (two_ahead1_q) state2_q <= next_state;
    else if (three_ahead1_q) state2_q <= state4_q;
    else state2_q <= state1;
    if (two_word_ahead1_q && accept) word2_q <= next_word;
    else if (three_word_ahead1_q && accept4_q) word2_q <= word4_q;
    else word2_q <= word1;
  end

  // As the packet ahead, which is decided in this cycle, found it.
  assign state2 = one_ahead2_q ? state3_q : state2_q;
  assign word2 = one_word_ahead2_q ? word3_q : word2_q;

  // Against top as it was before the packet ahead, and against that packet's number.
  logic too_old_before, newer_before, guess_wrong_before, same_block_before, far_before;
  logic too_old_after, newer_after, guess_wrong_after, same_block_after, far_after;
  /* verilator lint_off PINCONNECTEMPTY */ // the high half is only compared with the guess
  esp_replay_number u_before (
    .esn_i(limits2_q.esn), .check_i(limits2_q.replay_check), .top_i(state2.top), .low_i(low2_q),
    .reach_i(reach2_q), .turn_i(turn2_q),
    .guess_i(guess2_q), .guess_above_i(guess_above2_q), .guess_below_i(guess_below2_q),
    .high_o(), .too_old_o(too_old_before), .newer_o(newer_before),
    .guess_wrong_o(guess_wrong_before), .same_block_o(same_block_before), .far_o(far_before)
  );
  esp_replay_number u_after (
    .esn_i(limits2_q.esn), .check_i(limits2_q.replay_check), .top_i({guess3_q, low3_q}),
    .low_i(low2_q), .reach_i(reach2_q), .turn_i(turn2_q),
    .guess_i(guess2_q), .guess_above_i(guess_above2_q), .guess_below_i(guess_below2_q),
    .high_o(), .too_old_o(too_old_after), .newer_o(newer_after),
    .guess_wrong_o(guess_wrong_after), .same_block_o(same_block_after), .far_o(far_after)
  );
  /* verilator lint_on PINCONNECTEMPTY */
  logic received_before, live_slot_before, same_slot_before, later_slot_before, fills2;
  logic received_after, live_slot_after, same_slot_after, later_slot_after;
  logic too_old3_q, newer3_q, guess_wrong3_q, same_block3_q, far3_q, fills3;
  logic duplicate3_q, live_slot3_q, same_slot3_q, later_slot3_q, beyond3_q, expired3;
  assign fills3 = newer3_q && (far3_q || beyond3_q);
  esp_replay_window u_window (
    .top_slot_i(state2.top[10:6]), .live_i(state2.live), .full_i(state2.full),
    .floor_i(state2.floor), .last_i(word2.last), .bits_i(word2.bits), .number_i(low2_q[11:0]),
    .received_o(received_before), .fills_o(fills2), .live_slot_o(live_slot_before),
    .same_slot_o(same_slot_before), .later_slot_o(later_slot_before)
  );
  esp_replay_ahead u_ahead (
    .top_slot_i(state3_q.top[10:6]), .live_i(state3_q.live), .full_i(state3_q.full),
    .fills_i(fills3), .floor_i(state3_q.floor), .ahead_i(low3_q[10:0]),
    .live_slot_i(live_slot3_q), .same_slot_i(same_slot3_q), .later_slot_i(later_slot3_q),
    .newer_i(newer3_q), .same_block_i(same_block3_q), .far_i(far3_q),
    .number_i(low2_q[11:0]), .last_i(word2.last), .bits_i(word2.bits),
    .received_o(received_after), .live_slot_o(live_slot_after), .same_slot_o(same_slot_after),
    .later_slot_o(later_slot_after)
  );

  logic [1:0] soft_reached, soft_reached_after, hard_reached, hard_reached_after;
  esp_inbound_lifetime u_soft_packets (
    .clk_i, .first_i(!one_ahead2_q), .deliver_i(deliver), .limit_i(limits2_q.soft_packets),
    .used_i(state2_q.packets), .takes_i(16'd1),
    .reached_o(soft_reached[0]), .reached_after_o(soft_reached_after[0])
  );
  esp_inbound_lifetime u_soft_bytes (
    .clk_i, .first_i(!one_ahead2_q), .deliver_i(deliver), .limit_i(limits2_q.soft_bytes),
    .used_i(state2_q.bytes), .takes_i(judged3_q.delivery.length),
    .reached_o(soft_reached[1]), .reached_after_o(soft_reached_after[1])
  );
  esp_inbound_lifetime u_hard_packets (
    .clk_i, .first_i(!one_ahead2_q), .deliver_i(deliver), .limit_i(limits2_q.hard_packets),
    .used_i(state2_q.packets), .takes_i(16'd1),
    .reached_o(hard_reached[0]), .reached_after_o(hard_reached_after[0])
  );
  esp_inbound_lifetime u_hard_bytes (
    .clk_i, .first_i(!one_ahead2_q), .deliver_i(deliver), .limit_i(limits2_q.hard_bytes),
    .used_i(state2_q.bytes), .takes_i(judged3_q.delivery.length),
    .reached_o(hard_reached[1]), .reached_after_o(hard_reached_after[1])
  );
  assign expired3 = hard_reached != '0;

  // --- 3: decided ----
  logic end3_q, ok3_q;
  esp_inbound_pkg::judged_t judged3_q;
  logic after_accept, after_newer;
  assign after_accept = one_ahead2_q && accept;
  assign after_newer = after_accept && newer3_q;
  always_ff @(posedge clk_i) begin
    end3_q <= rst_ni && end_i;
    judged3_q <= judged_i;
    update3_q <= update2;
    ok3_q <= update2 && judged_i.icv_ok;
    sa3_q <= sa2_q;
    low3_q <= low2_q;
    guess3_q <= guess2_q;
    next_hop3_q <= limits2_q.next_hop;
    state3_q <= one_ahead2_q ? next_state : state2_q;
    word3_q <= one_word_ahead2_q && accept ? next_word : word2;
    too_old3_q <= after_newer ? too_old_after : too_old_before;
    newer3_q <= after_newer ? newer_after : newer_before;
    guess_wrong3_q <= after_newer ? guess_wrong_after : guess_wrong_before;
    same_block3_q <= after_newer ? same_block_after : same_block_before;
    far3_q <= after_newer ? far_after : far_before;
    duplicate3_q <= limits2_q.replay_check
                    && (after_accept ? received_after : received_before)
                    && !(after_newer ? newer_after : newer_before);
    live_slot3_q <= after_accept ? live_slot_after : live_slot_before;
    same_slot3_q <= after_accept ? same_slot_after : same_slot_before;
    later_slot3_q <= after_accept ? later_slot_after : later_slot_before;
    beyond3_q <= fills2;
  end

  logic [31:0] next_live;
  esp_replay_accept u_accept (
    .top_slot_i(state3_q.top[10:6]), .live_i(state3_q.live), .last_i(word3_q.last),
    .bits_i(word3_q.bits), .number_i(low3_q[10:0]), .live_slot_i(live_slot3_q),
    .same_slot_i(same_slot3_q), .later_slot_i(later_slot3_q), .newer_i(newer3_q),
    .same_block_i(same_block3_q), .far_i(far3_q),
    .next_live_o(next_live), .next_last_o(next_word.last), .next_bits_o(next_word.bits)
  );
  always_comb begin
    accept = ok3_q && !expired3 && !too_old3_q && !duplicate3_q && !guess_wrong3_q;
    deliver = accept && judged3_q.verdict == esp_regs_pkg::VERDICT_OK;
    next_state = state3_q;
    if (accept) begin
      if (newer3_q) next_state.top = {guess3_q, low3_q};
      next_state.live = next_live;
      next_state.full = state3_q.full || fills3;
    end
    if (deliver) begin
      next_state.packets = state3_q.packets + 64'd1;
      next_state.bytes = state3_q.bytes + {48'd0, judged3_q.delivery.length};
    end
  end

  // --- 4: answer ----
  logic done4_q, spill4_q;
  logic [7:0] verdict4_q;
  logic [15:0] info_sa4_q;
  esp_inbound_pkg::delivery_t delivery4_q;
  logic soft_expired4_q, hard_expired4_q;
  always_ff @(posedge clk_i) begin
    done4_q <= rst_ni && end3_q;
    update4_q <= rst_ni && update3_q;
    accept4_q <= rst_ni && accept;
    word4_q <= next_word;
    spill4_q <= judged3_q.spill;
    info_sa4_q <= judged3_q.info.sa;
    delivery4_q <= judged3_q.delivery;
    if (!update3_q) verdict4_q <= judged3_q.info.verdict;
    else if (expired3) verdict4_q <= esp_regs_pkg::VERDICT_LIFETIME_EXPIRED;
    else if (too_old3_q) verdict4_q <= esp_regs_pkg::VERDICT_REPLAY_TOO_OLD;
    else if (duplicate3_q) verdict4_q <= esp_regs_pkg::VERDICT_REPLAY_DUPLICATE;
    else if (!accept) verdict4_q <= esp_regs_pkg::VERDICT_ICV_FAILED;
    else verdict4_q <= judged3_q.verdict;
    next_hop4_q <= next_hop3_q;
    state4_q <= next_state;
    soft_expired4_q <= deliver && soft_reached == '0 && soft_reached_after != '0;
    // Before it none was reached, or it would have been dropped.
    hard_expired4_q <= deliver && hard_reached_after != '0;
  end
  assign done_o = done4_q;
  assign verdict_o = verdict4_q;
  assign sa_o = info_sa4_q;
  assign next_hop_o = verdict4_q == esp_regs_pkg::VERDICT_OK ? next_hop4_q : 48'd0;
  assign spill_o = spill4_q;
  always_comb begin
    delivery_o = delivery4_q;
    if (verdict4_q != esp_regs_pkg::VERDICT_OK && verdict4_q != esp_regs_pkg::VERDICT_BYPASSED)
      delivery_o.length = 16'd0;
  end
  assign update_o = update4_q;
  assign state_o = state4_q;
  assign soft_expired_o = soft_expired4_q;
  assign hard_expired_o = hard_expired4_q;

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) begin
    if (rst_ni && end_i) begin
      assert (judged_i.info.sa[SA_LOG2-1:0] == sa2_q && judged_i.info.sequence_low == low2_q
              && judged_i.info.sequence_guess == guess2_q)
        else $error("the rows of another packet were addressed");
    end
    if (rst_ni && update3_q) begin
      assert (!judged3_q.icv_ok || judged3_q.info.crypt)
        else $error("an ICV that was not computed is right");
      assert (next_state.top >= state3_q.top) else $error("the window moved back");
    end
    if (rst_ni && end_i && update2) begin
      assert (limits2_q.esn || state2.top[63:32] == '0)
        else $error("a sequence number of more than 32 bits without ESN");
    end
    if (rst_ni) begin
      assert (!(row_write_i && (end_i || end3_q || done4_q)))
        else $error("a row is written while a packet is being committed");
    end
  end
`endif
endmodule
`default_nettype wire
