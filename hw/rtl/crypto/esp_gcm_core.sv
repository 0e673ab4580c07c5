// AES-GCM (NIST SP 800-38D) on a 512-bit stream: one 64-byte beat of one packet a cycle, key and
// all else changing with every packet, bubbles anywhere. No stall: a slot, valid or not, comes out
// esp_gcm_pkg::LATENCY cycles after it went in. A packet's beats come in order and unmixed.
//
//   rank  1      inputs
//   rank  2..16  counter blocks through AES, four lanes and one more for E(K, J0) on the last beat;
//                AAD * H and length * H meanwhile
//   rank 17      other text; ciphertext ^ (AAD * H on the first beat) goes to GHASH
//   rank 18..22  the beat's four blocks times H^4..H^1
//   rank 23..28  Horner over the beats, four blocks a step (ghash_horner.sv)
//   rank 29..32  a short last beat of m blocks was counted as four, so times H^(m-4); and times H
//                for the length block
//   rank 33      tag; the text waited for it
//
// data_i and data_o hold byte n of the beat in [8n+7:8n]; all other values have the first byte most
// significant. The values that belong to a packet (key_i to powers_i) stand on each of its beats.
// key_i holds AES-128 in [255:128]; aad_i is padded with zeros; length_i counts the payload bytes
// of the packet, at least 1. data_o is zero past bytes_i; tag_o holds with last_o. With DECRYPT
// data_i is the ciphertext, and the caller compares the tag.
//
// With gmac_i (GMAC, RFC 4543) the text passes unchanged and belongs to the AAD, so that the length
// block counts it there; aad_i must then be a whole block, as what follows it in GHASH is the text.
`default_nettype none
module esp_gcm_core #(
  parameter bit DECRYPT = 1'b0
) (
  input  wire logic         clk_i,
  input  wire logic         rst_ni,
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
  localparam int unsigned LATENCY = esp_gcm_pkg::LATENCY;
  localparam int unsigned AES_RANK = 16, TEXT_RANK = 17, BEAT_RANK = 22;
  localparam int unsigned SUM_RANK = 28, LAST_RANK = 32;
  localparam logic [127:0] ONE = {1'b1, 127'd0};

  // ---- Slots: only these have a reset, all else moves with them.
  logic [LATENCY:1] valid_q, first_q, last_q;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      valid_q <= '0;
      first_q <= '0;
      last_q <= '0;
    end else begin
      valid_q <= {valid_q[LATENCY-1:1], valid_i};
      first_q <= {first_q[LATENCY-1:1], valid_i && first_i};
      last_q <= {last_q[LATENCY-1:1], valid_i && last_i};
    end
  end
  assign valid_o = valid_q[LATENCY];
  assign first_o = first_q[LATENCY];
  assign last_o = last_q[LATENCY];

  // ---- Rank 1: inputs, and the beat's place in its packet.
  logic [511:0] data_q;
  logic [6:0]   bytes_q;
  logic [3:0]   blocks_q;      // block n of the beat has a byte
  logic [255:0] key_q;
  logic         key_256_q;
  logic         gmac_q;
  logic [95:0]  nonce_q;
  logic [127:0] aad_q;
  logic [4:0]   aad_bytes_q;
  logic [16:0]  length_q;      // bytes, with GMAC those of the AAD too
  esp_gcm_pkg::hash_powers_t powers_q;
  logic [9:0]   index_q;       // beat k of the packet
  logic [10:0]  next_index_q;  // k + 1
  logic [9:0]   remaining_q;   // beats after this one
  logic [2:0]   slot_q;        // k mod 5
  logic         past_q;        // k >= 5
  logic [15:0]  length_less_one;
  assign length_less_one = length_i - 16'd1;

  always_ff @(posedge clk_i) begin
    if (valid_i) begin
      data_q <= data_i;
      bytes_q <= bytes_i;
      blocks_q <= {bytes_i > 7'd48, bytes_i > 7'd32, bytes_i > 7'd16, 1'b1};
      key_q <= key_i;
      key_256_q <= key_256_i;
      gmac_q <= gmac_i;
      nonce_q <= nonce_i;
      aad_q <= aad_i;
      aad_bytes_q <= aad_bytes_i;
      length_q <= {1'b0, length_i} + (gmac_i ? {12'd0, aad_bytes_i} : 17'd0);
      powers_q <= powers_i;
      if (first_i) begin
        index_q <= 10'd0;
        next_index_q <= 11'd1;
        remaining_q <= length_less_one[15:6];
        slot_q <= 3'd0;
        past_q <= 1'b0;
      end else begin
        index_q <= next_index_q[9:0];
        next_index_q <= next_index_q + 11'd1;
        remaining_q <= remaining_q - 10'd1;
        slot_q <= slot_q == 3'd4 ? 3'd0 : slot_q + 3'd1;
        past_q <= past_q || slot_q == 3'd4;
      end
    end
  end

  // ---- Ranks 2 to 16: payload block i of the packet is under counter 2 + i, J0 under 1 (7.1).
  logic [127:0] stream0, stream1, stream2, stream3, tag_stream;
  aes_pipeline #(.LANES(5)) u_aes (
    .clk_i,
    .lane_i({last_q[1], gmac_q ? 4'd0 : blocks_q} & {5{valid_q[1]}}),
    .block_i({nonce_q, 32'd1,
              nonce_q, 19'd0, next_index_q, 2'd1,
              nonce_q, 19'd0, next_index_q, 2'd0,
              nonce_q, 20'd0, index_q, 2'd3,
              nonce_q, 20'd0, index_q, 2'd2}),
    .key_i(key_q),
    .key_256_i(key_256_q),
    .block_o({tag_stream, stream3, stream2, stream1, stream0}));

  logic [127:0] aad_product, aad_term, length_product, length_term;
  gf128_multiplier u_aad (
    .clk_i, .enable_i(first_q[1]), .a_i(aad_q), .b_i(powers_q.h_1), .product_o(aad_product));
  esp_delay_line #(.WIDTH(128), .CYCLES(AES_RANK - 5)) u_aad_delay (
    .clk_i, .rst_ni, .data_i(aad_product), .data_o(aad_term));
  gf128_length_multiplier u_length (
    .clk_i, .enable_i(last_q[1]), .gmac_i(gmac_q), .aad_bytes_i(aad_bytes_q),
    .length_i(length_q),
    .h_i(powers_q.h_1), .product_o(length_product));
  esp_delay_line #(.WIDTH(128), .CYCLES(AES_RANK - 4)) u_length_delay (
    .clk_i, .rst_ni, .data_i(length_product), .data_o(length_term));

  logic [511:0] text;
  logic [6:0]   text_bytes;
  logic [3:0]   text_blocks;
  logic         text_gmac;
  esp_delay_line #(.WIDTH(524), .CYCLES(AES_RANK - 1)) u_text_delay (
    .clk_i, .rst_ni, .data_i({gmac_q, blocks_q, bytes_q, data_q}),
    .data_o({text_gmac, text_blocks, text_bytes, text}));

  // ---- Rank 17: other text, what is hashed, and the tag's mask E(K, J0) ^ length * H.
  logic [511:0] other_q, hashed_q, powers_beat;
  logic [3:0]   hashed_blocks_q;
  logic [127:0] mask_q;
  gcm_text #(.DECRYPT(DECRYPT)) u_text (
    .clk_i,
    .enable_i(valid_q[AES_RANK]),
    .bytes_i(text_bytes),
    .gmac_i(text_gmac),
    .text_i(text),
    .stream_i({stream3, stream2, stream1, stream0}),
    .add_i(first_q[AES_RANK]),
    .addend_i(aad_term),
    .other_o(other_q),
    .hashed_o(hashed_q));
  always_ff @(posedge clk_i) begin
    hashed_blocks_q <= text_blocks;
    if (last_q[AES_RANK]) mask_q <= tag_stream ^ length_term;
  end
  esp_delay_line #(.WIDTH(512), .CYCLES(TEXT_RANK - 1)) u_powers_delay (
    .clk_i, .rst_ni,
    .data_i({powers_q.h_1, powers_q.h_2, powers_q.h_3, powers_q.h_4}), .data_o(powers_beat));

  // ---- Ranks 18 to 22: one beat.
  logic [127:0] beat_sum;
  ghash_beat u_beat (
    .clk_i, .enable_i(valid_q[TEXT_RANK]), .block_i(hashed_blocks_q),
    .data_i(hashed_q), .powers_i(powers_beat), .sum_o(beat_sum));

  // ---- Rank 2: powers that depend on the beat's place; they wait for it.
  logic [127:0] horner_power_q, last_power_q;
  logic         merge_q, head_q, past_qq;
  logic [2:0]   slot_qq;
  always_ff @(posedge clk_i) begin
    if (valid_q[1]) begin
      case (remaining_q)
        10'd0: horner_power_q <= ONE;
        10'd1: horner_power_q <= powers_q.h_4;
        10'd2: horner_power_q <= powers_q.h_8;
        10'd3: horner_power_q <= powers_q.h_12;
        10'd4: horner_power_q <= powers_q.h_16;
        default: horner_power_q <= powers_q.h_20;
      endcase
      merge_q <= remaining_q < 10'd5;
      head_q <= remaining_q == 10'd4 || first_q[1];
      past_qq <= past_q;
      slot_qq <= slot_q;
    end
    if (last_q[1]) begin
      case (blocks_q)
        4'b1111: last_power_q <= powers_q.h_1;
        4'b0111: last_power_q <= ONE;
        4'b0011: last_power_q <= powers_q.h_m1;
        default: last_power_q <= powers_q.h_m2;
      endcase
    end
  end

  logic [127:0] horner_power, last_power;
  logic         merge, head, past;
  logic [2:0]   slot;
  esp_delay_line #(.WIDTH(134), .CYCLES(BEAT_RANK - 2)) u_horner_delay (
    .clk_i, .rst_ni, .data_i({merge_q, head_q, past_qq, slot_qq, horner_power_q}),
    .data_o({merge, head, past, slot, horner_power}));
  esp_delay_line #(.WIDTH(128), .CYCLES(SUM_RANK - 2)) u_last_delay (
    .clk_i, .rst_ni, .data_i(last_power_q), .data_o(last_power));

  // ---- Ranks 23 to 28: the packet.
  logic [127:0] packet_sum;
  ghash_horner u_horner (
    .clk_i, .enable_i(valid_q[BEAT_RANK]), .past_i(past), .slot_i(slot), .merge_i(merge),
    .head_i(head), .beat_i(beat_sum), .power_i(horner_power), .sum_o(packet_sum));

  // ---- Ranks 29 to 33: tag.
  logic [127:0] last_product, mask;
  gf128_multiplier u_last (
    .clk_i, .enable_i(last_q[SUM_RANK]), .a_i(packet_sum), .b_i(last_power),
    .product_o(last_product));
  esp_delay_line #(.WIDTH(128), .CYCLES(LAST_RANK - TEXT_RANK)) u_mask_delay (
    .clk_i, .rst_ni, .data_i(mask_q), .data_o(mask));
  always_ff @(posedge clk_i) begin
    if (last_q[LAST_RANK]) tag_o <= last_product ^ mask;
  end
  esp_delay_line #(.WIDTH(512), .CYCLES(LATENCY - TEXT_RANK)) u_other_delay (
    .clk_i, .rst_ni, .data_i(other_q), .data_o(data_o));

`ifndef SYNTHESIS
  // What the caller promises.
  logic open_q;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      open_q <= 1'b0;
    end else if (valid_i) begin
      open_q <= !last_i;
      assert (first_i == !open_q) else $error("esp_gcm_core: first_i does not follow last_i");
      assert (bytes_i >= 7'd1 && bytes_i <= 7'd64) else $error("esp_gcm_core: bytes_i not 1..64");
      assert (last_i || bytes_i == 7'd64) else $error("esp_gcm_core: short beat before the last");
      assert (length_i >= 16'd1) else $error("esp_gcm_core: length_i is 0");
      assert (aad_bytes_i <= 5'd16) else $error("esp_gcm_core: aad_bytes_i above 16");
      assert (!gmac_i || aad_bytes_i == 5'd16)
        else $error("esp_gcm_core: the AAD of GMAC is not a whole block");
      assert (last_i == (first_i ? length_less_one[15:6] == 10'd0 : remaining_q == 10'd1))
        else $error("esp_gcm_core: last_i is not where length_i says");
      assert (!last_i || bytes_i == {1'b0, length_less_one[5:0]} + 7'd1)
        else $error("esp_gcm_core: bytes_i of the last beat is not what length_i says");
    end
  end
`endif
endmodule
`default_nettype wire
