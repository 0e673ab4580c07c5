// Packet FIFO in block RAM. Words are written ahead of their verdict: commit_i publishes everything
// that was written up to and including this cycle, rewind_i forgets everything since the last
// commit (a word of the same cycle included). The reader never sees a word that was not committed.
// used_o counts the words in the RAM, published or not; the writer admits by it. The output is a
// valid/ready stream; neither ready path crosses the RAM.
`default_nettype none
module esp_packet_fifo #(
  parameter int unsigned WIDTH = 8,
  parameter int unsigned DEPTH_LOG2 = 9
) (
  input  wire logic             clk_i,
  input  wire logic             rst_ni,
  input  wire logic             write_i,
  input  wire logic [WIDTH-1:0] data_i,
  input  wire logic             commit_i,
  input  wire logic             rewind_i,
  output logic [DEPTH_LOG2:0]   used_o,
  output logic                  valid_o,
  input  wire logic             ready_i,
  output logic [WIDTH-1:0]      data_o
);
  localparam int unsigned AHEAD_LOG2 = 2;  // words read ahead, to cover the RAM's latency

  // One bit more than an address, so that full and empty differ.
  logic [DEPTH_LOG2:0] write_q, commit_q, read_q, write_d;
  logic [AHEAD_LOG2:0] reserved_q;
  logic [AHEAD_LOG2:0] ahead_count;
  logic fetch, fetched_q, pop, ahead_valid;
  logic [WIDTH-1:0] fetched_data;

  assign fetch = commit_q != read_q && !reserved_q[AHEAD_LOG2];
  assign pop = ahead_valid && ready_i;
  assign write_d = write_i ? write_q + 1'b1 : write_q;
  assign used_o = write_q - read_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      write_q <= '0;
      commit_q <= '0;
      read_q <= '0;
      reserved_q <= '0;
      fetched_q <= 1'b0;
    end else begin
      write_q <= rewind_i ? commit_q : write_d;
      if (commit_i) commit_q <= write_d;
      if (fetch) read_q <= read_q + 1'b1;
      fetched_q <= fetch;
      if (fetch && !pop) reserved_q <= reserved_q + 1'b1;
      else if (!fetch && pop) reserved_q <= reserved_q - 1'b1;
    end
  end

  esp_ram #(.WIDTH(WIDTH), .DEPTH_LOG2(DEPTH_LOG2)) u_ram (
    .clk_i,
    .write_i, .write_address_i(write_q[DEPTH_LOG2-1:0]), .write_data_i(data_i),
    .read_address_i(read_q[DEPTH_LOG2-1:0]), .read_data_o(fetched_data)
  );
  esp_fifo #(.WIDTH(WIDTH), .DEPTH_LOG2(AHEAD_LOG2)) u_ahead (
    .clk_i, .rst_ni,
    .push_i(fetched_q), .data_i(fetched_data),
    .pop_i(pop), .valid_o(ahead_valid), .data_o(data_o), .count_o(ahead_count)
  );
  assign valid_o = ahead_valid;

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) begin
    if (rst_ni) begin
      assert (!(write_i && used_o[DEPTH_LOG2])) else $error("overflow");
      assert (!(commit_i && rewind_i)) else $error("commit and rewind at once");
      // Published words lie between read and commit, unpublished ones between commit and write.
      assert (commit_q - read_q <= used_o) else $error("read past the commit pointer");
      assert (ahead_count <= reserved_q) else $error("read-ahead without a reservation");
    end
  end
`endif
endmodule
`default_nettype wire
