// The text of a beat under its key stream, and the ciphertext as GHASH wants it; one register rank.
// text_i and other_o are in stream order (byte n in [8n+7:8n]); stream_i and hashed_o hold block n
// in [128n +: 128], its first byte most significant. Both outputs are zero past bytes_i. With
// add_i, addend_i is added to the first block to be hashed. With gmac_i there is no key stream.
// Moves only with enable_i.
`default_nettype none
module gcm_text #(
  parameter bit DECRYPT = 1'b0
) (
  input  wire logic         clk_i,
  input  wire logic         enable_i,
  input  wire logic [6:0]   bytes_i,
  input  wire logic         gmac_i,
  input  wire logic [511:0] text_i,
  input  wire logic [511:0] stream_i,
  input  wire logic         add_i,
  input  wire logic [127:0] addend_i,
  output logic [511:0]      other_o,
  output logic [511:0]      hashed_o
);
  function automatic logic [31:0] swap(input logic [31:0] x);
    swap = {x[7:0], x[15:8], x[23:16], x[31:24]};
  endfunction

  logic [63:0] keep;
  assign keep = ~(64'hffffffffffffffff << bytes_i);

  // Word w of the stream is word 3 - w mod 4 of its block. As registers of their own the words stay
  // 32 bits wide in Verilator.
  for (genvar w = 0; w < 16; w = w + 1) begin : g_word
    localparam int unsigned PLACE = 128 * (w / 4) + 32 * (3 - w % 4);
    logic [31:0] text, stream, other, kept, addend, other_q, hashed_q;
    assign kept = {{8{keep[4*w+3]}}, {8{keep[4*w+2]}}, {8{keep[4*w+1]}}, {8{keep[4*w]}}};
    assign text = text_i[32*w +: 32] & kept;
    assign stream = gmac_i ? 32'd0 : swap(stream_i[PLACE +: 32]);
    assign other = (text_i[32*w +: 32] ^ stream) & kept;
    if (w < 4) begin : g_addend
      assign addend = add_i ? addend_i[PLACE +: 32] : 32'd0;
    end else begin : g_addend
      assign addend = 32'd0;
    end
    always_ff @(posedge clk_i) begin
      if (enable_i) begin
        other_q <= other;
        hashed_q <= swap(DECRYPT ? text : other) ^ addend;
      end
    end
    assign other_o[32*w +: 32] = other_q;
    assign hashed_o[PLACE +: 32] = hashed_q;
  end
endmodule
`default_nettype wire
