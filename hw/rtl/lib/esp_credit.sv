// Admission to a FIFO behind a pipeline that cannot stall: room_o is set while everything reserved
// and everything in the FIFO leave a place free. A place is reserved when something enters the
// pipeline and released when it is written to the FIFO (which then counts it) or turns out not to
// need it. The FIFO holds 2^(WIDTH-1) words. Does not cut the path from used_i to room_o.
`default_nettype none
module esp_credit #(
  parameter int unsigned WIDTH = 8
) (
  input  wire logic             clk_i,
  input  wire logic             rst_ni,
  input  wire logic             reserve_i,
  input  wire logic             release_i,
  input  wire logic [WIDTH-1:0] used_i,
  output logic                  room_o
);
  logic [WIDTH-1:0] pending_q, taken;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) pending_q <= '0;
    else if (reserve_i && !release_i) pending_q <= pending_q + 1'b1;
    else if (!reserve_i && release_i) pending_q <= pending_q - 1'b1;
  end
  assign taken = pending_q + used_i;
  assign room_o = !taken[WIDTH-1];

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) begin
    if (rst_ni) begin
      assert (taken <= {1'b1, {(WIDTH-1){1'b0}}}) else $error("more admitted than there is room");
      assert (!(release_i && pending_q == '0)) else $error("released without a reservation");
    end
  end
`endif
endmodule
`default_nettype wire
