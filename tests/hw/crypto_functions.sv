// The crypto functions that have one form for simulation and one for synthesis, as a top of their
// own.
`default_nettype none
module crypto_functions (
  input  wire logic [7:0]  byte_i,
  output logic [7:0]       sbox_o,
  input  wire logic [31:0] a_i,
  input  wire logic [31:0] b_i,
  output logic [63:0]      clmul_o
);
  assign sbox_o = aes_pkg::sbox(byte_i);
  assign clmul_o = gf128_pkg::clmul32(a_i, b_i);
endmodule
`default_nettype wire
