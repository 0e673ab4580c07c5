// Commit stage: for every packet, in order and one per cycle, the verdict of the replay check and
// the ICV against the state that all earlier packets left, and the new state: replay window, top
// and counters in one read-modify-write with forwarding. The row is addressed one cycle before
// end_i and is there with it; verdict and write come one cycle after.
`default_nettype none
module esp_inbound_commit #(
  parameter int unsigned SA_LOG2 = 8
) (
  input  wire logic         clk_i,
  input  wire logic         rst_ni,
  input  wire logic         end_i,
  /* verilator lint_off UNUSEDSIGNAL */ // the record's selectors have been checked
  input  wire esp_core_pkg::inbound_info_t info_i,
  /* verilator lint_on UNUSEDSIGNAL */
  input  wire logic         icv_ok_i,
  input  wire logic [7:0]   verdict_i,      // should ICV and sequence number be right
  input  wire logic [15:0]  total_i,
  input  wire esp_core_pkg::inbound_state_t state_i,
  output logic              done_o,
  output logic [7:0]        verdict_o,
  output logic [15:0]       sa_o,
  output logic [15:0]       length_o,       // 0 unless the verdict is ok
  output logic [47:0]       next_hop_o,     // 0 unless the verdict is ok
  output logic              write_o,
  output esp_core_pkg::inbound_state_t state_o
);
  logic end_q, icv_ok_q;
  /* verilator lint_off UNUSEDSIGNAL */
  esp_core_pkg::inbound_info_t info_q;
  /* verilator lint_on UNUSEDSIGNAL */
  logic [7:0] verdict_q;
  logic [15:0] total_q;
  esp_core_pkg::inbound_state_t state_q, state_next, written_q;
  logic update, written_valid_q;
  logic [SA_LOG2-1:0] sa_next, sa_now, written_sa_q;
  assign sa_next = info_i.sa[SA_LOG2-1:0];
  assign sa_now = info_q.sa[SA_LOG2-1:0];
  always_ff @(posedge clk_i) begin
    end_q <= rst_ni && end_i;
    info_q <= info_i;
    icv_ok_q <= icv_ok_i;
    verdict_q <= verdict_i;
    total_q <= total_i;
    // The packet one ahead writes in this cycle, the one two ahead wrote while the RAM was read.
    if (update && sa_now == sa_next) state_q <= state_next;
    else if (written_valid_q && written_sa_q == sa_next) state_q <= written_q;
    else state_q <= state_i;
    written_valid_q <= rst_ni && update;
    written_sa_q <= sa_now;
    written_q <= state_next;
  end

  logic too_old, duplicate, guess_wrong, accept;
  logic [63:0] next_top, next_window;
  /* verilator lint_off PINCONNECTEMPTY */ // the high half is only compared with the guess
  esp_replay u_replay (
    .esn_i(info_q.esn), .check_i(info_q.replay_check), .top_i(state_q.top),
    .window_i(state_q.window), .low_i(info_q.sequence_low), .guess_i(info_q.sequence_guess),
    .high_o(), .too_old_o(too_old), .duplicate_o(duplicate), .guess_wrong_o(guess_wrong),
    .next_top_o(next_top), .next_window_o(next_window)
  );
  /* verilator lint_on PINCONNECTEMPTY */
  always_comb begin
    // Packets that have no SA, or failed its first checks, leave its state alone.
    update = end_q && info_q.verdict == esp_regs_pkg::VERDICT_OK;
    accept = update && !too_old && !duplicate && !guess_wrong && icv_ok_q;
    verdict_o = info_q.verdict;
    if (update) begin
      if (too_old) verdict_o = esp_regs_pkg::VERDICT_REPLAY_TOO_OLD;
      else if (duplicate) verdict_o = esp_regs_pkg::VERDICT_REPLAY_DUPLICATE;
      else if (!accept) verdict_o = esp_regs_pkg::VERDICT_ICV_FAILED;
      else verdict_o = verdict_q;
    end
    state_next = state_q;
    if (accept) begin
      state_next.top = next_top;
      state_next.window = next_window;
    end
    case (verdict_o)
      esp_regs_pkg::VERDICT_OK: begin
        state_next.packets = state_q.packets + 64'd1;
        state_next.bytes = state_q.bytes + {48'd0, total_q};
      end
      esp_regs_pkg::VERDICT_REPLAY_TOO_OLD:
        state_next.replay_too_old = state_q.replay_too_old + 64'd1;
      esp_regs_pkg::VERDICT_REPLAY_DUPLICATE:
        state_next.replay_duplicate = state_q.replay_duplicate + 64'd1;
      esp_regs_pkg::VERDICT_ICV_FAILED: state_next.icv_failed = state_q.icv_failed + 64'd1;
      esp_regs_pkg::VERDICT_SELECTOR_MISMATCH:
        state_next.selector_mismatch = state_q.selector_mismatch + 64'd1;
      default: ;
    endcase
  end
  assign done_o = end_q;
  assign sa_o = info_q.sa;
  assign length_o = verdict_o == esp_regs_pkg::VERDICT_OK ? total_q : 16'd0;
  assign next_hop_o = verdict_o == esp_regs_pkg::VERDICT_OK ? info_q.next_hop : 48'd0;
  assign write_o = update;
  assign state_o = state_next;

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) begin
    if (rst_ni && update) begin
      assert (!icv_ok_q || info_q.crypt) else $error("an ICV that was not computed is right");
      assert (state_next.top >= state_q.top) else $error("the window moved back");
    end
  end
`endif
endmodule
`default_nettype wire
