// Show-ahead FIFO in distributed RAM: data_o is the oldest word whenever valid_o is set, and pop_i
// takes it. There is no full output: the user admits by count_o or by credit, and an overflow is a
// bug. Does not cut the path from pop_i to data_o of the next cycle (read pointer, then RAM).
`default_nettype none
module esp_fifo #(
  parameter int unsigned WIDTH = 8,
  parameter int unsigned DEPTH_LOG2 = 4
) (
  input  wire logic           clk_i,
  input  wire logic           rst_ni,
  input  wire logic           push_i,
  input  wire logic [WIDTH-1:0] data_i,
  input  wire logic           pop_i,
  output logic                valid_o,
  output logic [WIDTH-1:0]    data_o,
  output logic [DEPTH_LOG2:0] count_o
);
  (* ram_style = "distributed" *) logic [WIDTH-1:0] row_q [0:(1<<DEPTH_LOG2)-1];
  logic [DEPTH_LOG2-1:0] head_q, tail_q;
  logic [DEPTH_LOG2:0] count_q;
  logic valid_q;

  always_ff @(posedge clk_i) begin
    if (push_i) row_q[tail_q] <= data_i;
    if (!rst_ni) begin
      head_q <= '0;
      tail_q <= '0;
      count_q <= '0;
      valid_q <= 1'b0;
    end else begin
      if (push_i) tail_q <= tail_q + 1'b1;
      if (pop_i) head_q <= head_q + 1'b1;
      if (push_i && !pop_i) count_q <= count_q + 1'b1;
      else if (!push_i && pop_i) count_q <= count_q - 1'b1;
      if (push_i) valid_q <= 1'b1;
      else if (pop_i && count_q == (DEPTH_LOG2 + 1)'(1)) valid_q <= 1'b0;
    end
  end
  assign valid_o = valid_q;
  assign data_o = row_q[head_q];
  assign count_o = count_q;

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) begin
    if (rst_ni) begin
      assert (!(push_i && !pop_i && count_q[DEPTH_LOG2])) else $error("overflow");
      assert (!(pop_i && !valid_q)) else $error("pop of an empty FIFO");
    end
  end
`endif
endmodule
`default_nettype wire
