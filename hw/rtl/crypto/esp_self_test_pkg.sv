// The known answers of esp_self_test.sv: three packets of eight beats that between them take every
// way through the GCM core (both key sizes, AAD, every power of H, a long, a whole and two
// short last beats, GMAC). tests/hw/self_test_test.cpp computes all of it anew with OpenSSL.
//
//   packet 0, beat 0       AES-128, case 3 of McGrew and Viega, "The Galois/Counter Mode of Operation"
//   packet 1, beats 1..6   AES-256, key 00 01 .. 1f, nonce a0 .. ab, AAD b0 .. bb, byte n of 337 is n
//   packet 2, beat 7       AES-128, key and nonce of packet 0, GMAC over c0 .. cf, d0 .. dc; the first
//                          16 bytes stand in the AAD block, the other 13 are the text
`default_nettype none
// The engine uses all of it, a model of one part what it needs.
/* verilator lint_off UNUSEDPARAM */
package esp_self_test_pkg;
  localparam logic [255:0] KEY_128 = {128'hfeffe9928665731c6d6a8f9467308308, 128'd0};
  localparam logic [255:0] KEY_256 =
    256'h000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f;
  localparam logic [95:0] NONCE_128 = 96'hcafebabefacedbaddecaf888;
  localparam logic [95:0] NONCE_256 = 96'ha0a1a2a3a4a5a6a7a8a9aaab;
  localparam logic [127:0] AAD_1 = 128'hb0b1b2b3b4b5b6b7b8b9babb00000000;
  localparam logic [127:0] AAD_2 = 128'hc0c1c2c3c4c5c6c7c8c9cacbcccdcecf;
  localparam logic [15:0] LENGTH_0 = 16'd64, LENGTH_1 = 16'd337, LENGTH_2 = 16'd13;

  // Powers of H in the order of esp_gcm_pkg::hash_powers_t.
  localparam logic [1279:0] POWERS_128 = {
    128'hb83b533708bf535d0aa6e52980d53b78,
    128'h8a6ff5aca561c0d865805055eb728397,
    128'hc414cb8f1152eb71563a5ca9ddcbddb5,
    128'h3c4b0daa91e6b35f9b9e89d8510dd431,
    128'h0ec056d9b140d6adb9c52cf294f66f3d,
    128'had3761d56fea19a217ec309648a4dd4a,
    128'h7a56fd7be8e1365878beb4e2c4ac51ec,
    128'h609cb036ddd69472f3756380c4c66ee2,
    128'hbb428e36c99057e3da44706faa650fab,
    128'haa890870f57c3cac9b7da46be6fe93f6};
  localparam logic [1279:0] POWERS_256 = {
    128'hf29000b62a499fd0a9f39a6add2e7780,
    128'h45fad2d9766bac97c296ea45e74b9700,
    128'h9e19b35ce98f7ccaad7892351143faa8,
    128'hf96c583a25b78af9394dc426fe11562a,
    128'hbbd4943a3ff844ae8c21d9ad3f7af47d,
    128'hf82efc3363471d4fca3f7268a5bae19c,
    128'hfddbec33dc066142c3ea4bbbe4ccfda6,
    128'h5a09be526c8eb1a02c0a11218d2d44e4,
    128'hc3b5508a86ff2cef4a16f2b83c0e501f,
    128'h120d9990a6da7cfd8d65ea7d6364abfa};

  localparam logic [127:0] TAG_0 = 128'h4d5c2af327cd64a62cf35abd2ba6fab4;
  localparam logic [127:0] TAG_1 = 128'h68926195f85661dc5d96518af8822d82;
  localparam logic [127:0] TAG_2 = 128'h0917298eaa9b7bd6a1c475f32cf9ce46;

  // Plaintext of a beat, byte n in [8n+7:8n].
  function automatic logic [511:0] plain(input logic [2:0] beat);
    case (beat)
      3'd0: plain = {
        256'h55d2af1a397b63ba57e60daaf5ed6ab125b5a649240ecf2f53096895950c3c1c,
        256'h728a318a3d304c2edaf7341553a9a7869a26f5afc50959a5e50684f8253231d9};
      3'd1: plain = {
        256'h3f3e3d3c3b3a393837363534333231302f2e2d2c2b2a29282726252423222120,
        256'h1f1e1d1c1b1a191817161514131211100f0e0d0c0b0a09080706050403020100};
      3'd2: plain = {
        256'h7f7e7d7c7b7a797877767574737271706f6e6d6c6b6a69686766656463626160,
        256'h5f5e5d5c5b5a595857565554535251504f4e4d4c4b4a49484746454443424140};
      3'd3: plain = {
        256'hbfbebdbcbbbab9b8b7b6b5b4b3b2b1b0afaeadacabaaa9a8a7a6a5a4a3a2a1a0,
        256'h9f9e9d9c9b9a999897969594939291908f8e8d8c8b8a89888786858483828180};
      3'd4: plain = {
        256'hfffefdfcfbfaf9f8f7f6f5f4f3f2f1f0efeeedecebeae9e8e7e6e5e4e3e2e1e0,
        256'hdfdedddcdbdad9d8d7d6d5d4d3d2d1d0cfcecdcccbcac9c8c7c6c5c4c3c2c1c0};
      3'd5: plain = {
        256'h3f3e3d3c3b3a393837363534333231302f2e2d2c2b2a29282726252423222120,
        256'h1f1e1d1c1b1a191817161514131211100f0e0d0c0b0a09080706050403020100};
      3'd6: plain = {
        256'h0000000000000000000000000000000000000000000000000000000000000000,
        256'h000000000000000000000000000000504f4e4d4c4b4a49484746454443424140};
      default: plain = {
        256'h0000000000000000000000000000000000000000000000000000000000000000,
        256'h00000000000000000000000000000000000000dcdbdad9d8d7d6d5d4d3d2d1d0};
    endcase
  endfunction

  // Ciphertext of a beat.
  function automatic logic [511:0] cipher(input logic [2:0] beat);
    case (beat)
      3'd0: cipher = {
        256'h85593f4791e0583d97ac0a6a390ba31b05aa84ac5a6a8f7d1c936654b214d521,
        256'h2ea1ac29237ec135e0a4022c2f21aae39cd4d084b721724b24747721c21e8342};
      3'd1: cipher = {
        256'h8fbb4d9865316779492ce5567b742a77d6ad5725e32eb5771a75078bdc6557f2,
        256'h1e6bb6639d3c17847b54a286034bbd60d1ce770bd88d6c6ab804ce412e7e19e6};
      3'd2: cipher = {
        256'h328c28c8dfa4b6574bed40aadd1321544783e5e93b6cb2f6fce9cb67c849e5ef,
        256'hcb13c7edc1642cb62dcf9491f7f95a9df58283c353b5abbca7a2e0742cc7fdf4};
      3'd3: cipher = {
        256'he8a13fe082cc3b3a8918d3b62b4f97c74e187fc38981a32ab1e6cf1212bdb966,
        256'hb4aa5a336e2754651b6c452af83f4818591fc79e0074d0bf9006c757fc329045};
      3'd4: cipher = {
        256'h6dd6ce99915754937086a77dcc304cfb90aee6aeb4a85528d83f885dc2d0b088,
        256'hb8041b813e8218356f0eb6eb3b3638827afce985048a943b2a7d14a40a8ef7f4};
      3'd5: cipher = {
        256'h3c8bb0a99657994a94f5533f66ec26e871a882df076444cdea5b2704816469bb,
        256'h329aadfec10c7ee03dd5afaf43180028dc62366b8e5daa6ee7a4c9eb84cb3e17};
      3'd6: cipher = {
        256'h0000000000000000000000000000000000000000000000000000000000000000,
        256'h0000000000000000000000000000002be89a49db422191db507330ba93519f95};
      default: cipher = {
        256'h0000000000000000000000000000000000000000000000000000000000000000,
        256'h00000000000000000000000000000000000000dcdbdad9d8d7d6d5d4d3d2d1d0};
    endcase
  endfunction
endpackage
/* verilator lint_on UNUSEDPARAM */
`default_nettype wire
