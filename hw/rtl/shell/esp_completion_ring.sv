// The completion ring of one direction: completions go to memory in 64-byte lines of two. A
// completion whose partner does not come within wait_i cycles goes alone, half a line. Completion n
// stands in entry n modulo the ring's size; its phase bit is 1 in the first round after start_i and
// changes with every round. There is always a place for it: the doorbell lets no descriptor in for
// which there is none.
`default_nettype none
module esp_completion_ring (
  input  wire logic         clk_i,
  input  wire logic         rst_ni,
  input  wire logic         start_i,
  input  wire logic [63:12] base_i,            // in pages of 4 KiB
  input  wire logic [4:0]   log2_i,
  input  wire logic [15:0]  wait_i,            // cycles
  output logic [31:0]       completed_o,       // since start_i
  // completions
  input  wire logic         valid_i,
  output logic              ready_o,
  /* verilator lint_off UNUSEDSIGNAL */ // the phase bit is put in here
  input  wire esp_lookaside_regs_pkg::completion_t completion_i,
  /* verilator lint_on UNUSEDSIGNAL */
  // lines, to memory
  output logic              write_valid_o,
  input  wire logic         write_ready_i,
  output logic [63:0]       write_address_o,
  output logic [511:0]      write_data_o,
  output logic [63:0]       write_strobe_o,
  output logic              idle_o             // nothing waits here
);
  logic [31:0] completed_q;
  logic low_valid_q, room, take, take_odd, alone;
  logic [255:0] low_q;
  logic [15:0] waited_q;
  logic [57:0] line;
  esp_lookaside_regs_pkg::completion_t stamped;

  always_comb begin
    stamped = completion_i;
    stamped.phase = !completed_q[log2_i];
  end
  assign room = !write_valid_o || write_ready_i;
  assign ready_o = !completed_q[0] || room;
  assign take = valid_i && ready_o;
  assign take_odd = take && completed_q[0];
  assign alone = low_valid_q && room && !take && waited_q >= wait_i;
  // The line of the entry before the next one: that of the low half, or of an odd entry itself.
  assign line = {base_i, 6'd0}
                + {43'd0, completed_q[15:1] & 15'((32'd1 << (log2_i - 5'd1)) - 32'd1)};
  logic [57:0] low_line_q;

  always_ff @(posedge clk_i) begin
    if (take && !completed_q[0]) begin
      low_q <= stamped;
      low_line_q <= line;
    end
    if (take_odd || alone) begin
      write_address_o <= {take_odd ? line : low_line_q, 6'd0};
      write_data_o <= {stamped, low_q};
      write_strobe_o <= {{32{take_odd}}, {32{low_valid_q}}};
    end
    if (!rst_ni) begin
      completed_q <= '0;
      low_valid_q <= 1'b0;
      waited_q <= '0;
      write_valid_o <= 1'b0;
    end else begin
      if (start_i) completed_q <= '0;
      else if (take) completed_q <= completed_q + 32'd1;
      if (take) low_valid_q <= !completed_q[0];
      else if (alone) low_valid_q <= 1'b0;
      waited_q <= take ? '0 : waited_q + 16'(low_valid_q && waited_q != '1);
      if (take_odd || alone) write_valid_o <= 1'b1;
      else if (write_ready_i) write_valid_o <= 1'b0;
    end
  end
  assign completed_o = completed_q;
  assign idle_o = !low_valid_q && !write_valid_o;
endmodule
`default_nettype wire
