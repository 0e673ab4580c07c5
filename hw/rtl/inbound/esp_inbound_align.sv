// Behind the cipher: compares the ICV, and drops the 4 bytes of the IV that stand in front of the
// text of a shifted packet (GMAC with ESN). What comes in is held back until the packet's next beat
// comes, or for one cycle if it is its last, so beats and end markers keep their order and the
// cycles between packets stay as they are; a last beat that holds nothing but the 4 bytes that its
// predecessor lacks leaves with that one, and its own cycle is spare. Two cycles for a last beat,
// one beat per cycle.
`default_nettype none
module esp_inbound_align (
  input  wire logic         clk_i,
  input  wire logic         rst_ni,
  input  wire logic         valid_i,          // a beat of text
  input  wire logic         first_i,
  input  wire logic         last_i,
  input  wire logic         end_i,            // end of any packet, with text or without
  input  wire logic         spare_i,          // with last_i: the cycle after it is the packet's too
  input  wire logic [511:0] data_i,
  input  wire logic [127:0] tag_i,            // big-endian, with last_i
  input  wire logic [127:0] icv_i,            // as received, stream order, with last_i
  input  wire logic [esp_inbound_pkg::HEADER_BITS-1:0] header_i,  // with first_i
  input  wire esp_inbound_pkg::info_t info_i,
  output logic              valid_o,
  output logic              first_o,
  output logic              last_o,
  output logic              end_o,
  output logic              spare_o,          // with last_o, as spare_i
  output logic [511:0]      data_o,
  output logic              icv_ok_o,         // with end_o
  output logic [esp_inbound_pkg::HEADER_BITS-1:0] header_o,
  output esp_inbound_pkg::info_t info_o
);
  logic held_q, held_text_q, held_first_q, held_end_q, held_spare_q, held_icv_ok_q;
  logic [511:0] held_data_q;
  logic [esp_inbound_pkg::HEADER_BITS-1:0] header_q;
  esp_inbound_pkg::info_t held_info_q;
  logic item, icv_ok, swallow, emit;
  assign item = valid_i || end_i;
  assign icv_ok = tag_i == esp_core_pkg::swap128(icv_i);
  // Text is a multiple of 4 bytes long.
  assign swallow = valid_i && last_i && !first_i && info_i.shifted && info_i.text_bytes[5:0] == '0;
  assign emit = held_q && (held_end_q || item);
  always_ff @(posedge clk_i) begin
    if (!rst_ni) held_q <= 1'b0;
    else if (item && !swallow) held_q <= 1'b1;
    else if (emit) held_q <= 1'b0;
    if (item && !swallow) begin
      held_text_q <= valid_i;
      held_first_q <= first_i;
      held_end_q <= end_i;
      held_spare_q <= spare_i;
      held_data_q <= data_i;
      held_icv_ok_q <= icv_ok;
      held_info_q <= info_i;
    end
    if (valid_i && first_i) header_q <= header_i;
  end

  logic valid_q, first_q, last_q, end_q, spare_q, icv_ok_q;
  logic [511:0] data_q;
  logic [esp_inbound_pkg::HEADER_BITS-1:0] header_out_q;
  esp_inbound_pkg::info_t info_q;
  always_ff @(posedge clk_i) begin
    valid_q <= rst_ni && emit && held_text_q;
    end_q <= rst_ni && emit && (held_end_q || swallow);
    first_q <= held_first_q;
    last_q <= held_end_q || swallow;
    spare_q <= swallow || held_spare_q;
    icv_ok_q <= swallow ? icv_ok : held_icv_ok_q;
    data_q <= held_info_q.shifted ? {held_end_q ? 32'd0 : data_i[31:0], held_data_q[511:32]}
                                  : held_data_q;
    info_q <= held_info_q;
    if (emit && held_first_q) header_out_q <= header_q;
  end
  assign valid_o = valid_q;
  assign first_o = first_q;
  assign last_o = last_q;
  assign end_o = end_q;
  assign spare_o = spare_q;
  assign data_o = data_q;
  assign icv_ok_o = icv_ok_q;
  assign header_o = header_out_q;
  assign info_o = info_q;

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) begin
    if (rst_ni) begin
      assert (!(held_q && !held_end_q && item) || (valid_i && !first_i))
        else $error("a packet begins in another one");
      assert (!swallow || (held_q && !held_end_q)) else $error("nothing to swallow the beat");
    end
  end
`endif
endmodule
`default_nettype wire
