// Delays a few control bits by CYCLES (at least 1) through registers that reset to zero: the valid
// bits that stand beside an esp_delay_line.
`default_nettype none
module esp_delay_bits #(
  parameter int unsigned WIDTH = 1,
  parameter int unsigned CYCLES = 1
) (
  input  wire logic             clk_i,
  input  wire logic             rst_ni,
  input  wire logic [WIDTH-1:0] data_i,
  output logic [WIDTH-1:0]      data_o
);
  logic [CYCLES*WIDTH-1:0] stage_q;
  if (CYCLES == 1) begin : g_one
    always_ff @(posedge clk_i) stage_q <= rst_ni ? data_i : '0;
  end else begin : g_many
    always_ff @(posedge clk_i) begin
      stage_q <= rst_ni ? {stage_q[(CYCLES-1)*WIDTH-1:0], data_i} : '0;
    end
  end
  assign data_o = stage_q[CYCLES*WIDTH-1-:WIDTH];
endmodule
`default_nettype wire
