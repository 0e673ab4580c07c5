// Descriptor prefetch of one ring: keeps the indices, reads descriptors in bursts of up to 512
// bytes that never cross such a boundary (so neither 4 KiB nor the ring's end), and hands them out
// one a cycle, in order. Everything requested has a place in the buffer, so read data is never
// stalled. stop_i ends the fetching; what was requested is still handed out. A descriptor that
// cannot be read ends it too (failed_o): what follows it is not known, so nothing behind it is
// handed out.
//
// Doorbells: an index behind the last one, or more than the ring's entries ahead of the
// completions, changes nothing and is answered with doorbell_refused_o.
`default_nettype none
module esp_ring_fetch (
  input  wire logic         clk_i,
  input  wire logic         rst_ni,
  // control
  input  wire logic         start_i,
  input  wire logic         stop_i,
  input  wire logic [63:12] base_i,            // in pages of 4 KiB
  input  wire logic [4:0]   log2_i,            // entries, 4..16
  input  wire logic         doorbell_i,
  input  wire logic [31:0]  doorbell_index_i,
  output logic              doorbell_refused_o,
  input  wire logic [31:0]  completed_i,       // completions made since start
  output logic              running_o,
  output logic              failed_o,
  output logic              idle_o,            // nothing requested or buffered
  output logic [31:0]       producer_o,
  output logic [31:0]       fetched_o,
  // reads
  output logic              ar_valid_o,
  input  wire logic         ar_ready_i,
  output logic [63:0]       ar_address_o,
  output logic [7:0]        ar_length_o,       // beats - 1
  input  wire logic         r_valid_i,
  input  wire logic [511:0] r_data_i,
  input  wire logic         r_error_i,
  input  wire logic         r_last_i,
  // descriptors
  output logic              valid_o,
  input  wire logic         ready_i,
  output esp_lookaside_regs_pkg::descriptor_t descriptor_o
);
  localparam int unsigned BUFFER_LOG2 = 7;     // beats of two descriptors
  localparam int unsigned BURST_BEATS = 8;

  logic running_q, failed_q;
  logic [31:0] producer_q, fetched_q;
  logic [BUFFER_LOG2:0] reserved_q;            // beats requested or buffered

  // --- doorbell ---
  logic [31:0] ahead, ahead_of_completed, entries;
  logic doorbell_good;
  assign entries = 32'd1 << log2_i;
  assign ahead = doorbell_index_i - producer_q;
  assign ahead_of_completed = doorbell_index_i - completed_i;
  assign doorbell_good = running_q && ahead <= entries && ahead_of_completed <= entries;
  assign doorbell_refused_o = doorbell_i && !doorbell_good;

  // --- requests: one is worked out in a cycle and offered from the next on ---
  logic ask, ar_valid_q, first_odd, last_even;
  logic [31:0] available, next;
  logic [4:0] room, count;
  logic [14:0] line;                           // of two descriptors
  logic [3:0] beats;
  assign available = producer_q - fetched_q;
  assign room = 5'd16 - {1'b0, fetched_q[3:0]};
  assign count = available < {27'd0, room} ? available[4:0] : room;
  assign next = fetched_q + {27'd0, count};
  assign first_odd = fetched_q[0];
  assign last_even = next[0];
  assign line = fetched_q[15:1] & 15'((entries >> 1) - 32'd1);
  assign beats = 4'((count + {4'd0, first_odd} + 5'd1) >> 1);
  assign ask = running_q && !failed_q && !stop_i && available != '0 && !ar_valid_q
               && reserved_q <= (BUFFER_LOG2 + 1)'((1 << BUFFER_LOG2) - BURST_BEATS);
  assign ar_valid_o = ar_valid_q;

  // --- answers ---
  logic meta_valid, meta_first_odd, meta_last_even, begin_q;
  /* verilator lint_off UNUSEDSIGNAL */ // the reservation admits
  logic [BUFFER_LOG2:0] meta_count, buffer_count;
  /* verilator lint_on UNUSEDSIGNAL */
  logic [1:0] mask;
  esp_fifo #(.WIDTH(2), .DEPTH_LOG2(BUFFER_LOG2)) u_meta (
    .clk_i, .rst_ni, .push_i(ask), .data_i({last_even, first_odd}),
    .pop_i(r_valid_i && r_last_i), .valid_o(meta_valid), .data_o({meta_last_even, meta_first_odd}),
    .count_o(meta_count)
  );
  assign mask = {!(r_last_i && meta_last_even), !(begin_q && meta_first_odd)}
                & {2{!failed_q && !r_error_i}};

  logic buffer_valid, buffer_pop, second_q, select;
  logic [1:0] buffer_mask;
  logic [511:0] buffer_data;
  esp_fifo #(.WIDTH(514), .DEPTH_LOG2(BUFFER_LOG2)) u_buffer (
    .clk_i, .rst_ni, .push_i(r_valid_i), .data_i({mask, r_data_i}),
    .pop_i(buffer_pop), .valid_o(buffer_valid), .data_o({buffer_mask, buffer_data}),
    .count_o(buffer_count)
  );
  assign select = second_q || !buffer_mask[0];
  assign valid_o = buffer_valid && buffer_mask[select];
  assign descriptor_o = select ? buffer_data[511:256] : buffer_data[255:0];
  assign buffer_pop = buffer_valid
                      && (buffer_mask == 2'b00 || (ready_i && (select || !buffer_mask[1])));

  always_ff @(posedge clk_i) begin
    if (ask) begin
      ar_address_o <= {base_i, 12'd0} + {43'd0, line, 6'd0};
      ar_length_o <= {4'd0, beats - 4'd1};
    end
    if (!rst_ni) begin
      running_q <= 1'b0;
      failed_q <= 1'b0;
      producer_q <= '0;
      fetched_q <= '0;
      reserved_q <= '0;
      ar_valid_q <= 1'b0;
      begin_q <= 1'b1;
      second_q <= 1'b0;
    end else begin
      if (start_i) begin
        running_q <= 1'b1;
        failed_q <= 1'b0;
        producer_q <= '0;
        fetched_q <= '0;
      end else begin
        if (stop_i) running_q <= 1'b0;
        if (r_valid_i && r_error_i) failed_q <= 1'b1;
        if (doorbell_i && doorbell_good) producer_q <= doorbell_index_i;
        if (ask) fetched_q <= next;
      end
      ar_valid_q <= ask || (ar_valid_q && !ar_ready_i);
      reserved_q <= reserved_q + (ask ? (BUFFER_LOG2 + 1)'(beats) : '0)
                    - (BUFFER_LOG2 + 1)'(buffer_pop);
      if (r_valid_i) begin_q <= r_last_i;
      if (buffer_pop) second_q <= 1'b0;
      else if (valid_o && ready_i) second_q <= 1'b1;
    end
  end
  assign running_o = running_q;
  assign failed_o = failed_q;
  assign idle_o = reserved_q == '0 && !ar_valid_q;
  assign producer_o = producer_q;
  assign fetched_o = fetched_q;

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) begin
    if (rst_ni) begin
      assert (!r_valid_i || meta_valid) else $error("descriptors that were not asked for");
      assert (!start_i || idle_o) else $error("started while descriptors are under way");
    end
  end
`endif
endmodule
`default_nettype wire
