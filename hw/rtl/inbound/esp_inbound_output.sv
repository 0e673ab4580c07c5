// Output of the inbound half: the packet FIFO, what changes in a packet's first beat, and its end.
// Beats are written ahead of their verdict; `delivery_i` comes with the commit, because the length
// of a packet in transport mode and the header that goes with it are known only at its end. So the
// FIFO may hold beats behind the packet's end, which are dropped here: a packet never has more
// beats in the FIFO than it had at the input.
`default_nettype none
module esp_inbound_output #(
  parameter int unsigned PACKET_LOG2 = 9
) (
  input  wire logic         clk_i,
  input  wire logic         rst_ni,
  input  wire logic         write_i,
  input  wire logic         write_last_i,     // last beat of the packet in the FIFO
  input  wire logic [511:0] data_i,
  input  wire logic         commit_i,
  input  wire logic         rewind_i,
  input  wire esp_inbound_pkg::delivery_t delivery_i,  // with commit_i
  output logic [PACKET_LOG2:0] used_o,
  output logic              out_tvalid_o,
  input  wire logic         out_tready_i,
  output logic [511:0]      out_tdata_o,
  output logic [63:0]       out_tkeep_o,
  output logic              out_tlast_o
);
  logic beat_valid, beat_last, beat_pop, delivery_valid;
  logic [511:0] beat;
  esp_inbound_pkg::delivery_t delivery;
  esp_packet_fifo #(.WIDTH(513), .DEPTH_LOG2(PACKET_LOG2)) u_beats (
    .clk_i, .rst_ni, .write_i, .data_i({write_last_i, data_i}), .commit_i, .rewind_i, .used_o,
    .valid_o(beat_valid), .ready_i(beat_pop), .data_o({beat_last, beat})
  );
  // Never more entries than packets, and so than beats.
  /* verilator lint_off PINCONNECTEMPTY */
  esp_packet_fifo #(.WIDTH($bits(delivery_i)), .DEPTH_LOG2(PACKET_LOG2)) u_deliveries (
    .clk_i, .rst_ni, .write_i(commit_i), .data_i(delivery_i), .commit_i, .rewind_i(1'b0),
    .used_o(), .valid_o(delivery_valid), .ready_i(beat_pop && beat_last), .data_o(delivery)
  );
  /* verilator lint_on PINCONNECTEMPTY */

  logic [9:0] index_q, last;
  logic present, tail;
  assign last = delivery.last;
  assign present = index_q <= last;
  assign tail = index_q == last;
  assign beat_pop = beat_valid && delivery_valid && (!present || out_tready_i);
  always_ff @(posedge clk_i) begin
    if (!rst_ni) index_q <= '0;
    else if (beat_pop) index_q <= beat_last ? '0 : index_q + 10'd1;
  end

  // --- first beat ----
  logic [15:0] payload;       // IPv6 payload length
  always_comb begin
    payload = delivery.length - 16'd40;
    out_tdata_o = beat;
    if (index_q == '0) begin
      if (delivery.patch == esp_inbound_pkg::PATCH_ECN) begin
        if (delivery.ipv6) begin
          out_tdata_o[13:12] = delivery.value[1:0];
        end else begin
          out_tdata_o[9:8] = delivery.value[1:0];
        end
      end
      if (delivery.patch == esp_inbound_pkg::PATCH_HEADER) begin
        if (delivery.ipv6) begin
          out_tdata_o[47:32] = esp_core_pkg::swap16(payload);
          out_tdata_o[55:48] = delivery.value;
        end else begin
          out_tdata_o[31:16] = esp_core_pkg::swap16(delivery.length);
          out_tdata_o[79:72] = delivery.value;
        end
      end
      if (delivery.patch != esp_inbound_pkg::PATCH_NONE && !delivery.ipv6)
        out_tdata_o[95:80] = esp_core_pkg::swap16(delivery.checksum);
    end
  end
  assign out_tvalid_o = beat_valid && delivery_valid && present;
  assign out_tlast_o = tail;
  assign out_tkeep_o = esp_core_pkg::keep(tail ? esp_core_pkg::tail_bytes(delivery.length[5:0])
                                               : 7'd64);

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) begin
    if (rst_ni && beat_pop) begin
      assert (!beat_last || index_q >= last) else $error("a packet ends before its length");
    end
  end
`endif
endmodule
`default_nettype wire
