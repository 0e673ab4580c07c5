// One direction of the look-aside shell: its registers, descriptor prefetch, packet reader, packet
// writer and completion ring, around one half of the core.
`default_nettype none
module esp_lookaside_ring #(
  parameter int unsigned BASE = 'h1040           // of the ring's registers
) (
  input  wire logic         clk_i,
  input  wire logic         rst_ni,
  // registers
  input  wire logic         write_i,
  input  wire logic [15:0]  write_address_i,
  input  wire logic [31:0]  write_data_i,
  input  wire logic [15:0]  read_address_i,
  output logic [31:0]       read_data_o,         // zero when the address is not this ring's
  input  wire logic         start_i,
  input  wire logic         stop_i,
  input  wire logic [15:0]  wait_i,
  output logic              start_refused_o,     // with start_i
  output logic              running_o,
  output logic              idle_o,
  output logic              failed_o,
  // ring port
  output logic              ring_read_valid_o,
  input  wire logic         ring_read_ready_i,
  output logic [63:0]       ring_read_address_o,
  output logic [7:0]        ring_read_length_o,
  input  wire logic         ring_data_valid_i,
  input  wire logic [511:0] ring_data_i,
  input  wire logic         ring_data_error_i,
  input  wire logic         ring_data_last_i,
  output logic              ring_write_valid_o,
  input  wire logic         ring_write_ready_i,
  output logic [63:0]       ring_write_address_o,
  output logic [511:0]      ring_write_data_o,
  output logic [63:0]       ring_write_strobe_o,
  input  wire logic         ring_write_outstanding_i,
  // packet port
  output logic              ar_valid_o,
  input  wire logic         ar_ready_i,
  output logic [63:0]       ar_address_o,
  output logic [7:0]        ar_length_o,
  input  wire logic         r_valid_i,
  input  wire logic [511:0] r_data_i,
  input  wire logic [1:0]   r_response_i,
  output logic              aw_valid_o,
  input  wire logic         aw_ready_i,
  output logic [63:0]       aw_address_o,
  output logic [7:0]        aw_length_o,
  output logic              w_valid_o,
  input  wire logic         w_ready_i,
  output logic [511:0]      w_data_o,
  output logic [63:0]       w_strobe_o,
  output logic              w_last_o,
  input  wire logic         b_valid_i,
  input  wire logic [1:0]   b_response_i,
  // core
  output logic              core_in_valid_o,
  input  wire logic         core_in_ready_i,
  output logic [511:0]      core_in_data_o,
  output logic              core_in_last_o,
  output logic [15:0]       core_in_length_o,
  output logic [15:0]       core_in_sa_o,
  output logic              core_in_lookup_o,
  output logic              core_in_dummy_o,
  output logic [7:0]        core_in_spd_o,
  input  wire logic         core_out_valid_i,
  output logic              core_out_ready_o,
  input  wire logic [511:0] core_out_data_i,
  input  wire logic [63:0]  core_out_keep_i,
  input  wire logic         core_out_last_i,
  input  wire logic         core_done_valid_i,
  output logic              core_done_ready_o,
  input  wire logic [7:0]   core_done_verdict_i,
  input  wire logic [15:0]  core_done_sa_i,
  input  wire logic [15:0]  core_done_length_i,
  input  wire logic [47:0]  core_done_next_hop_i
);
  // --- registers ---
  logic [63:0] descriptor_base_q, completion_base_q;
  logic [4:0] size_log2_q;
  logic size_ok_q;
  logic start, doorbell, doorbell_refused, mine, quiet;
  logic [31:0] producer, fetched, completed;
  logic [31:0] doorbells_refused_q;
  logic [159:0] errors_q;                      // counters by error code - 1
  logic [15:0] write_offset, read_offset;
  assign write_offset = write_address_i - 16'(BASE);
  assign read_offset = read_address_i - 16'(BASE);
  assign mine = write_i && write_offset < 16'h0040;
  assign start_refused_o = start_i && (running_o || !idle_o || !size_ok_q
                           || descriptor_base_q[11:0] != '0 || completion_base_q[11:0] != '0);
  assign start = start_i && !start_refused_o;
  assign doorbell = mine && write_offset == 16'(esp_lookaside_regs_pkg::REG_DOORBELL);

  logic completion_valid, completion_ready;
  esp_lookaside_regs_pkg::completion_t completion;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      descriptor_base_q <= '0;
      completion_base_q <= '0;
      size_log2_q <= '0;
      size_ok_q <= 1'b0;
      doorbells_refused_q <= '0;
      errors_q <= '0;
    end else begin
      if (mine && !running_o && idle_o) begin
        case (write_offset)
          16'(esp_lookaside_regs_pkg::REG_DESCRIPTOR_BASE_LOW):
            descriptor_base_q[31:0] <= write_data_i;
          16'(esp_lookaside_regs_pkg::REG_DESCRIPTOR_BASE_HIGH):
            descriptor_base_q[63:32] <= write_data_i;
          16'(esp_lookaside_regs_pkg::REG_COMPLETION_BASE_LOW):
            completion_base_q[31:0] <= write_data_i;
          16'(esp_lookaside_regs_pkg::REG_COMPLETION_BASE_HIGH):
            completion_base_q[63:32] <= write_data_i;
          16'(esp_lookaside_regs_pkg::REG_SIZE_LOG2): begin
            size_log2_q <= write_data_i[4:0];
            size_ok_q <= write_data_i >= esp_lookaside_regs_pkg::ENTRIES_LOG2_MIN
                         && write_data_i <= esp_lookaside_regs_pkg::ENTRIES_LOG2_MAX;
          end
          default: ;
        endcase
      end
      if (start) begin
        doorbells_refused_q <= '0;
        errors_q <= '0;
      end else begin
        if (doorbell_refused) doorbells_refused_q <= doorbells_refused_q + 32'd1;
        if (completion_valid && completion_ready) begin
          for (int unsigned code = 1; code <= 5; code = code + 1) begin
            if (completion.error == 8'(code)) begin
              errors_q[32*(code-1)+:32] <= errors_q[32*(code-1)+:32] + 32'd1;
            end
          end
        end
      end
    end
  end
  always_comb begin
    case (read_offset)
      16'(esp_lookaside_regs_pkg::REG_DESCRIPTOR_BASE_LOW): read_data_o = descriptor_base_q[31:0];
      16'(esp_lookaside_regs_pkg::REG_DESCRIPTOR_BASE_HIGH): read_data_o = descriptor_base_q[63:32];
      16'(esp_lookaside_regs_pkg::REG_COMPLETION_BASE_LOW): read_data_o = completion_base_q[31:0];
      16'(esp_lookaside_regs_pkg::REG_COMPLETION_BASE_HIGH): read_data_o = completion_base_q[63:32];
      16'(esp_lookaside_regs_pkg::REG_SIZE_LOG2): read_data_o = {27'd0, size_log2_q};
      16'(esp_lookaside_regs_pkg::REG_DOORBELL): read_data_o = producer;
      16'(esp_lookaside_regs_pkg::REG_FETCHED): read_data_o = fetched;
      16'(esp_lookaside_regs_pkg::REG_COMPLETED): read_data_o = completed;
      16'(esp_lookaside_regs_pkg::REG_DOORBELLS_REFUSED): read_data_o = doorbells_refused_q;
      16'(esp_lookaside_regs_pkg::REG_LENGTH_ERRORS): read_data_o = errors_q[31:0];
      16'(esp_lookaside_regs_pkg::REG_ALIGNMENT_ERRORS): read_data_o = errors_q[63:32];
      16'(esp_lookaside_regs_pkg::REG_CAPACITY_ERRORS): read_data_o = errors_q[95:64];
      16'(esp_lookaside_regs_pkg::REG_READ_ERRORS): read_data_o = errors_q[127:96];
      16'(esp_lookaside_regs_pkg::REG_WRITE_ERRORS): read_data_o = errors_q[159:128];
      default: read_data_o = '0;
    endcase
  end

  // --- descriptors ---
  logic fetch_idle, descriptor_valid, descriptor_ready;
  esp_lookaside_regs_pkg::descriptor_t descriptor;
  esp_ring_fetch u_fetch (
    .clk_i, .rst_ni, .start_i(start), .stop_i,
    .base_i(descriptor_base_q[63:12]), .log2_i(size_log2_q),
    .doorbell_i(doorbell), .doorbell_index_i(write_data_i), .doorbell_refused_o(doorbell_refused),
    .completed_i(completed), .running_o, .failed_o, .idle_o(fetch_idle),
    .producer_o(producer), .fetched_o(fetched),
    .ar_valid_o(ring_read_valid_o), .ar_ready_i(ring_read_ready_i),
    .ar_address_o(ring_read_address_o), .ar_length_o(ring_read_length_o),
    .r_valid_i(ring_data_valid_i), .r_data_i(ring_data_i), .r_error_i(ring_data_error_i),
    .r_last_i(ring_data_last_i),
    .valid_o(descriptor_valid), .ready_i(descriptor_ready), .descriptor_o(descriptor)
  );

  // --- packets ---
  logic job, job_ready, fate, fate_error;
  logic [63:0] job_cookie, job_address;
  logic [15:0] job_capacity, job_sa;
  logic [7:0] job_error;
  esp_packet_read u_read (
    .clk_i, .rst_ni,
    .valid_i(descriptor_valid), .ready_o(descriptor_ready), .descriptor_i(descriptor),
    .job_o(job), .job_ready_i(job_ready), .job_cookie_o(job_cookie), .job_address_o(job_address),
    .job_capacity_o(job_capacity), .job_sa_o(job_sa), .job_error_o(job_error),
    .fate_o(fate), .fate_error_o(fate_error),
    .ar_valid_o, .ar_ready_i, .ar_address_o, .ar_length_o,
    .r_valid_i, .r_data_i, .r_response_i,
    .tvalid_o(core_in_valid_o), .tready_i(core_in_ready_i), .tdata_o(core_in_data_o),
    .tlast_o(core_in_last_o), .length_o(core_in_length_o), .sa_o(core_in_sa_o),
    .lookup_o(core_in_lookup_o), .dummy_o(core_in_dummy_o), .spd_o(core_in_spd_o)
  );
  esp_packet_write u_write (
    .clk_i, .rst_ni,
    .job_i(job), .job_ready_o(job_ready), .job_cookie_i(job_cookie), .job_address_i(job_address),
    .job_capacity_i(job_capacity), .job_sa_i(job_sa), .job_error_i(job_error),
    .fate_i(fate), .fate_error_i(fate_error),
    .done_valid_i(core_done_valid_i), .done_ready_o(core_done_ready_o),
    .done_verdict_i(core_done_verdict_i), .done_sa_i(core_done_sa_i),
    .done_length_i(core_done_length_i), .done_next_hop_i(core_done_next_hop_i),
    .tvalid_i(core_out_valid_i), .tready_o(core_out_ready_o), .tdata_i(core_out_data_i),
    .tkeep_i(core_out_keep_i), .tlast_i(core_out_last_i),
    .aw_valid_o, .aw_ready_i, .aw_address_o, .aw_length_o,
    .w_valid_o, .w_ready_i, .w_data_o, .w_strobe_o, .w_last_o,
    .b_valid_i, .b_response_i,
    .valid_o(completion_valid), .ready_i(completion_ready), .completion_o(completion)
  );
  logic completions_idle;
  esp_completion_ring u_completions (
    .clk_i, .rst_ni, .start_i(start), .base_i(completion_base_q[63:12]), .log2_i(size_log2_q),
    .wait_i, .completed_o(completed),
    .valid_i(completion_valid), .ready_o(completion_ready), .completion_i(completion),
    .write_valid_o(ring_write_valid_o), .write_ready_i(ring_write_ready_i),
    .write_address_o(ring_write_address_o), .write_data_o(ring_write_data_o),
    .write_strobe_o(ring_write_strobe_o), .idle_o(completions_idle)
  );

  // Descriptors handed out and not completed; a ring has at most 2^16 of them.
  logic [16:0] in_flight_q;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) in_flight_q <= '0;
    else in_flight_q <= in_flight_q + 17'(descriptor_valid && descriptor_ready)
                        - 17'(completion_valid && completion_ready);
  end
  assign quiet = fetch_idle && in_flight_q == '0 && completions_idle;
  assign idle_o = quiet && !ring_write_outstanding_i;
endmodule
`default_nettype wire
