// The GHASH length block (NIST SP 800-38D 7.1 step 5) times H. The block's only bits that can be
// set are two byte counts, each shifted by three: 22 rows of a product instead of 128. With gmac_i
// there is one count, length_i, in the place of the AAD's: the same rows 64 bits further up. Three
// register ranks after the operands. Moves only with enable_i.
`default_nettype none
module gf128_length_multiplier (
  input  wire logic         clk_i,
  input  wire logic         enable_i,
  input  wire logic         gmac_i,
  input  wire logic [4:0]   aad_bytes_i,
  input  wire logic [16:0]  length_i,
  input  wire logic [127:0] h_i,
  output logic [127:0]      product_o
);
  logic [31:0] aad_bits, length_bits;
  assign aad_bits = {24'd0, aad_bytes_i, 3'd0};
  assign length_bits = {12'd0, length_i, 3'd0};

  logic        enable_q, enable_qq, gmac_q;
  logic [63:0] a0_q, a1_q, a2_q, a3_q, l0_q, l1_q, l2_q, l3_q;
  logic [63:0] word0, word1, word2, word3, word0_q, word1_q, word2_q, word3_q;
  // The AAD count stands 64 bits above the payload's.
  logic [63:0] a0, a1, a2, a3, l0, l1, l2, l3;
  assign {a0, a1, a2, a3} = gmac_q ? {l0_q, l1_q, l2_q, l3_q} : {a0_q, a1_q, a2_q, a3_q};
  assign {l0, l1, l2, l3} = gmac_q ? 256'd0 : {l0_q, l1_q, l2_q, l3_q};
  assign word0 = l0 ^ (l1 << 32);
  assign word1 = (l1 >> 32) ^ l2 ^ (l3 << 32) ^ a0 ^ (a1 << 32);
  assign word2 = (l3 >> 32) ^ (a1 >> 32) ^ a2 ^ (a3 << 32);
  assign word3 = a3 >> 32;
  always_ff @(posedge clk_i) begin
    enable_q <= enable_i;
    enable_qq <= enable_q;
    if (enable_i) begin
      gmac_q <= gmac_i;
      a0_q <= gf128_pkg::clmul32(aad_bits, h_i[31:0]);
      a1_q <= gf128_pkg::clmul32(aad_bits, h_i[63:32]);
      a2_q <= gf128_pkg::clmul32(aad_bits, h_i[95:64]);
      a3_q <= gf128_pkg::clmul32(aad_bits, h_i[127:96]);
      l0_q <= gf128_pkg::clmul32(length_bits, h_i[31:0]);
      l1_q <= gf128_pkg::clmul32(length_bits, h_i[63:32]);
      l2_q <= gf128_pkg::clmul32(length_bits, h_i[95:64]);
      l3_q <= gf128_pkg::clmul32(length_bits, h_i[127:96]);
    end
    if (enable_q) begin
      word0_q <= word0 << 1;
      word1_q <= (word1 << 1) | (word0 >> 63);
      word2_q <= (word2 << 1) | (word1 >> 63);
      word3_q <= (word3 << 1) | (word2 >> 63);
    end
    if (enable_qq) product_o <= gf128_pkg::reduce({word3_q, word2_q, word1_q, word0_q});
  end
endmodule
`default_nettype wire
