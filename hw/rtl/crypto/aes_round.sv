// One AES round of one lane (FIPS-197 5.1), one register rank. Rounds 1 to 4 hand an AES-128 state
// through unchanged: its ten rounds are 5 to 14. Moves only with enable_i.
`default_nettype none
module aes_round #(
  parameter int unsigned ROUND = 1
) (
  input  wire logic         clk_i,
  input  wire logic         enable_i,
  input  wire logic         key_256_i,
  input  wire logic [127:0] state_i,
  input  wire logic [127:0] round_key_i,
  output logic [127:0]      state_o
);
  // SubBytes on a column that ShiftRows has gathered, then MixColumns in all but the last round.
  function automatic logic [31:0] column(input logic [7:0] a, input logic [7:0] b,
                                         input logic [7:0] c, input logic [7:0] d);
    if (ROUND == 14) column = aes_pkg::sub_word({a, b, c, d});
    else column = aes_pkg::mix_column(aes_pkg::sub_word({a, b, c, d}));
  endfunction

  logic [31:0] c0, c1, c2, c3;
  assign c0 = state_i[127:96];
  assign c1 = state_i[95:64];
  assign c2 = state_i[63:32];
  assign c3 = state_i[31:0];

  // Columns are registers of their own: Verilator computes on 32-bit words.
  logic [31:0] c0_q, c1_q, c2_q, c3_q;
  always_ff @(posedge clk_i) begin
    if (enable_i) begin
      if (ROUND <= 4 && !key_256_i) begin
        c0_q <= c0;
        c1_q <= c1;
        c2_q <= c2;
        c3_q <= c3;
      end else begin
        c0_q <= column(c0[31:24], c1[23:16], c2[15:8], c3[7:0]) ^ round_key_i[127:96];
        c1_q <= column(c1[31:24], c2[23:16], c3[15:8], c0[7:0]) ^ round_key_i[95:64];
        c2_q <= column(c2[31:24], c3[23:16], c0[15:8], c1[7:0]) ^ round_key_i[63:32];
        c3_q <= column(c3[31:24], c0[23:16], c1[15:8], c2[7:0]) ^ round_key_i[31:0];
      end
    end
  end
  assign state_o = {c0_q, c1_q, c2_q, c3_q};
endmodule
`default_nettype wire
