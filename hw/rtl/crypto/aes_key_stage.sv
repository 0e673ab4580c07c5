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

  logic [31:0] newest, source, step;
  logic [31:0] base0, base1, base2, base3, next0, next1, next2, next3;
  assign newest = window_i[31:0];
  assign source = (ROTATE_256 || !key_256_i) ? {newest[23:0], newest[31:24]} : newest;
  assign step = aes_pkg::sub_word(source) ^ {key_256_i ? RCON_256 : RCON_128, 24'd0};
  assign base0 = key_256_i ? window_i[255:224] : window_i[127:96];
  assign base1 = key_256_i ? window_i[223:192] : window_i[95:64];
  assign base2 = key_256_i ? window_i[191:160] : window_i[63:32];
  assign base3 = key_256_i ? window_i[159:128] : window_i[31:0];
  assign next0 = base0 ^ step;
  assign next1 = base1 ^ next0;
  assign next2 = base2 ^ next1;
  assign next3 = base3 ^ next2;

  always_ff @(posedge clk_i) begin
    if (enable_i) begin
      if (STAGE < 4 && !key_256_i) window_o <= window_i;
      else window_o <= {window_i[127:0], next0, next1, next2, next3};
    end
  end
endmodule
`default_nettype wire
