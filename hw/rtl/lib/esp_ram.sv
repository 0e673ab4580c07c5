// Simple dual-port RAM, one clock: one write port, one read port with one cycle of latency. A read
// of the row that is written in the same cycle returns the old row; the user forwards where that
// matters. The template infers block RAM, or ultra RAM where it is deep enough to fill that. No reset:
// the user wipes it.
`default_nettype none
module esp_ram #(
  parameter int unsigned WIDTH = 72,
  parameter int unsigned DEPTH_LOG2 = 8,
  parameter bit ULTRA = DEPTH_LOG2 >= 12 && WIDTH >= 36
) (
  input  wire logic                  clk_i,
  input  wire logic                  write_i,
  input  wire logic [DEPTH_LOG2-1:0] write_address_i,
  input  wire logic [WIDTH-1:0]      write_data_i,
  input  wire logic [DEPTH_LOG2-1:0] read_address_i,
  output logic [WIDTH-1:0]           read_data_o
);
  if (ULTRA) begin : g_ram
    (* ram_style = "ultra" *) logic [WIDTH-1:0] row_q [0:(1<<DEPTH_LOG2)-1];
    always_ff @(posedge clk_i) begin
      if (write_i) row_q[write_address_i] <= write_data_i;
      read_data_o <= row_q[read_address_i];
    end
  end else begin : g_ram
    (* ram_style = "block" *) logic [WIDTH-1:0] row_q [0:(1<<DEPTH_LOG2)-1];
    always_ff @(posedge clk_i) begin
      if (write_i) row_q[write_address_i] <= write_data_i;
      read_data_o <= row_q[read_address_i];
    end
  end
endmodule
`default_nettype wire
