// Known-answer test of one GCM core: feeds the packets of esp_self_test_pkg in eight beats, one a
// cycle, and compares text and tags that come out. run_i starts it, while no packet is on its way
// through the core; done_o is a pulse a fixed time later, ok_o stands with it. Beats that do not
// come, or come without their end, fail the test as wrong ones do. With corrupt_i (beside run_i)
// one expected tag is taken wrong, so that the test must fail.
`default_nettype none
module esp_self_test #(
  parameter bit DECRYPT = 1'b0
) (
  input  wire logic         clk_i,
  input  wire logic         rst_ni,
  input  wire logic         run_i,
  input  wire logic         corrupt_i,
  output logic              running_o,   // the core is the test's
  output logic              done_o,
  output logic              ok_o,
  // to the core
  output logic              valid_o,
  output logic              first_o,
  output logic              last_o,
  output logic [6:0]        bytes_o,
  output logic [511:0]      data_o,
  output logic [255:0]      key_o,
  output logic              key_256_o,
  output logic              gmac_o,
  output logic [95:0]       nonce_o,
  output logic [127:0]      aad_o,
  output logic [4:0]        aad_bytes_o,
  output logic [15:0]       length_o,
  output esp_gcm_pkg::hash_powers_t powers_o,
  // from the core
  input  wire logic         valid_i,
  input  wire logic         last_i,
  input  wire logic [511:0] data_i,
  input  wire logic [127:0] tag_i
);
  localparam logic [2:0] BEAT_1_LAST = 3'd6, BEAT_2 = 3'd7;
  // From run_i: eight beats, the core, the ranks below.
  localparam int unsigned CYCLES = 8 + esp_gcm_pkg::LATENCY + 5;

  logic running_q, send_q, corrupt_q;
  logic [5:0] cycle_q;
  logic [2:0] beat_q;
  logic [1:0] packet;
  assign packet = beat_q == 3'd0 ? 2'd0 : beat_q == BEAT_2 ? 2'd2 : 2'd1;
  assign running_o = running_q;
  always_comb begin
    valid_o = send_q;
    first_o = beat_q == 3'd0 || beat_q == 3'd1 || beat_q == BEAT_2;
    last_o = beat_q == 3'd0 || beat_q == BEAT_1_LAST || beat_q == BEAT_2;
    data_o = DECRYPT ? esp_self_test_pkg::cipher(beat_q) : esp_self_test_pkg::plain(beat_q);
    key_256_o = packet == 2'd1;
    gmac_o = packet == 2'd2;
    key_o = key_256_o ? esp_self_test_pkg::KEY_256 : esp_self_test_pkg::KEY_128;
    nonce_o = key_256_o ? esp_self_test_pkg::NONCE_256 : esp_self_test_pkg::NONCE_128;
    powers_o = key_256_o ? esp_self_test_pkg::POWERS_256 : esp_self_test_pkg::POWERS_128;
    case (packet)
      2'd0: {aad_o, aad_bytes_o, length_o} = {128'd0, 5'd0, esp_self_test_pkg::LENGTH_0};
      2'd1: {aad_o, aad_bytes_o, length_o} =
        {esp_self_test_pkg::AAD_1, 5'd12, esp_self_test_pkg::LENGTH_1};
      default: {aad_o, aad_bytes_o, length_o} =
        {esp_self_test_pkg::AAD_2, 5'd16, esp_self_test_pkg::LENGTH_2};
    endcase
    bytes_o = last_o ? {1'b0, length_o[5:0] - 6'd1} + 7'd1 : 7'd64;
  end

  // --- answers: registered, compared in pieces, then together ----
  logic valid1_q, last1_q, last1, valid2_q, last_wrong2_q, wrong_q;
  logic [3:0] beat1_q;       // eight when all have come
  logic [511:0] data1_q, expected1;
  logic [127:0] tag1_q, tag1;
  logic [15:0] data_wrong2_q;
  logic [3:0] tag_wrong2_q;
  always_comb begin
    expected1 = DECRYPT ? esp_self_test_pkg::plain(beat1_q[2:0])
                        : esp_self_test_pkg::cipher(beat1_q[2:0]);
    last1 = 1'b1;
    case (beat1_q[2:0])
      3'd0: tag1 = esp_self_test_pkg::TAG_0;
      BEAT_1_LAST: tag1 = esp_self_test_pkg::TAG_1;
      BEAT_2: tag1 = esp_self_test_pkg::TAG_2;
      default: begin
        tag1 = '0;
        last1 = 1'b0;
      end
    endcase
    if (corrupt_q && beat1_q[2:0] == BEAT_1_LAST) tag1[0] = !tag1[0];
  end
  always_ff @(posedge clk_i) begin
    if (running_q) begin
      data1_q <= data_i;
      tag1_q <= tag_i;
      last1_q <= last_i;
    end
    for (int unsigned i = 0; i < 16; i = i + 1) begin
      data_wrong2_q[i] <= data1_q[32*i+:32] != expected1[32*i+:32];
    end
    for (int unsigned i = 0; i < 4; i = i + 1) begin
      tag_wrong2_q[i] <= last1 && tag1_q[32*i+:32] != tag1[32*i+:32];
    end
    last_wrong2_q <= last1_q != last1 || beat1_q[3];
    done_o <= 1'b0;
    if (!rst_ni) begin
      running_q <= 1'b0;
      send_q <= 1'b0;
      corrupt_q <= 1'b0;
      cycle_q <= '0;
      beat_q <= '0;
      valid1_q <= 1'b0;
      valid2_q <= 1'b0;
      beat1_q <= '0;
      wrong_q <= 1'b0;
      ok_o <= 1'b0;
    end else begin
      valid1_q <= running_q && valid_i;
      valid2_q <= valid1_q;
      cycle_q <= cycle_q + 6'd1;
      if (send_q) beat_q <= beat_q + 3'd1;
      if (send_q && beat_q == BEAT_2) send_q <= 1'b0;
      if (valid1_q) beat1_q <= beat1_q[3] ? beat1_q : beat1_q + 4'd1;
      if (valid2_q && ((|data_wrong2_q) || (|tag_wrong2_q) || last_wrong2_q)) wrong_q <= 1'b1;
      if (running_q && cycle_q == 6'(CYCLES)) begin
        running_q <= 1'b0;
        done_o <= 1'b1;
        ok_o <= !wrong_q && beat1_q[3];
      end
      if (run_i && !running_q) begin
        running_q <= 1'b1;
        send_q <= 1'b1;
        corrupt_q <= corrupt_i;
        cycle_q <= '0;
        beat_q <= '0;
        beat1_q <= '0;
        wrong_q <= 1'b0;
      end
    end
  end
endmodule
`default_nettype wire
