// Input of one direction: a beat FIFO, and the first beat of every packet shown to the decision
// pipeline in the cycle in which it is taken. The only place where a stream is stalled. Admission:
// a packet is taken only while fewer than 2^RECORDS_LOG2 packets await the sequencer, so the
// decision pipeline never overflows the record FIFO behind it; hold_i keeps new packets out but
// lets one that has begun go on.
`default_nettype none
module esp_ingress #(
  parameter int unsigned BEATS_LOG2 = 6,
  parameter int unsigned RECORDS_LOG2 = 5
) (
  input  wire logic          clk_i,
  input  wire logic          rst_ni,
  input  wire logic          hold_i,
  // stream
  input  wire logic          tvalid_i,
  output logic               tready_o,
  input  wire logic [511:0]  tdata_i,
  input  wire logic          tlast_i,
  input  wire logic [15:0]   length_i,       // frame bytes, on the first beat
  // first beats, to the decision pipeline
  output logic               first_o,
  // beats, to the sequencer
  output logic               beat_valid_o,
  output logic [511:0]       beat_data_o,
  output logic               beat_last_o,
  output logic [BEATS_LOG2:0] beat_count_o,
  input  wire logic          beat_pop_i,
  input  wire logic          record_pop_i    // the sequencer has taken a record
);
  logic inside_q;  // between the first and the last beat of a packet
  logic [RECORDS_LOG2:0] records_q;
  logic take;

  assign tready_o = !beat_count_o[BEATS_LOG2]
                    && (inside_q || (!hold_i && !records_q[RECORDS_LOG2]));
  assign take = tvalid_i && tready_o;
  assign first_o = take && !inside_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      inside_q <= 1'b0;
      records_q <= '0;
    end else begin
      if (take) inside_q <= !tlast_i;
      if (first_o && !record_pop_i) records_q <= records_q + 1'b1;
      else if (!first_o && record_pop_i) records_q <= records_q - 1'b1;
    end
  end

  esp_fifo #(.WIDTH(513), .DEPTH_LOG2(BEATS_LOG2)) u_beats (
    .clk_i, .rst_ni,
    .push_i(take), .data_i({tlast_i, tdata_i}),
    .pop_i(beat_pop_i), .valid_o(beat_valid_o), .data_o({beat_last_o, beat_data_o}),
    .count_o(beat_count_o)
  );

`ifndef SYNTHESIS
  // The shell's promise: ceil(length / 64) beats, one for an empty frame.
  logic [10:0] expected_q, expected;
  logic [10:0] index_q, index;
  assign expected = inside_q ? expected_q
                    : length_i == '0 ? 11'd1 : {1'b0, length_i[15:6]} + 11'(|length_i[5:0]);
  assign index = inside_q ? index_q : 11'd1;
  always_ff @(posedge clk_i) begin
    if (take) begin
      expected_q <= expected;
      index_q <= index + 11'd1;
    end
    if (rst_ni && take) begin
      assert (tlast_i == (index == expected))
        else $error("beats do not agree with the frame length");
    end
  end
`endif
endmodule
`default_nettype wire
