// esp_fifo: the n-th word out is the n-th word in, valid_o and count_o are exact, and valid_o and
// data_o hold until the word is taken.
`default_nettype none
module fifo_proof #(
  parameter int unsigned WIDTH = 2,
  parameter int unsigned DEPTH_LOG2 = 2
) (
  input wire logic             clk_i,
  input wire logic             rst_ni,
  input wire logic             push_i,
  input wire logic [WIDTH-1:0] data_i,
  input wire logic             pop_i
);
  localparam int unsigned ROWS = 1 << DEPTH_LOG2;
  localparam int unsigned ORDINAL = DEPTH_LOG2 + 2;  // counts words, modulo four times the depth

  logic valid;
  logic [WIDTH-1:0] data;
  logic [DEPTH_LOG2:0] count;
  esp_fifo #(.WIDTH(WIDTH), .DEPTH_LOG2(DEPTH_LOG2)) u_fifo (
    .clk_i, .rst_ni, .push_i, .data_i, .pop_i, .valid_o(valid), .data_o(data), .count_o(count)
  );

  logic started_q = 1'b0;
  always_ff @(posedge clk_i) started_q <= 1'b1;
  // What the users promise: nothing is pushed into a full FIFO or popped from an empty one.
  always_comb begin
    if (!started_q) assume (!rst_ni);
    assume (!(push_i && !pop_i && count[DEPTH_LOG2]));
    assume (!(pop_i && !valid));
  end

  // --- specification: words are numbered; the word of one number, whichever, is remembered ---
  logic [ORDINAL-1:0] in_q, out_q;
  (* anyconst *) logic [ORDINAL-1:0] watched;
  logic [WIDTH-1:0] word_q;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      in_q <= '0;
      out_q <= '0;
    end else begin
      if (push_i) in_q <= in_q + 1'b1;
      if (pop_i) out_q <= out_q + 1'b1;
      if (push_i && in_q == watched) word_q <= data_i;
    end
  end
  logic [ORDINAL-1:0] held, ahead;  // words in the FIFO; words before the watched one
  assign held = in_q - out_q;
  assign ahead = watched - out_q;
  always_comb begin
    if (started_q) begin
      assert (valid == (held != '0));
      assert (count == held[DEPTH_LOG2:0]);
      if (valid && ahead == '0) assert (data == word_q);
    end
  end
  logic waiting_q;
  logic [WIDTH-1:0] offered_q;
  always_ff @(posedge clk_i) begin
    waiting_q <= rst_ni && valid && !pop_i;
    offered_q <= data;
  end
  always_comb begin
    if (started_q && rst_ni && waiting_q) assert (valid && data == offered_q);
  end

  always_comb begin
    cover (started_q && count == ROWS && push_i && pop_i);
    cover (started_q && out_q == ROWS + 1);
  end

`ifndef CLAIMS_ONLY
  // --- what makes it inductive ---
  (* hierconn *) wire [DEPTH_LOG2-1:0] \u_fifo.head_q ;
  (* hierconn *) wire [DEPTH_LOG2-1:0] \u_fifo.tail_q ;
  (* hierconn *) wire [WIDTH-1:0] \u_fifo.row_q[0] ;
  (* hierconn *) wire [WIDTH-1:0] \u_fifo.row_q[1] ;
  (* hierconn *) wire [WIDTH-1:0] \u_fifo.row_q[2] ;
  (* hierconn *) wire [WIDTH-1:0] \u_fifo.row_q[3] ;
  wire [ROWS*WIDTH-1:0] rows = {\u_fifo.row_q[3] , \u_fifo.row_q[2] , \u_fifo.row_q[1] ,
                                \u_fifo.row_q[0] };
  always_comb begin
    if (started_q) begin
      assert (held <= ROWS);
      assert (\u_fifo.head_q == out_q[DEPTH_LOG2-1:0]);
      assert (\u_fifo.tail_q == in_q[DEPTH_LOG2-1:0]);
      if (ahead < held) assert (rows[WIDTH*watched[DEPTH_LOG2-1:0]+:WIDTH] == word_q);
      if (waiting_q) assert (offered_q == rows[WIDTH*out_q[DEPTH_LOG2-1:0]+:WIDTH] && held != '0);
    end
  end
`endif
endmodule
`default_nettype wire
