// Counters of the inbound SAs that nothing else waits for, and the alarms that follow from them;
// and the copy of all of an SA's counters that snapshots and the decision pipeline read. One packet
// per cycle, read-modify-write with forwarding; a packet's row is addressed two cycles before it is
// done.
`default_nettype none
module esp_inbound_counters #(
  parameter int unsigned SA_LOG2 = 8
) (
  input  wire logic         clk_i,
  input  wire logic         rst_ni,
  input  wire logic [SA_LOG2-1:0] next_sa_i,      // of the packet that is done in two cycles
  input  wire logic         update_i,             // a packet of an SA is done
  input  wire logic [SA_LOG2-1:0] sa_i,
  input  wire logic [7:0]   verdict_i,
  /* verilator lint_off UNUSEDSIGNAL */ // not the replay window
  input  wire esp_inbound_pkg::state_t state_i,   // after it
  /* verilator lint_on UNUSEDSIGNAL */
  input  wire logic         soft_expired_i,
  input  wire logic         hard_expired_i,
  // commands, while no packet is under way
  input  wire logic         row_write_i,
  input  wire logic [SA_LOG2-1:0] command_sa_i,
  input  wire logic [63:0]  replay_top_i,
  // the copy; the set sa_inbound of hw/registers.toml
  input  wire logic [SA_LOG2-1:0] read_sa_i,
  output logic [64*esp_regs_pkg::COUNTER_SA_INBOUND_COUNT-1:0] read_counters_o,  // a cycle later
  // events, two cycles after update_i
  output logic              event_valid_o,
  output logic [5:0]        event_kinds_o,
  output logic [15:0]       event_sa_o
);
  // Alarms are raised at the first and then at every 1024th.
  localparam int unsigned ALARM_LOG2 = 10;
  localparam bit ULTRA = SA_LOG2 >= 12;

  // --- rows ----
  logic [SA_LOG2-1:0] sa_next_q, written_sa_q;
  logic written_q;
  esp_inbound_pkg::counts_t counts_read, counts_q, counts_next, written_counts_q;
  esp_ram #(.WIDTH($bits(counts_read)), .DEPTH_LOG2(SA_LOG2), .ULTRA(ULTRA)) u_counts (
    .clk_i, .write_i(update_i || row_write_i),
    .write_address_i(row_write_i ? command_sa_i : sa_i),
    .write_data_i(row_write_i ? '0 : counts_next),
    .read_address_i(next_sa_i), .read_data_o(counts_read)
  );
  always_ff @(posedge clk_i) begin
    sa_next_q <= next_sa_i;
    // The packet one ahead writes in this cycle, the one two ahead wrote while the RAM was read.
    if (update_i && sa_i == sa_next_q) counts_q <= counts_next;
    else if (written_q && written_sa_q == sa_next_q) counts_q <= written_counts_q;
    else counts_q <= counts_read;
    written_q <= rst_ni && update_i;
    written_sa_q <= sa_i;
    written_counts_q <= counts_next;
  end

  logic too_old, duplicate, icv_failed;
  assign too_old = verdict_i == esp_regs_pkg::VERDICT_REPLAY_TOO_OLD;
  assign duplicate = verdict_i == esp_regs_pkg::VERDICT_REPLAY_DUPLICATE;
  assign icv_failed = verdict_i == esp_regs_pkg::VERDICT_ICV_FAILED;
  always_comb begin
    counts_next = counts_q;
    if (verdict_i == esp_regs_pkg::VERDICT_LIFETIME_EXPIRED)
      counts_next.expired = counts_q.expired + 64'd1;
    if (too_old) counts_next.replay_too_old = counts_q.replay_too_old + 64'd1;
    if (duplicate) counts_next.replay_duplicate = counts_q.replay_duplicate + 64'd1;
    if (icv_failed) counts_next.icv_failed = counts_q.icv_failed + 64'd1;
    if (verdict_i == esp_regs_pkg::VERDICT_SELECTOR_MISMATCH)
      counts_next.selector_mismatch = counts_q.selector_mismatch + 64'd1;
  end

  // --- the copy ----
  logic [64*esp_regs_pkg::COUNTER_SA_INBOUND_COUNT-1:0] copy;
  always_comb begin
    copy = '0;
    copy[64*esp_regs_pkg::COUNTER_SA_INBOUND_REPLAY_TOP+:64] = replay_top_i;
    if (!row_write_i) begin
      copy[64*esp_regs_pkg::COUNTER_SA_INBOUND_PACKETS+:64] = state_i.packets;
      copy[64*esp_regs_pkg::COUNTER_SA_INBOUND_BYTES+:64] = state_i.bytes;
      copy[64*esp_regs_pkg::COUNTER_SA_INBOUND_EXPIRED+:64] = counts_next.expired;
      copy[64*esp_regs_pkg::COUNTER_SA_INBOUND_REPLAY_TOO_OLD+:64] = counts_next.replay_too_old;
      copy[64*esp_regs_pkg::COUNTER_SA_INBOUND_REPLAY_DUPLICATE+:64] =
        counts_next.replay_duplicate;
      copy[64*esp_regs_pkg::COUNTER_SA_INBOUND_ICV_FAILED+:64] = counts_next.icv_failed;
      copy[64*esp_regs_pkg::COUNTER_SA_INBOUND_SELECTOR_MISMATCH+:64] =
        counts_next.selector_mismatch;
      copy[64*esp_regs_pkg::COUNTER_SA_INBOUND_REPLAY_TOP+:64] = state_i.top;
    end
  end
  esp_ram #(.WIDTH($bits(copy)), .DEPTH_LOG2(SA_LOG2), .ULTRA(ULTRA)) u_copy (
    .clk_i, .write_i(update_i || row_write_i),
    .write_address_i(row_write_i ? command_sa_i : sa_i), .write_data_i(copy),
    .read_address_i(read_sa_i), .read_data_o(read_counters_o)
  );

  // --- events ----
  logic replayed_q, icv_failed_q, soft_q, hard_q;
  logic [ALARM_LOG2-1:0] replays_q, failures_q;
  logic [SA_LOG2-1:0] event_sa_q;
  logic [5:0] kinds;
  always_ff @(posedge clk_i) begin
    replayed_q <= rst_ni && update_i && (too_old || duplicate);
    icv_failed_q <= rst_ni && update_i && icv_failed;
    soft_q <= rst_ni && update_i && soft_expired_i;
    hard_q <= rst_ni && update_i && hard_expired_i;
    replays_q <= counts_next.replay_too_old[ALARM_LOG2-1:0]
                 + counts_next.replay_duplicate[ALARM_LOG2-1:0];
    failures_q <= counts_next.icv_failed[ALARM_LOG2-1:0];
    event_sa_q <= sa_i;
  end
  always_comb begin
    kinds = '0;
    kinds[esp_regs_pkg::EVENT_KIND_SOFT_EXPIRED] = soft_q;
    kinds[esp_regs_pkg::EVENT_KIND_HARD_EXPIRED] = hard_q;
    kinds[esp_regs_pkg::EVENT_KIND_ICV_ALARM] = icv_failed_q && failures_q == ALARM_LOG2'(1);
    kinds[esp_regs_pkg::EVENT_KIND_REPLAY_ALARM] = replayed_q && replays_q == ALARM_LOG2'(1);
  end
  logic event_valid_q;
  logic [5:0] event_kinds_q;
  logic [15:0] event_sa_late_q;
  always_ff @(posedge clk_i) begin
    event_valid_q <= rst_ni && kinds != '0;
    event_kinds_q <= kinds;
    event_sa_late_q <= 16'(event_sa_q);
  end
  assign event_valid_o = event_valid_q;
  assign event_kinds_o = event_kinds_q;
  assign event_sa_o = event_sa_late_q;
endmodule
`default_nettype wire
