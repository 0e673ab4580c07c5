// Frames from a MAC that cannot be stopped: stored whole, handed on with their length. A frame that
// is damaged, too long, or for which there is no room is dropped whole and counted; the next one is
// taken if there is room again. Frames begin and end with the stream's beats; every beat but the
// last is full.
`default_nettype none
module esp_frame_ingress (
  input  wire logic         clk_i,
  input  wire logic         rst_ni,
  // from the MAC
  input  wire logic         tvalid_i,
  input  wire logic [511:0] tdata_i,
  input  wire logic [63:0]  tkeep_i,
  input  wire logic         tlast_i,
  input  wire logic         terror_i,          // with the last beat: the frame is damaged
  // pulses for the counters
  output logic              received_o,
  output logic              damaged_o,
  output logic              oversize_o,
  output logic              overflow_o,
  // frames
  output logic              valid_o,
  input  wire logic         ready_i,
  output logic [511:0]      data_o,
  output logic              last_o,
  output logic [15:0]       length_o           // bytes of the frame
);
  localparam int unsigned FIFO_LOG2 = 10;      // beats: 64 KiB
  localparam int unsigned FRAMES_LOG2 = 8;

  logic [8:0] beat_q;                          // of the frame, stops at MAX_BEATS + 1
  logic long_q, full_q, long, full, good, write;
  logic [FIFO_LOG2:0] used;
  /* verilator lint_off UNUSEDSIGNAL */ // full or not
  logic [FRAMES_LOG2:0] frames;
  /* verilator lint_on UNUSEDSIGNAL */
  logic [6:0] bytes;
  always_comb begin
    bytes = '0;
    for (int unsigned i = 0; i < 64; i = i + 1) bytes = bytes + 7'(tkeep_i[i]);
  end
  logic [15:0] length;
  assign length = {1'b0, beat_q, 6'd0} + {9'd0, bytes};
  assign long = long_q || beat_q == 9'(esp_eth_pkg::MAX_BEATS)
                || (tlast_i && length > 16'(esp_inline_regs_pkg::FRAME_BYTES));
  assign full = full_q || used[FIFO_LOG2] || frames[FRAMES_LOG2];
  assign good = !long && !full && !terror_i;
  assign write = tvalid_i && !long && !full;
  assign received_o = tvalid_i && tlast_i;
  assign damaged_o = received_o && terror_i;
  assign oversize_o = received_o && !terror_i && long;
  assign overflow_o = received_o && !terror_i && !long && full;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      beat_q <= '0;
      long_q <= 1'b0;
      full_q <= 1'b0;
    end else if (tvalid_i) begin
      beat_q <= tlast_i ? '0 : beat_q + 9'(!long);
      long_q <= long && !tlast_i;
      full_q <= full && !tlast_i;
    end
  end

  logic data_valid, length_valid;
  esp_packet_fifo #(.WIDTH(513), .DEPTH_LOG2(FIFO_LOG2)) u_frames (
    .clk_i, .rst_ni, .write_i(write), .data_i({tlast_i, tdata_i}),
    .commit_i(received_o && good), .rewind_i(received_o && !good), .used_o(used),
    .valid_o(data_valid), .ready_i(ready_i && length_valid), .data_o({last_o, data_o})
  );
  esp_fifo #(.WIDTH(16), .DEPTH_LOG2(FRAMES_LOG2)) u_lengths (
    .clk_i, .rst_ni, .push_i(received_o && good), .data_i(length),
    .pop_i(valid_o && ready_i && last_o), .valid_o(length_valid), .data_o(length_o),
    .count_o(frames)
  );
  assign valid_o = data_valid && length_valid;
endmodule
`default_nettype wire
