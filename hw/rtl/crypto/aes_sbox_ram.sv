// SubBytes on two bytes (FIPS-197 5.1.1) through a block RAM, which is a register rank: half of one
// (RAMB18) has two read ports. Moves only with enable_i.
`default_nettype none
module aes_sbox_ram (
  input  wire logic        clk_i,
  input  wire logic        enable_i,
  input  wire logic [15:0] bytes_i,
  output logic [15:0]      bytes_o
);
`ifdef VERILATOR
  always_ff @(posedge clk_i) begin
    if (enable_i) bytes_o <= {aes_pkg::sbox(bytes_i[15:8]), aes_pkg::sbox(bytes_i[7:0])};
  end
`else
  (* rom_style = "block", ram_style = "block" *) logic [7:0] row_q [0:255];
  initial begin
    for (int i = 0; i < 256; i = i + 1) row_q[i] = aes_pkg::sbox(i[7:0]);
  end
  always_ff @(posedge clk_i) begin
    if (enable_i) bytes_o <= {row_q[bytes_i[15:8]], row_q[bytes_i[7:0]]};
  end
`endif
endmodule
`default_nettype wire
