// Stands in for esp_ram in a proof: one row, whichever, is kept; what a read of any other row
// returns is left open. What holds with it holds with the RAM, whatever its size.
`default_nettype none
module esp_ram #(
  parameter int unsigned WIDTH = 72,
  parameter int unsigned DEPTH_LOG2 = 8,
  parameter bit ULTRA = 1'b0
) (
  input  wire logic                  clk_i,
  input  wire logic                  write_i,
  input  wire logic [DEPTH_LOG2-1:0] write_address_i,
  input  wire logic [WIDTH-1:0]      write_data_i,
  input  wire logic [DEPTH_LOG2-1:0] read_address_i,
  output logic [WIDTH-1:0]           read_data_o
);
  (* anyconst *) logic [DEPTH_LOG2-1:0] watched;
  (* anyseq *) logic [WIDTH-1:0] other;
  logic [WIDTH-1:0] row_q;
  always_ff @(posedge clk_i) begin
    if (write_i && write_address_i == watched) row_q <= write_data_i;
    read_data_o <= read_address_i == watched ? row_q : other;
  end
endmodule
`default_nettype wire
