// Writes the packets of one direction to memory and makes the completion of each descriptor. A job
// is joined with its fate, and if the packet went into the core with the core's completion; then
// the packet is written in bursts of up to 4 KiB that never cross such a boundary, or thrown away
// when it does not fit its buffer; so the core must complete a packet whose data nobody has taken
// yet, which it does. The completion is handed on when the memory has acknowledged
// every byte of the packet. Jobs, fates and packets keep their order throughout.
`default_nettype none
module esp_packet_write (
  input  wire logic         clk_i,
  input  wire logic         rst_ni,
  // jobs and fates, from the reader
  input  wire logic         job_i,
  output logic              job_ready_o,
  input  wire logic [63:0]  job_cookie_i,
  input  wire logic [63:0]  job_address_i,
  input  wire logic [15:0]  job_capacity_i,
  input  wire logic [15:0]  job_sa_i,
  input  wire logic [7:0]   job_error_i,
  input  wire logic         fate_i,
  input  wire logic         fate_error_i,
  // the core's completions and packets
  input  wire logic         done_valid_i,
  output logic              done_ready_o,
  input  wire logic [7:0]   done_verdict_i,
  input  wire logic [15:0]  done_sa_i,
  input  wire logic [15:0]  done_length_i,
  input  wire logic [47:0]  done_next_hop_i,
  input  wire logic         tvalid_i,
  output logic              tready_o,
  input  wire logic [511:0] tdata_i,
  input  wire logic [63:0]  tkeep_i,
  input  wire logic         tlast_i,
  // memory
  output logic              aw_valid_o,
  input  wire logic         aw_ready_i,
  output logic [63:0]       aw_address_o,
  output logic [7:0]        aw_length_o,       // beats - 1
  output logic              w_valid_o,
  input  wire logic         w_ready_i,
  output logic [511:0]      w_data_o,
  output logic [63:0]       w_strobe_o,
  output logic              w_last_o,
  input  wire logic         b_valid_i,
  input  wire logic [1:0]   b_response_i,
  // completions; the phase bit is the ring's
  output logic              valid_o,
  input  wire logic         ready_i,
  output esp_lookaside_regs_pkg::completion_t completion_o
);
  localparam int unsigned JOBS_LOG2 = 9;       // descriptors between the first read and the core
  localparam int unsigned PENDING_LOG2 = 8;    // writes that await their acknowledgement
  localparam int unsigned TOKENS_LOG2 = 4;

  typedef struct packed {
    logic [63:0] cookie;
    logic [63:0] address;
    logic [15:0] capacity;
    logic [15:0] sa;
    logic [7:0]  error;
  } job_t;
  typedef struct packed {
    logic [63:0] cookie;
    logic [7:0]  verdict;
    logic [7:0]  error;
    logic [15:0] sa;
    logic [15:0] length;
    logic [47:0] next_hop;
  } result_t;

  // --- queues from the reader ---
  job_t job_in, job;
  logic job_valid, job_pop, fate_valid, fate_error, fate_pop;
  logic [JOBS_LOG2:0] job_count;
  /* verilator lint_off UNUSEDSIGNAL */ // never more fates than jobs
  logic [JOBS_LOG2:0] fate_count;
  /* verilator lint_on UNUSEDSIGNAL */
  assign job_in.cookie = job_cookie_i;
  assign job_in.address = job_address_i;
  assign job_in.capacity = job_capacity_i;
  assign job_in.sa = job_sa_i;
  assign job_in.error = job_error_i;
  esp_fifo #(.WIDTH($bits(job)), .DEPTH_LOG2(JOBS_LOG2)) u_jobs (
    .clk_i, .rst_ni, .push_i(job_i), .data_i(job_in),
    .pop_i(job_pop), .valid_o(job_valid), .data_o(job), .count_o(job_count)
  );
  assign job_ready_o = !job_count[JOBS_LOG2];
  esp_fifo #(.WIDTH(1), .DEPTH_LOG2(JOBS_LOG2)) u_fates (
    .clk_i, .rst_ni, .push_i(fate_i), .data_i(fate_error_i),
    .pop_i(fate_pop), .valid_o(fate_valid), .data_o(fate_error), .count_o(fate_count)
  );

  // --- stage k: what is to be done with a packet ---
  logic from_core, k_take, k_done;
  logic k_valid_q, k_data_q, k_discard_q, k_first_q;
  logic [57:0] k_line_q;
  logic [8:0] k_beats_q;
  result_t k_q, result;
  assign from_core = job.error == esp_lookaside_regs_pkg::ERROR_NONE && fate_valid && !fate_error;
  assign k_take = job_valid && (!k_valid_q || k_done)
                  && (job.error != esp_lookaside_regs_pkg::ERROR_NONE
                      || (fate_valid && (fate_error || done_valid_i)));
  assign job_pop = k_take;
  assign fate_pop = k_take && job.error == esp_lookaside_regs_pkg::ERROR_NONE;
  assign done_ready_o = k_take && from_core;
  always_comb begin
    result = '0;
    result.cookie = job.cookie;
    result.sa = job.sa;
    result.error = job.error;
    if (from_core) begin
      result.verdict = done_verdict_i;
      result.sa = done_sa_i;
      result.length = done_length_i;
      result.next_hop = done_next_hop_i;
      if (done_length_i > job.capacity) result.error = esp_lookaside_regs_pkg::ERROR_CAPACITY;
    end else if (fate_pop) begin
      result.error = esp_lookaside_regs_pkg::ERROR_READ;
    end
  end

  // --- bursts, one a cycle; a packet that is thrown away is one, one without data none ---
  logic issue, pending_room, token_room;
  logic slot_valid_q, slot_write_q, slot_last_q, slot_leaves;
  logic [8:0] burst, to_boundary, slot_beats_q;
  assign to_boundary = 9'd64 - {3'd0, k_line_q[5:0]};
  assign burst = k_discard_q || k_beats_q < to_boundary ? k_beats_q : to_boundary;
  assign slot_leaves = slot_valid_q && token_room && (!slot_write_q || aw_ready_i);
  assign issue = k_valid_q && pending_room && (!k_data_q || !slot_valid_q || slot_leaves);
  assign k_done = issue && (!k_data_q || burst == k_beats_q);
  always_ff @(posedge clk_i) begin
    if (k_take) begin
      k_q <= result;
      k_line_q <= job.address[63:6];
      k_beats_q <= 9'(done_length_i[14:6]) + 9'(|done_length_i[5:0]);
      k_data_q <= from_core && done_length_i != '0;
      k_discard_q <= done_length_i > job.capacity;
    end else if (issue) begin
      k_line_q <= k_line_q + {49'd0, burst};
      k_beats_q <= k_beats_q - burst;
    end
    if (issue && k_data_q) begin
      aw_address_o <= {k_line_q, 6'd0};
      aw_length_o <= 8'(burst - 9'd1);
      slot_beats_q <= burst;
      slot_write_q <= !k_discard_q;
      slot_last_q <= burst == k_beats_q;
    end
    if (!rst_ni) begin
      k_valid_q <= 1'b0;
      k_first_q <= 1'b0;
      slot_valid_q <= 1'b0;
    end else begin
      if (k_take) {k_first_q, k_valid_q} <= 2'b11;
      else if (k_done) k_valid_q <= 1'b0;
      else if (issue) k_first_q <= 1'b0;
      if (issue && k_data_q) slot_valid_q <= 1'b1;
      else if (slot_leaves) slot_valid_q <= 1'b0;
    end
  end
  assign aw_valid_o = slot_valid_q && slot_write_q && token_room;

  // --- data: never before its address has been taken ---
  logic token_valid, token_pop, token_write;
  /* verilator lint_off UNUSEDSIGNAL */ // for the check of the packet's length
  logic token_last;
  /* verilator lint_on UNUSEDSIGNAL */
  logic [TOKENS_LOG2:0] token_count;
  logic [8:0] token_beats, beat_q;
  logic token_end;
  esp_fifo #(.WIDTH(11), .DEPTH_LOG2(TOKENS_LOG2)) u_tokens (
    .clk_i, .rst_ni, .push_i(slot_leaves), .data_i({slot_last_q, slot_write_q, slot_beats_q}),
    .pop_i(token_pop), .valid_o(token_valid), .data_o({token_last, token_write, token_beats}),
    .count_o(token_count)
  );
  assign token_room = !token_count[TOKENS_LOG2];
  assign token_end = beat_q + 9'd1 == token_beats;
  assign tready_o = token_valid && (!token_write || w_ready_i);
  assign token_pop = tvalid_i && tready_o && token_end;
  assign w_valid_o = tvalid_i && token_valid && token_write;
  assign w_data_o = tdata_i;
  assign w_strobe_o = tkeep_i;
  assign w_last_o = token_end;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) beat_q <= '0;
    else if (tvalid_i && tready_o) beat_q <= token_end ? '0 : beat_q + 9'd1;
  end

  // --- acknowledgements, and the completions that they let go ---
  logic pending_valid, pending_burst, pending_last, pending_pop, info_push;
  logic [PENDING_LOG2:0] pending_count;
  esp_fifo #(.WIDTH(2), .DEPTH_LOG2(PENDING_LOG2)) u_pending (
    .clk_i, .rst_ni, .push_i(issue), .data_i({k_data_q && !k_discard_q, k_done}),
    .pop_i(pending_pop), .valid_o(pending_valid), .data_o({pending_burst, pending_last}),
    .count_o(pending_count)
  );
  assign pending_room = !pending_count[PENDING_LOG2];
  logic b_valid, b_error, failed_q, info_valid;
  /* verilator lint_off UNUSEDSIGNAL */ // no more than pending ones
  logic [PENDING_LOG2:0] b_count, info_count;
  /* verilator lint_on UNUSEDSIGNAL */
  esp_fifo #(.WIDTH(1), .DEPTH_LOG2(PENDING_LOG2)) u_responses (
    .clk_i, .rst_ni, .push_i(b_valid_i), .data_i(b_response_i != 2'b00),
    .pop_i(pending_pop && pending_burst), .valid_o(b_valid), .data_o(b_error), .count_o(b_count)
  );
  result_t info;
  assign info_push = issue && k_first_q;
  esp_fifo #(.WIDTH($bits(info)), .DEPTH_LOG2(PENDING_LOG2)) u_info (
    .clk_i, .rst_ni, .push_i(info_push), .data_i(k_q),
    .pop_i(pending_pop && pending_last), .valid_o(info_valid), .data_o(info),
    .count_o(info_count)
  );
  logic acknowledged, write_error;
  assign acknowledged = pending_valid && (!pending_burst || b_valid);
  assign write_error = failed_q || (pending_burst && b_error);
  assign valid_o = acknowledged && pending_last;
  assign pending_pop = acknowledged && (!pending_last || ready_i);
  always_ff @(posedge clk_i) begin
    if (!rst_ni) failed_q <= 1'b0;
    else if (pending_pop) failed_q <= !pending_last && write_error;
  end
  always_comb begin
    completion_o = '0;
    completion_o.cookie = info.cookie;
    completion_o.verdict = info.verdict;
    completion_o.error = write_error ? esp_lookaside_regs_pkg::ERROR_WRITE : info.error;
    completion_o.sa = {4'd0, info.sa};
    completion_o.length = info.length;
    completion_o.next_hop = info.next_hop;
  end

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) begin
    if (rst_ni) begin
      assert (!(tvalid_i && tready_o) || tlast_i == (token_end && token_last))
        else $error("the packet is not as long as the core said");
      assert (!valid_o || info_valid) else $error("a completion without its record");
      assert (!b_valid_i || pending_valid) else $error("an acknowledgement of nothing");
    end
  end
`endif
endmodule
`default_nettype wire
