// esp_packet_fifo: the words that come out are exactly those that were committed, in order; a rewind
// forgets exactly what was written since the last commit, the word of the same cycle included, and
// a commit publishes it; nothing that was not committed is ever offered; what was committed is
// offered within three cycles; valid_o and data_o hold until the word is taken.
`default_nettype none
module packet_fifo_proof #(
  parameter int unsigned WIDTH = 1,
  parameter int unsigned DEPTH_LOG2 = 2
) (
  input wire logic             clk_i,
  input wire logic             rst_ni,
  input wire logic             write_i,
  input wire logic [WIDTH-1:0] data_i,
  input wire logic             commit_i,
  input wire logic             rewind_i,
  input wire logic             ready_i,
  output logic                 valid_o
);
  localparam int unsigned ROWS = 1 << DEPTH_LOG2;
  localparam int unsigned AHEAD = 4;
  localparam int unsigned ORDINAL = DEPTH_LOG2 + 3;  // counts words; twice what fits

  logic [WIDTH-1:0] data;
  logic [DEPTH_LOG2:0] used;
  esp_packet_fifo #(.WIDTH(WIDTH), .DEPTH_LOG2(DEPTH_LOG2)) u_fifo (
    .clk_i, .rst_ni, .write_i, .data_i, .commit_i, .rewind_i, .used_o(used), .valid_o, .ready_i,
    .data_o(data)
  );

  logic started_q = 1'b0;
  always_ff @(posedge clk_i) started_q <= 1'b1;
  // What the user promises (credit_proof shows that it keeps the first).
  always_comb begin
    if (!started_q) assume (!rst_ni);
    assume (!(write_i && used[DEPTH_LOG2]));
    assume (!(commit_i && rewind_i));
  end

  // --- specification: words are numbered; the word of one number, whichever, is remembered ---
  logic [ORDINAL-1:0] written_q, committed_q, out_q, written_d;
  (* anyconst *) logic [ORDINAL-1:0] watched;
  logic [WIDTH-1:0] word_q;
  logic [2:0] late_q;
  assign written_d = written_q + ORDINAL'(write_i);
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      written_q <= '0;
      committed_q <= '0;
      out_q <= '0;
      late_q <= '0;
    end else begin
      written_q <= rewind_i ? committed_q : written_d;
      if (commit_i) committed_q <= written_d;
      if (valid_o && ready_i) out_q <= out_q + 1'b1;
      if (write_i && written_q == watched) word_q <= data_i;
      late_q <= (committed_q != out_q && !valid_o) ? late_q + 1'b1 : '0;
    end
  end
  logic [ORDINAL-1:0] published, ahead;
  assign published = committed_q - out_q;
  assign ahead = watched - out_q;
  always_comb begin
    if (started_q) begin
      if (valid_o) assert (published != '0);
      if (valid_o && ahead == '0) assert (data == word_q);
      assert (late_q < 3'd3);
    end
  end
  logic waiting_q;
  logic [WIDTH-1:0] offered_q;
  always_ff @(posedge clk_i) begin
    waiting_q <= rst_ni && valid_o && !ready_i;
    offered_q <= data;
  end
  always_comb begin
    if (started_q && waiting_q) assert (valid_o && data == offered_q);
  end

  always_comb begin
    cover (started_q && rst_ni && rewind_i && write_i && written_q != committed_q);
    cover (started_q && rst_ni && commit_i && write_i && used == ROWS - 1);
    cover (started_q && rst_ni && used[DEPTH_LOG2] && published == ROWS + AHEAD);
  end

`ifndef CLAIMS_ONLY
  // --- what makes it inductive ---
  (* hierconn *) wire [DEPTH_LOG2:0] \u_fifo.write_q ;
  (* hierconn *) wire [DEPTH_LOG2:0] \u_fifo.commit_q ;
  (* hierconn *) wire [DEPTH_LOG2:0] \u_fifo.read_q ;
  (* hierconn *) wire [2:0] \u_fifo.reserved_q ;
  (* hierconn *) wire \u_fifo.fetched_q ;
  (* hierconn *) wire [WIDTH-1:0] \u_fifo.fetched_data ;
  (* hierconn *) wire [2:0] \u_fifo.ahead_count ;
  (* hierconn *) wire [1:0] \u_fifo.u_ahead.head_q ;
  (* hierconn *) wire [1:0] \u_fifo.u_ahead.tail_q ;
  (* hierconn *) wire [WIDTH-1:0] \u_fifo.u_ahead.row_q[0] ;
  (* hierconn *) wire [WIDTH-1:0] \u_fifo.u_ahead.row_q[1] ;
  (* hierconn *) wire [WIDTH-1:0] \u_fifo.u_ahead.row_q[2] ;
  (* hierconn *) wire [WIDTH-1:0] \u_fifo.u_ahead.row_q[3] ;
  (* hierconn *) wire [WIDTH-1:0] \u_fifo.u_ram.g_ram.row_q[0] ;
  (* hierconn *) wire [WIDTH-1:0] \u_fifo.u_ram.g_ram.row_q[1] ;
  (* hierconn *) wire [WIDTH-1:0] \u_fifo.u_ram.g_ram.row_q[2] ;
  (* hierconn *) wire [WIDTH-1:0] \u_fifo.u_ram.g_ram.row_q[3] ;
  wire [AHEAD*WIDTH-1:0] ahead_rows = {
    \u_fifo.u_ahead.row_q[3] , \u_fifo.u_ahead.row_q[2] , \u_fifo.u_ahead.row_q[1] ,
    \u_fifo.u_ahead.row_q[0] };
  wire [ROWS*WIDTH-1:0] ram_rows = {
    \u_fifo.u_ram.g_ram.row_q[3] , \u_fifo.u_ram.g_ram.row_q[2] , \u_fifo.u_ram.g_ram.row_q[1] ,
    \u_fifo.u_ram.g_ram.row_q[0] };
  logic [ORDINAL-1:0] fetched, count, unread;  // words that left the RAM; read ahead; in the RAM
  logic [1:0] ahead_row;
  assign count = ORDINAL'(\u_fifo.ahead_count );
  assign fetched = out_q + count + ORDINAL'(\u_fifo.fetched_q );
  assign unread = written_q - fetched;
  assign ahead_row = \u_fifo.u_ahead.head_q + ahead[1:0];
  always_comb begin
    if (started_q) begin
      assert (\u_fifo.write_q == written_q[DEPTH_LOG2:0]);
      assert (\u_fifo.commit_q == committed_q[DEPTH_LOG2:0]);
      assert (\u_fifo.read_q == fetched[DEPTH_LOG2:0]);
      assert (\u_fifo.reserved_q == \u_fifo.ahead_count + 3'(\u_fifo.fetched_q ));
      assert (\u_fifo.reserved_q <= AHEAD && \u_fifo.ahead_count <= AHEAD);
      assert (\u_fifo.u_ahead.tail_q == \u_fifo.u_ahead.head_q + \u_fifo.ahead_count [1:0]);
      assert (valid_o == (\u_fifo.ahead_count != '0));
      assert (unread <= ROWS);
      assert (committed_q - fetched <= unread);
      if (watched - fetched < unread) begin
        assert (ram_rows[WIDTH*watched[DEPTH_LOG2-1:0]+:WIDTH] == word_q);
      end
      if (\u_fifo.fetched_q && ahead == count) assert (\u_fifo.fetched_data == word_q);
      if (ahead < count) assert (ahead_rows[WIDTH*ahead_row+:WIDTH] == word_q);
      if (waiting_q) begin
        assert (valid_o && offered_q == ahead_rows[WIDTH*\u_fifo.u_ahead.head_q +:WIDTH]);
      end
      // An empty read-ahead with something to read: the cycle after is a fetch, then a word.
      if (late_q == 3'd1) assert (valid_o || \u_fifo.fetched_q || published == '0 || !rst_ni);
      if (late_q == 3'd2) assert (valid_o || published == '0 || !rst_ni);
    end
  end
`endif
endmodule
`default_nettype wire
