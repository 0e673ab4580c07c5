// The constants of esp_self_test_pkg as a top of their own.
`default_nettype none
module self_test_constants (
  input  wire logic [2:0] beat_i,
  output logic [511:0]    plain_o,
  output logic [511:0]    cipher_o,
  output logic [511:0]    keys_o,      // 256, 128
  output logic [191:0]    nonces_o,    // 256, 128
  output logic [255:0]    aads_o,      // packets 2, 1
  output logic [47:0]     lengths_o,   // packets 2, 1, 0
  output logic [2559:0]   powers_o,    // 256, 128
  output logic [383:0]    tags_o       // packets 2, 1, 0
);
  assign plain_o = esp_self_test_pkg::plain(beat_i);
  assign cipher_o = esp_self_test_pkg::cipher(beat_i);
  assign keys_o = {esp_self_test_pkg::KEY_256, esp_self_test_pkg::KEY_128};
  assign nonces_o = {esp_self_test_pkg::NONCE_256, esp_self_test_pkg::NONCE_128};
  assign aads_o = {esp_self_test_pkg::AAD_2, esp_self_test_pkg::AAD_1};
  assign lengths_o = {esp_self_test_pkg::LENGTH_2, esp_self_test_pkg::LENGTH_1,
                      esp_self_test_pkg::LENGTH_0};
  assign powers_o = {esp_self_test_pkg::POWERS_256, esp_self_test_pkg::POWERS_128};
  assign tags_o = {esp_self_test_pkg::TAG_2, esp_self_test_pkg::TAG_1, esp_self_test_pkg::TAG_0};
endmodule
`default_nettype wire
