// One AES round of one lane (FIPS-197 5.1) whose SubBytes is in block RAM: the RAM is the register
// rank, and MixColumns (but in round 14) and AddRoundKey stand behind it. For rounds that AES-128 has
// too. Moves only with enable_i.
`default_nettype none
module aes_ram_round #(
  parameter int unsigned ROUND = 14
) (
  input  wire logic         clk_i,
  input  wire logic         enable_i,
  input  wire logic [127:0] state_i,
  input  wire logic [127:0] round_key_i,  // a cycle after state_i
  output logic [127:0]      state_o       // a cycle after state_i, unregistered
);
  // Byte n of the state, the first one being byte 0.
  function automatic logic [7:0] at(input logic [127:0] state, input int unsigned n);
    at = state[127-8*n-:8];
  endfunction

  for (genvar c = 0; c < 4; c = c + 1) begin : g_column
    // ShiftRows: row r of column c comes from column c + r.
    logic [31:0] shifted, substituted;
    assign shifted = {at(state_i, 4 * c), at(state_i, (4 * c + 5) % 16),
                      at(state_i, (4 * c + 10) % 16), at(state_i, (4 * c + 15) % 16)};
    aes_sbox_ram u_upper (
      .clk_i, .enable_i, .bytes_i(shifted[31:16]), .bytes_o(substituted[31:16])
    );
    aes_sbox_ram u_lower (
      .clk_i, .enable_i, .bytes_i(shifted[15:0]), .bytes_o(substituted[15:0])
    );
    assign state_o[127-32*c-:32] = round_key_i[127-32*c-:32]
      ^ (ROUND == 14 ? substituted : aes_pkg::mix_column(substituted));
  end
endmodule
`default_nettype wire
