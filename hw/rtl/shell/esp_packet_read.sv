// Reads the packets of one direction: descriptors in, packets out to the core, a job for the writer
// of each descriptor. Bursts of up to 4 KiB that never cross a 4 KiB boundary, one request a cycle,
// many under way; data comes back in order (one ID). A packet is handed to the core only when all
// of it has been read without an error: an error rewinds it, and its fate says so.
//
// Every descriptor makes one job, in order; a job without an error of its own gets one fate, in
// order. Read data is never stalled: what is requested has a place in the FIFO.
`default_nettype none
module esp_packet_read (
  input  wire logic         clk_i,
  input  wire logic         rst_ni,
  // descriptors
  input  wire logic         valid_i,
  output logic              ready_o,
  input  wire esp_lookaside_regs_pkg::descriptor_t descriptor_i,
  // jobs and fates, to the writer
  output logic              job_o,
  input  wire logic         job_ready_i,
  output logic [63:0]       job_cookie_o,
  output logic [63:0]       job_address_o,
  output logic [15:0]       job_capacity_o,
  output logic [15:0]       job_sa_o,
  output logic [7:0]        job_error_o,
  output logic              fate_o,
  output logic              fate_error_o,
  // memory
  output logic              ar_valid_o,
  input  wire logic         ar_ready_i,
  output logic [63:0]       ar_address_o,
  output logic [7:0]        ar_length_o,       // beats - 1
  input  wire logic         r_valid_i,
  input  wire logic [511:0] r_data_i,
  input  wire logic [1:0]   r_response_i,
  // packets to the core
  output logic              tvalid_o,
  input  wire logic         tready_i,
  output logic [511:0]      tdata_o,
  output logic              tlast_o,
  output logic [15:0]       length_o,
  output logic [15:0]       sa_o,
  output logic              lookup_o,
  output logic              dummy_o,
  output logic [7:0]        spd_o
);
  localparam int unsigned FIFO_LOG2 = 10;      // beats: 300 cycles of latency and two large packets
  localparam int unsigned PACKETS_LOG2 = 8;    // packets under way in the memory
  localparam int unsigned BURST_BEATS = 64;

  typedef struct packed {
    logic [15:0] length;
    logic [15:0] sa;
    logic        lookup;
    logic        dummy;
    logic [7:0]  spd;
  } head_t;

  // --- stage a: the descriptor is checked ---
  logic a_valid_q, a_take;
  /* verilator lint_off UNUSEDSIGNAL */ // the checks are made before the register
  esp_lookaside_regs_pkg::descriptor_t a_q;
  /* verilator lint_on UNUSEDSIGNAL */
  logic [7:0] a_error_q, error;
  always_comb begin
    error = esp_lookaside_regs_pkg::ERROR_NONE;
    if (descriptor_i.length == '0 || descriptor_i.length > 20'(esp_core_pkg::MAX_PACKET_BYTES))
      error = esp_lookaside_regs_pkg::ERROR_LENGTH;
    else if (descriptor_i.input_address[5:0] != '0 || descriptor_i.output_address[5:0] != '0)
      error = esp_lookaside_regs_pkg::ERROR_ALIGNMENT;
  end
  assign ready_o = !a_valid_q || a_take;
  always_ff @(posedge clk_i) begin
    if (valid_i && ready_o) {a_error_q, a_q} <= {error, descriptor_i};
    if (!rst_ni) a_valid_q <= 1'b0;
    else if (valid_i) a_valid_q <= 1'b1;
    else if (a_take) a_valid_q <= 1'b0;
  end

  // --- stage b: bursts ---
  logic b_valid_q, b_first_q, b_done, issue, job_only, expect_room, data_room, ar_valid_q;
  head_t head;
  logic [57:0] b_line_q;                       // address in lines of 64 bytes
  logic [8:0] b_beats_q, burst, to_boundary;   // beats; at most 256 in a packet
  assign to_boundary = 9'd64 - {3'd0, b_line_q[5:0]};
  assign burst = b_beats_q < to_boundary ? b_beats_q : to_boundary;
  assign issue = b_valid_q && data_room && (!ar_valid_q || ar_ready_i)
                 && (!b_first_q || (expect_room && job_ready_i));
  assign b_done = issue && burst == b_beats_q;
  // A descriptor with an error makes its job in stage a, when all before it have theirs.
  assign job_only = a_valid_q && a_error_q != esp_lookaside_regs_pkg::ERROR_NONE && !b_valid_q
                    && job_ready_i;
  assign a_take = job_only || (a_valid_q && a_error_q == esp_lookaside_regs_pkg::ERROR_NONE
                               && (!b_valid_q || b_done));

  /* verilator lint_off UNUSEDSIGNAL */ // the address is the burst's
  esp_lookaside_regs_pkg::descriptor_t b_q;
  /* verilator lint_on UNUSEDSIGNAL */
  always_ff @(posedge clk_i) begin
    if (a_take) b_q <= a_q;
    if (a_take) begin
      b_line_q <= a_q.input_address[63:6];
      b_beats_q <= 9'(a_q.length[14:6]) + 9'(|a_q.length[5:0]);
    end else if (issue) begin
      b_line_q <= b_line_q + {49'd0, burst};
      b_beats_q <= b_beats_q - burst;
    end
    if (issue) begin
      ar_address_o <= {b_line_q, 6'd0};
      ar_length_o <= 8'(burst - 9'd1);
    end
    if (!rst_ni) begin
      b_valid_q <= 1'b0;
      b_first_q <= 1'b0;
      ar_valid_q <= 1'b0;
    end else begin
      if (a_take && !job_only) {b_first_q, b_valid_q} <= 2'b11;
      else if (b_done) b_valid_q <= 1'b0;
      else if (issue) b_first_q <= 1'b0;
      if (issue) ar_valid_q <= 1'b1;
      else if (ar_ready_i) ar_valid_q <= 1'b0;
    end
  end
  assign ar_valid_o = ar_valid_q;
  assign head.length = b_q.length[15:0];
  assign head.sa = b_q.sa;
  assign head.lookup = b_q.lookup;
  assign head.dummy = b_q.dummy;
  assign head.spd = b_q.spd;

  assign job_o = job_only || (issue && b_first_q);
  assign job_cookie_o = job_only ? a_q.cookie : b_q.cookie;
  assign job_address_o = job_only ? a_q.output_address : b_q.output_address;
  assign job_capacity_o = job_only ? a_q.capacity : b_q.capacity;
  assign job_sa_o = job_only ? a_q.sa : b_q.sa;
  assign job_error_o = job_only ? a_error_q : esp_lookaside_regs_pkg::ERROR_NONE;

  // --- what comes back ---
  logic expect_valid, r_end, bad, bad_q;
  logic [PACKETS_LOG2:0] expect_count;
  logic [8:0] expect_beats, beat_q;
  head_t expect_head;
  logic [FIFO_LOG2:0] pending_q, used;
  esp_fifo #(.WIDTH(9 + $bits(head)), .DEPTH_LOG2(PACKETS_LOG2)) u_expected (
    .clk_i, .rst_ni, .push_i(issue && b_first_q), .data_i({b_beats_q, head}),
    .pop_i(r_valid_i && r_end), .valid_o(expect_valid), .data_o({expect_beats, expect_head}),
    .count_o(expect_count)
  );
  assign expect_room = !expect_count[PACKETS_LOG2];
  assign r_end = beat_q + 9'd1 == expect_beats;
  assign bad = bad_q || r_response_i != 2'b00;
  assign fate_o = r_valid_i && r_end;
  assign fate_error_o = bad;

  logic [FIFO_LOG2+1:0] taken;
  assign taken = {1'b0, pending_q} + {1'b0, used};
  always_ff @(posedge clk_i) begin
    // A cycle late, and so with room for the burst of that cycle.
    data_room <= taken <= (FIFO_LOG2 + 2)'((1 << FIFO_LOG2) - 2 * BURST_BEATS);
    if (!rst_ni) begin
      beat_q <= '0;
      bad_q <= 1'b0;
      pending_q <= '0;
      data_room <= 1'b0;
    end else begin
      if (r_valid_i) begin
        beat_q <= r_end ? '0 : beat_q + 9'd1;
        bad_q <= !r_end && bad;
      end
      pending_q <= pending_q + (issue ? (FIFO_LOG2 + 1)'(burst) : '0) - (FIFO_LOG2 + 1)'(r_valid_i);
    end
  end

  head_t out_head;
  esp_packet_fifo #(.WIDTH(513 + $bits(head)), .DEPTH_LOG2(FIFO_LOG2)) u_packets (
    .clk_i, .rst_ni, .write_i(r_valid_i), .data_i({r_end, expect_head, r_data_i}),
    .commit_i(fate_o && !bad), .rewind_i(fate_o && bad), .used_o(used),
    .valid_o(tvalid_o), .ready_i(tready_i), .data_o({tlast_o, out_head, tdata_o})
  );
  assign length_o = out_head.length;
  assign sa_o = out_head.sa;
  assign lookup_o = out_head.lookup;
  assign dummy_o = out_head.dummy;
  assign spd_o = out_head.spd;

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) begin
    if (rst_ni) begin
      assert (!r_valid_i || expect_valid) else $error("read data that was not asked for");
    end
  end
`endif
endmodule
`default_nettype wire
