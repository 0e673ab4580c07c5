// Puts the IP header of a packet in transport mode back in front of its payload: beats move up by
// header_words_i, and what falls off their end goes to the next one; the last of it, if it is to be
// kept, leaves in the spare cycle after the last beat. With no header words beats pass unchanged.
// Two cycles.
`default_nettype none
module esp_inbound_rotate (
  input  wire logic         clk_i,
  input  wire logic         rst_ni,
  input  wire logic         valid_i,
  input  wire logic         first_i,
  input  wire logic         spare_i,          // with the last beat: the next cycle is free
  input  wire logic         spill_i,          // with the last beat: and is used
  input  wire logic         write_i,
  input  wire logic         write_last_i,
  input  wire logic [3:0]   header_words_i,
  input  wire logic [511:0] data_i,
  input  wire logic [esp_inbound_pkg::HEADER_BITS-1:0] header_i,  // with first_i
  output logic              release_o,        // a beat was here, written or not; or a spare cycle
  output logic              write_o,
  output logic              write_last_o,
  output logic [511:0]      data_o
);
  localparam int unsigned HEADER_WORDS = esp_inbound_pkg::HEADER_WORDS;
  localparam int unsigned HEADER_BITS = esp_inbound_pkg::HEADER_BITS;

  // --- 1: rotated left by words ----
  logic valid1_q, first1_q, spare1_q, spill1_q, write1_q, write_last1_q;
  logic [3:0] header_words1_q;
  logic [511:0] rotated1_q;
  logic [HEADER_BITS-1:0] header1_q;
  logic [1023:0] twice;
  assign twice = {data_i, data_i};
  always_ff @(posedge clk_i) begin
    valid1_q <= rst_ni && valid_i;
    spare1_q <= rst_ni && valid_i && spare_i;
    spill1_q <= rst_ni && valid_i && spill_i;
    write1_q <= rst_ni && write_i;
    write_last1_q <= write_last_i;
    first1_q <= first_i;
    header_words1_q <= header_words_i;
    rotated1_q <= twice[512-{header_words_i, 5'd0}+:512];
    header1_q <= header_i;
  end

  // --- 2: what fell off the beat before, or the header, at the bottom ----
  logic spare2_q, spill2_q;
  logic [3:0] header_words, header_words2_q;
  logic [HEADER_BITS-1:0] carried2_q;
  logic [511:0] merged;
  assign header_words = spill2_q ? header_words2_q : header_words1_q;
  always_comb begin
    merged = spill2_q ? 512'd0 : rotated1_q;
    for (int unsigned i = 0; i < HEADER_WORDS; i = i + 1) begin
      if (header_words > 4'(i)) begin
        merged[32*i+:32] = !spill2_q && first1_q ? header1_q[32*i+:32] : carried2_q[32*i+:32];
      end
    end
  end
  logic release_q, write_q, write_last_q;
  logic [511:0] data_q;
  always_ff @(posedge clk_i) begin
    spare2_q <= rst_ni && spare1_q;
    spill2_q <= rst_ni && spill1_q;
    if (valid1_q) begin
      header_words2_q <= header_words1_q;
      carried2_q <= rotated1_q[HEADER_BITS-1:0];
    end
    release_q <= rst_ni && (valid1_q || spare2_q);
    write_q <= rst_ni && (write1_q || spill2_q);
    write_last_q <= write_last1_q || spill2_q;
    data_q <= merged;
  end
  assign release_o = release_q;
  assign write_o = write_q;
  assign write_last_o = write_last_q;
  assign data_o = data_q;

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) begin
    if (rst_ni) begin
      assert (!(valid1_q && spare2_q)) else $error("the spare cycle is not free");
      assert (!spill1_q || spare1_q) else $error("a beat without a cycle");
      assert (header_words1_q <= 4'(HEADER_WORDS)) else $error("header longer than is kept");
    end
  end
`endif
endmodule
`default_nettype wire
