// The cipher of the inbound half with what goes beside it: text beats in, plaintext beats out, the
// outcome of the ICV at each packet's end. No stall; see esp_inbound_align for the order.
`default_nettype none
module esp_inbound_cipher (
  input  wire logic         clk_i,
  input  wire logic         rst_ni,
  input  wire logic         self_test_run_i,
  input  wire logic         self_test_corrupt_i,
  output logic              self_test_done_o,
  output logic              self_test_ok_o,
  // from the sequencer
  input  wire logic         valid_i,
  input  wire logic         first_i,
  input  wire logic         last_i,
  input  wire logic [6:0]   bytes_i,
  input  wire logic         end_i,
  input  wire logic         spare_i,
  input  wire logic [511:0] text_i,
  input  wire logic [esp_inbound_pkg::HEADER_BITS-1:0] header_i,
  /* verilator lint_off UNUSEDSIGNAL */ // the offset is the sequencer's own
  input  wire esp_inbound_pkg::record_t record_i,
  /* verilator lint_on UNUSEDSIGNAL */
  input  wire logic [127:0] icv_i,            // stream order, one cycle after end_i
  // plaintext
  output logic              valid_o,
  output logic              first_o,
  output logic              last_o,
  output logic              end_o,
  output logic              spare_o,
  output logic [511:0]      data_o,
  output logic              icv_ok_o,
  output logic [esp_inbound_pkg::HEADER_BITS-1:0] header_o,
  output esp_inbound_pkg::info_t info_o
);
  localparam int unsigned LATENCY = esp_gcm_pkg::LATENCY;
  localparam int unsigned HEADER_BITS = esp_inbound_pkg::HEADER_BITS;

  esp_gcm_pkg::hash_powers_t powers;
  esp_inbound_pkg::info_t info;
  logic [31:0] high, low;
  logic [127:0] aad;
  logic [4:0] aad_bytes;
  assign powers = record_i.powers;
  assign info = record_i.info;
  assign high = info.sequence_guess;
  assign low = info.sequence_low;
  always_comb begin
    // RFC 4106 section 5: with ESN the high half stands between SPI and the low half. RFC 4543
    // section 3.3: the IV follows, and the payload; with ESN the IV's second half goes with the
    // payload.
    if (record_i.gmac) begin
      aad = record_i.esn ? {record_i.spi, high, low, record_i.iv[63:32]}
                         : {record_i.spi, low, record_i.iv};
      aad_bytes = 5'd16;
    end else begin
      aad = record_i.esn ? {record_i.spi, high, low, 32'd0} : {record_i.spi, low, 64'd0};
      aad_bytes = record_i.esn ? 5'd12 : 5'd8;
    end
  end

  logic valid, first, last, end_late, spare;
  logic [511:0] text;
  logic [127:0] tag, icv;
  logic [HEADER_BITS-1:0] header;
  esp_inbound_pkg::info_t info_late;
  esp_gcm_tested #(.DECRYPT(1'b1)) u_gcm (
    .clk_i, .rst_ni,
    .self_test_run_i, .self_test_corrupt_i, .self_test_done_o, .self_test_ok_o,
    .valid_i, .first_i, .last_i, .bytes_i, .data_i(text_i),
    .key_i(record_i.key), .key_256_i(record_i.key_256), .gmac_i(record_i.gmac),
    .nonce_i({record_i.salt, record_i.iv}), .aad_i(aad), .aad_bytes_i(aad_bytes),
    .length_i(record_i.core_bytes), .powers_i(powers),
    .valid_o(valid), .first_o(first), .last_o(last), .data_o(text), .tag_o(tag)
  );
  esp_delay_line #(.WIDTH(1 + HEADER_BITS + $bits(info)), .CYCLES(LATENCY)) u_beside (
    .clk_i, .rst_ni, .data_i({spare_i, header_i, info}), .data_o({spare, header, info_late})
  );
  esp_delay_line #(.WIDTH(128), .CYCLES(LATENCY - 1)) u_icv (
    .clk_i, .rst_ni, .data_i(icv_i), .data_o(icv)
  );
  esp_delay_bits #(.WIDTH(1), .CYCLES(LATENCY)) u_end (
    .clk_i, .rst_ni, .data_i(end_i), .data_o(end_late)
  );
  esp_inbound_align u_align (
    .clk_i, .rst_ni, .valid_i(valid), .first_i(first), .last_i(last), .end_i(end_late),
    .spare_i(valid && spare), .data_i(text), .tag_i(tag), .icv_i(icv), .header_i(header),
    .info_i(info_late),
    .valid_o, .first_o, .last_o, .end_o, .spare_o, .data_o, .icv_ok_o, .header_o, .info_o
  );

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) begin
    if (rst_ni) begin
      assert (!valid_i || last_i || bytes_i == 7'd64) else $error("short beat in mid-packet");
      assert (!(valid && last) || end_late) else $error("end marker out of step");
    end
  end
`endif
endmodule
`default_nettype wire
