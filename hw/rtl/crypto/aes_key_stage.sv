// One step of the key expansion (FIPS-197 5.2), beside round STAGE: from the eight newest words to
// the next eight, of which the lower four are the round key of round STAGE+1. AES-128 uses only the
// lower four words; it waits through stages 1 to 3, so that its round key 1 meets round 5. Moves
// only with enable_i.
`default_nettype none
module aes_key_stage #(
  parameter int unsigned STAGE = 1
) (
  input  wire logic         clk_i,
  input  wire logic         enable_i,
  input  wire logic         key_256_i,
  input  wire logic [255:0] window_i,
  output logic [255:0]      window_o
);
  // AES-256 makes words 4*STAGE+4 to 4*STAGE+7: RotWord and Rcon at multiples of eight, SubWord
  // alone at the others.
  localparam bit ROTATE_256 = (STAGE % 2) == 1;
  localparam logic [7:0] RCON_256 = ROTATE_256 ? aes_pkg::rcon((STAGE + 1) / 2) : 8'h00;
  localparam logic [7:0] RCON_128 = STAGE >= 4 ? aes_pkg::rcon(STAGE - 3) : 8'h00;

  // All that does not need SubWord is ready beside it: the words' sums, Rcon included. SubWord takes
  // bytes, so RotWord may as well come behind it.
  logic [31:0] substituted, rotated, step, base0, base1, base2, base3;
  logic [31:0] sum0, sum1, sum2, sum3;
  assign substituted = aes_pkg::sub_word(window_i[31:0]);
  assign rotated = {substituted[23:0], substituted[31:24]};
  assign step = (ROTATE_256 || !key_256_i) ? rotated : substituted;
  assign base0 = key_256_i ? window_i[255:224] : window_i[127:96];
  assign base1 = key_256_i ? window_i[223:192] : window_i[95:64];
  assign base2 = key_256_i ? window_i[191:160] : window_i[63:32];
  assign base3 = key_256_i ? window_i[159:128] : window_i[31:0];
  assign sum0 = base0 ^ {key_256_i ? RCON_256 : RCON_128, 24'd0};
  assign sum1 = sum0 ^ base1;
  assign sum2 = sum1 ^ base2;
  assign sum3 = sum2 ^ base3;

  always_ff @(posedge clk_i) begin
    if (enable_i) begin
      if (STAGE < 4 && !key_256_i) window_o <= window_i;
      else window_o <= {window_i[127:0], step ^ sum0, step ^ sum1, step ^ sum2, step ^ sum3};
    end
  end
endmodule
`default_nettype wire
