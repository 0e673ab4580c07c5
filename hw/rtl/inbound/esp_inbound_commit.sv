// Commit stage: for every packet, in order and one per cycle, the verdict of lifetimes, replay
// check and ICV against the state that all earlier packets left (steps 10 to 13 of the order of
// checks), and the new state: top, replay window, lifetime counters, in one read-modify-write with
// forwarding. Rows are addressed one cycle before end_i; the answer comes two cycles after it.
`default_nettype none
module esp_inbound_commit #(
  parameter int unsigned SA_LOG2 = 8
) (
  input  wire logic         clk_i,
  input  wire logic         rst_ni,
  input  wire logic [SA_LOG2-1:0] next_sa_i,      // of the packet that ends in the next cycle
  input  wire logic [4:0]   next_slot_i,          // of its sequence number in the replay window
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
  localparam int unsigned SLOT_LOG2 = 5;
  // Large tables go to ultra RAM, whose rows are many.
  localparam bit ULTRA = SA_LOG2 >= 12;

  // --- 1: rows arrive ----
  logic [SA_LOG2-1:0] sa0, sa1, written_sa_q;
  logic [SLOT_LOG2-1:0] slot0, slot1, written_slot_q;
  esp_inbound_pkg::limit_row_t limits0, limits1_q;
  /* verilator lint_off UNUSEDSIGNAL */ // the sequence number has been judged
  esp_inbound_pkg::limit_row_t limits2_q;
  /* verilator lint_on UNUSEDSIGNAL */
  esp_inbound_pkg::state_t state0, state1_q, next_state, state2_q, command_state;
  esp_inbound_pkg::window_word_t word0, word1_q, next_word, word2_q;
  logic update, accept, written_q, word_written_q;
  assign sa0 = judged_i.info.sa[SA_LOG2-1:0];
  assign slot0 = judged_i.info.sequence_low[10:6];
  esp_ram #(.WIDTH($bits(row_i)), .DEPTH_LOG2(SA_LOG2), .ULTRA(ULTRA)) u_limits (
    .clk_i, .write_i(row_write_i), .write_address_i(command_sa_i), .write_data_i(row_i),
    .read_address_i(next_sa_i), .read_data_o(limits0)
  );
  esp_ram #(.WIDTH($bits(state0)), .DEPTH_LOG2(SA_LOG2), .ULTRA(ULTRA)) u_states (
    .clk_i, .write_i(update || row_write_i),
    .write_address_i(row_write_i ? command_sa_i : sa1),
    .write_data_i(row_write_i ? command_state : next_state),
    .read_address_i(next_sa_i), .read_data_o(state0)
  );
  // A new SA finds no slot live, so its words need no clearing.
  esp_ram #(
    .WIDTH($bits(word0)), .DEPTH_LOG2(SA_LOG2 + SLOT_LOG2), .ULTRA(SA_LOG2 + SLOT_LOG2 >= 12)
  ) u_words (
    .clk_i, .write_i(accept), .write_address_i({sa1, slot1}), .write_data_i(next_word),
    .read_address_i({next_sa_i, next_slot_i}), .read_data_o(word0)
  );
  always_comb begin
    command_state = '0;
    command_state.top = replay_top_i;
  end

  // --- 2: decided ----
  logic end1_q;
  esp_inbound_pkg::judged_t judged1_q;
  always_ff @(posedge clk_i) begin
    end1_q <= rst_ni && end_i;
    judged1_q <= judged_i;
    limits1_q <= limits0;
    // The packet one ahead writes in this cycle, the one two ahead wrote while the RAM was read.
    if (update && sa1 == sa0) state1_q <= next_state;
    else if (written_q && written_sa_q == sa0) state1_q <= state2_q;
    else state1_q <= state0;
    if (accept && sa1 == sa0 && slot1 == slot0) word1_q <= next_word;
    else if (word_written_q && written_sa_q == sa0 && written_slot_q == slot0) word1_q <= word2_q;
    else word1_q <= word0;
    written_q <= rst_ni && update;
    word_written_q <= rst_ni && accept;
    written_sa_q <= sa1;
    written_slot_q <= slot1;
    word2_q <= next_word;
  end
  assign sa1 = judged1_q.info.sa[SA_LOG2-1:0];
  assign slot1 = judged1_q.info.sequence_low[10:6];

  logic expired, too_old, newer, guess_wrong, received, duplicate, deliver;
  logic [31:0] ahead, next_live;
  logic [10:0] back;
  logic [11:0] next_span;
  /* verilator lint_off PINCONNECTEMPTY */ // the high half is only compared with the guess
  esp_replay_number u_number (
    .esn_i(limits1_q.esn), .check_i(limits1_q.replay_check), .window_i(limits1_q.replay_window),
    .top_i(state1_q.top), .low_i(judged1_q.info.sequence_low),
    .guess_i(judged1_q.info.sequence_guess),
    .high_o(), .too_old_o(too_old), .newer_o(newer), .guess_wrong_o(guess_wrong),
    .ahead_o(ahead), .back_o(back)
  );
  /* verilator lint_on PINCONNECTEMPTY */
  esp_replay_window u_window (
    .top_slot_i(state1_q.top[10:6]), .live_i(state1_q.live), .span_i(state1_q.span),
    .last_i(word1_q.last), .bits_i(word1_q.bits),
    .number_i(judged1_q.info.sequence_low[10:0]), .newer_i(newer), .ahead_i(ahead), .back_i(back),
    .received_o(received), .next_live_o(next_live), .next_span_o(next_span),
    .next_last_o(next_word.last), .next_bits_o(next_word.bits)
  );
  always_comb begin
    // Packets that have no SA, or failed its first checks, leave its state alone.
    update = end1_q && judged1_q.info.verdict == esp_regs_pkg::VERDICT_OK;
    expired = state1_q.packets >= limits1_q.hard_packets
              || state1_q.bytes >= limits1_q.hard_bytes;
    duplicate = limits1_q.replay_check && !newer && received;
    accept = update && judged1_q.icv_ok && !expired && !too_old && !duplicate && !guess_wrong;
    deliver = accept && judged1_q.verdict == esp_regs_pkg::VERDICT_OK;
    next_state = state1_q;
    if (accept) begin
      if (newer) next_state.top = {judged1_q.info.sequence_guess, judged1_q.info.sequence_low};
      next_state.live = next_live;
      next_state.span = next_span;
    end
    if (deliver) begin
      next_state.packets = state1_q.packets + 64'd1;
      next_state.bytes = state1_q.bytes + {48'd0, judged1_q.delivery.length};
    end
  end

  // --- 3: answer ----
  logic done2_q, spill2_q, delivered2_q;
  logic [7:0] verdict2_q;
  logic [15:0] sa2_q;
  esp_inbound_pkg::delivery_t delivery2_q;
  logic [63:0] packets_before_q, bytes_before_q;
  always_ff @(posedge clk_i) begin
    done2_q <= rst_ni && end1_q;
    spill2_q <= judged1_q.spill;
    sa2_q <= judged1_q.info.sa;
    delivery2_q <= judged1_q.delivery;
    delivered2_q <= deliver;
    if (!update) verdict2_q <= judged1_q.info.verdict;
    else if (expired) verdict2_q <= esp_regs_pkg::VERDICT_LIFETIME_EXPIRED;
    else if (too_old) verdict2_q <= esp_regs_pkg::VERDICT_REPLAY_TOO_OLD;
    else if (duplicate) verdict2_q <= esp_regs_pkg::VERDICT_REPLAY_DUPLICATE;
    else if (!accept) verdict2_q <= esp_regs_pkg::VERDICT_ICV_FAILED;
    else verdict2_q <= judged1_q.verdict;
    limits2_q <= limits1_q;
    state2_q <= next_state;
    packets_before_q <= state1_q.packets;
    bytes_before_q <= state1_q.bytes;
  end
  assign done_o = done2_q;
  assign verdict_o = verdict2_q;
  assign sa_o = sa2_q;
  assign next_hop_o = verdict2_q == esp_regs_pkg::VERDICT_OK ? limits2_q.next_hop : 48'd0;
  assign spill_o = spill2_q;
  always_comb begin
    delivery_o = delivery2_q;
    if (verdict2_q != esp_regs_pkg::VERDICT_OK && verdict2_q != esp_regs_pkg::VERDICT_BYPASSED)
      delivery_o.length = 16'd0;
  end
  assign update_o = written_q;
  assign state_o = state2_q;
  assign soft_expired_o = delivered2_q
    && packets_before_q < limits2_q.soft_packets && bytes_before_q < limits2_q.soft_bytes
    && (state2_q.packets >= limits2_q.soft_packets || state2_q.bytes >= limits2_q.soft_bytes);
  // Before it none was reached, or it would have been dropped.
  assign hard_expired_o = delivered2_q
    && (state2_q.packets >= limits2_q.hard_packets || state2_q.bytes >= limits2_q.hard_bytes);

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) begin
    if (rst_ni && update) begin
      assert (!judged1_q.icv_ok || judged1_q.info.crypt)
        else $error("an ICV that was not computed is right");
      assert (next_state.top >= state1_q.top) else $error("the window moved back");
      assert (limits1_q.esn || state1_q.top[63:32] == '0)
        else $error("a sequence number of more than 32 bits without ESN");
    end
    if (rst_ni) begin
      assert (!(row_write_i && (end_i || end1_q || done2_q)))
        else $error("a row is written while a packet is being committed");
    end
  end
`endif
endmodule
`default_nettype wire
