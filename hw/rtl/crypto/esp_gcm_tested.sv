// The GCM core of one direction with its self-test: esp_gcm_core, whose inputs and outputs are the
// caller's except while the known-answer test runs. The caller starts the test only while no packet
// is on its way, and sends none until self_test_done_o.
`default_nettype none
module esp_gcm_tested #(
  parameter bit DECRYPT = 1'b0
) (
  input  wire logic         clk_i,
  input  wire logic         rst_ni,
  // self-test, see esp_self_test.sv
  input  wire logic         self_test_run_i,
  input  wire logic         self_test_corrupt_i,
  output logic              self_test_done_o,
  output logic              self_test_ok_o,
  // as esp_gcm_core
  input  wire logic         valid_i,
  input  wire logic         first_i,
  input  wire logic         last_i,
  input  wire logic [6:0]   bytes_i,
  input  wire logic [511:0] data_i,
  input  wire logic [255:0] key_i,
  input  wire logic         key_256_i,
  input  wire logic         gmac_i,
  input  wire logic [95:0]  nonce_i,
  input  wire logic [127:0] aad_i,
  input  wire logic [4:0]   aad_bytes_i,
  input  wire logic [15:0]  length_i,
  input  wire esp_gcm_pkg::hash_powers_t powers_i,
  output logic              valid_o,
  output logic              first_o,
  output logic              last_o,
  output logic [511:0]      data_o,
  output logic [127:0]      tag_o
);
  typedef struct packed {
    logic         first;
    logic         last;
    logic [6:0]   bytes;
    logic [511:0] data;
    logic [255:0] key;
    logic         key_256;
    logic         gmac;
    logic [95:0]  nonce;
    logic [127:0] aad;
    logic [4:0]   aad_bytes;
    logic [15:0]  length;
    logic [1279:0] powers;
  } input_t;
  input_t packet, known, chosen;
  logic running, known_valid, core_valid, core_first, core_last;
  assign packet.first = first_i;
  assign packet.last = last_i;
  assign packet.bytes = bytes_i;
  assign packet.data = data_i;
  assign packet.key = key_i;
  assign packet.key_256 = key_256_i;
  assign packet.gmac = gmac_i;
  assign packet.nonce = nonce_i;
  assign packet.aad = aad_i;
  assign packet.aad_bytes = aad_bytes_i;
  assign packet.length = length_i;
  assign packet.powers = powers_i;
  assign chosen = running ? known : packet;

  esp_self_test #(.DECRYPT(DECRYPT)) u_self_test (
    .clk_i, .rst_ni,
    .run_i(self_test_run_i), .corrupt_i(self_test_corrupt_i),
    .running_o(running), .done_o(self_test_done_o), .ok_o(self_test_ok_o),
    .valid_o(known_valid), .first_o(known.first), .last_o(known.last), .bytes_o(known.bytes),
    .data_o(known.data), .key_o(known.key), .key_256_o(known.key_256), .gmac_o(known.gmac),
    .nonce_o(known.nonce), .aad_o(known.aad), .aad_bytes_o(known.aad_bytes),
    .length_o(known.length), .powers_o(known.powers),
    .valid_i(core_valid), .last_i(core_last), .data_i(data_o), .tag_i(tag_o)
  );

  esp_gcm_core #(.DECRYPT(DECRYPT)) u_core (
    .clk_i, .rst_ni,
    .valid_i(running ? known_valid : valid_i), .first_i(chosen.first), .last_i(chosen.last),
    .bytes_i(chosen.bytes), .data_i(chosen.data), .key_i(chosen.key),
    .key_256_i(chosen.key_256), .gmac_i(chosen.gmac), .nonce_i(chosen.nonce),
    .aad_i(chosen.aad), .aad_bytes_i(chosen.aad_bytes), .length_i(chosen.length),
    .powers_i(chosen.powers),
    .valid_o(core_valid), .first_o(core_first), .last_o(core_last), .data_o, .tag_o
  );
  assign valid_o = core_valid && !running;
  assign first_o = core_first && !running;
  assign last_o = core_last && !running;

`ifndef SYNTHESIS
  // No packet may be inside when the test starts, and none may come while it runs.
  logic [5:0] quiet_q;       // cycles without a slot, saturating at the latency
  always_ff @(posedge clk_i) begin
    if (!rst_ni) quiet_q <= 6'(esp_gcm_pkg::LATENCY);
    else if (valid_i) quiet_q <= '0;
    else if (quiet_q != 6'(esp_gcm_pkg::LATENCY)) quiet_q <= quiet_q + 6'd1;
    if (rst_ni) begin
      assert (!(self_test_run_i && (valid_i || quiet_q != 6'(esp_gcm_pkg::LATENCY))))
        else $error("the self-test starts amid packets");
      assert (!(running && valid_i)) else $error("a packet during the self-test");
    end
  end
`endif
endmodule
`default_nettype wire
