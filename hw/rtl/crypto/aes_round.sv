// One AES round of one lane (FIPS-197 5.1), one register rank or, in front of aes_ram_round, none.
// Rounds 1 to 4 hand an AES-128 state through unchanged: its ten rounds are 5 to 14. Moves only with
// enable_i.
`default_nettype none
module aes_round #(
  parameter int unsigned ROUND = 1,             // below 14
  parameter bit REGISTERED = 1'b1
) (
  /* verilator lint_off UNUSEDSIGNAL */ // when not registered
  input  wire logic         clk_i,
  input  wire logic         enable_i,
  /* verilator lint_on UNUSEDSIGNAL */
  input  wire logic         key_256_i,
  input  wire logic [127:0] state_i,
  input  wire logic [127:0] round_key_i,
  output logic [127:0]      state_o
);
  // SubBytes on a column that ShiftRows has gathered, then MixColumns.
  function automatic logic [31:0] column(input logic [7:0] a, input logic [7:0] b,
                                         input logic [7:0] c, input logic [7:0] d);
    column = aes_pkg::mix_column(aes_pkg::sub_word({a, b, c, d}));
  endfunction

  logic [31:0] c0, c1, c2, c3;
  assign c0 = state_i[127:96];
  assign c1 = state_i[95:64];
  assign c2 = state_i[63:32];
  assign c3 = state_i[31:0];

  // Columns are signals of their own: Verilator computes on 32-bit words.
  logic [31:0] next0, next1, next2, next3;
  logic hands_through;
  assign hands_through = ROUND <= 4 && !key_256_i;
  assign next0 = hands_through
    ? c0 : column(c0[31:24], c1[23:16], c2[15:8], c3[7:0]) ^ round_key_i[127:96];
  assign next1 = hands_through
    ? c1 : column(c1[31:24], c2[23:16], c3[15:8], c0[7:0]) ^ round_key_i[95:64];
  assign next2 = hands_through
    ? c2 : column(c2[31:24], c3[23:16], c0[15:8], c1[7:0]) ^ round_key_i[63:32];
  assign next3 = hands_through
    ? c3 : column(c3[31:24], c0[23:16], c1[15:8], c2[7:0]) ^ round_key_i[31:0];
  if (REGISTERED) begin : g_registered
    logic [31:0] c0_q, c1_q, c2_q, c3_q;
    always_ff @(posedge clk_i) begin
      if (enable_i) begin
        c0_q <= next0;
        c1_q <= next1;
        c2_q <= next2;
        c3_q <= next3;
      end
    end
    assign state_o = {c0_q, c1_q, c2_q, c3_q};
  end else begin : g_unregistered
    assign state_o = {next0, next1, next2, next3};
  end
endmodule
`default_nettype wire
