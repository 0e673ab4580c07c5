// Feeds esp_gcm_core slots from a file, one a cycle, and prints what comes out. For a simulator that
// is not Verilator: tests/hw/gcm_in_icarus writes the slots and judges the output.
`default_nettype none
module gcm_icarus_bench;
  localparam SLOT_BITS = 2305;
  parameter SLOTS = 1;
  reg [SLOT_BITS-1:0] slots [0:SLOTS-1];
  reg clk = 1'b0, rst_n = 1'b0;
  integer slot = 0, after = 0;
  reg [SLOT_BITS-1:0] now = 0;
  wire valid_o, first_o, last_o;
  wire [511:0] data_o;
  wire [127:0] tag_o;

  wire valid, first, last, key_256, gmac;
  wire [6:0] bytes;
  wire [511:0] data;
  wire [255:0] key;
  wire [95:0] nonce;
  wire [127:0] aad;
  wire [4:0] aad_bytes;
  wire [15:0] length;
  wire [1279:0] powers;
  assign {valid, first, last, key_256, gmac, bytes, aad_bytes, length, nonce, aad, key, data, powers}
         = now;
  esp_gcm_core #(.DECRYPT(1'b0)) u_core (
    .clk_i(clk), .rst_ni(rst_n), .valid_i(valid), .first_i(first), .last_i(last), .bytes_i(bytes),
    .data_i(data), .key_i(key), .key_256_i(key_256), .gmac_i(gmac), .nonce_i(nonce), .aad_i(aad),
    .aad_bytes_i(aad_bytes), .length_i(length), .powers_i(powers),
    .valid_o(valid_o), .first_o(first_o), .last_o(last_o), .data_o(data_o), .tag_o(tag_o)
  );

  reg [1023:0] file;
  initial begin
    if (!$value$plusargs("slots=%s", file)) begin
      $display("no +slots=FILE");
      $finish;
    end
    $readmemh(file, slots);
  end
  always #1 clk = !clk;
  always @(negedge clk) begin
    if (after == 4) rst_n <= 1'b1;
    if (after < 8) after <= after + 1;
    else begin
      now <= slot < SLOTS ? slots[slot] : 0;
      slot <= slot + 1;
      if (slot == SLOTS + 50) $finish;
    end
    if (valid_o === 1'b1) $display("%b %b %h %h", first_o, last_o, data_o, tag_o);
  end
endmodule
`default_nettype wire
