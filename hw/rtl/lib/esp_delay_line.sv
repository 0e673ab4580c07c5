// Delays a word by CYCLES (at least 3) as a ring in distributed RAM: one row is read and written a
// cycle, whatever the depth, which is also what makes it cheap to simulate. The rows have no reset:
// what comes out in the first CYCLES cycles is undefined, so the valid bit beside it must not take
// this way.
`default_nettype none
module esp_delay_line #(
  parameter int unsigned WIDTH = 1,
  parameter int unsigned CYCLES = 3
) (
  input  wire logic             clk_i,
  input  wire logic             rst_ni,
  input  wire logic [WIDTH-1:0] data_i,
  output logic [WIDTH-1:0]      data_o
);
  // The output register is one of the cycles.
  localparam int unsigned ROWS = CYCLES - 1;
  localparam int unsigned INDEX_WIDTH = $clog2(ROWS);

  if (CYCLES < 3) begin : g_check
    $error("esp_delay_line: CYCLES is below 3");
  end

  (* ram_style = "distributed" *) logic [WIDTH-1:0] row_q [0:ROWS-1];
  logic [INDEX_WIDTH-1:0] index_q;
  always_ff @(posedge clk_i) begin
    if (!rst_ni || index_q == INDEX_WIDTH'(ROWS - 1)) index_q <= '0;
    else index_q <= index_q + 1'b1;
    data_o <= row_q[index_q];
    row_q[index_q] <= data_i;
  end
endmodule
`default_nettype wire
