// esp_ingress: takes every beat that it accepts exactly once and shows the first beat of every
// packet exactly once; never holds more beats or more undecided packets than it has room for; while
// it is held no packet begins, but one that has begun goes on; it accepts whenever it may.
`default_nettype none
module ingress_proof #(
  parameter int unsigned BEATS_LOG2 = 2,
  parameter int unsigned RECORDS_LOG2 = 2
) (
  input wire logic         clk_i,
  input wire logic         rst_ni,
  input wire logic         hold_i,
  input wire logic         tvalid_i,
  input wire logic [511:0] tdata_i,
  input wire logic         tlast_i,
  input wire logic [15:0]  length_i,
  input wire logic         beat_pop_i,
  input wire logic         record_pop_i,
  output logic             tready_o
);
  localparam int unsigned BEATS = 1 << BEATS_LOG2;
  localparam int unsigned RECORDS = 1 << RECORDS_LOG2;
  logic first, beat_valid, beat_last;
  logic [511:0] beat_data;
  logic [BEATS_LOG2:0] beat_count;
  esp_ingress #(.BEATS_LOG2(BEATS_LOG2), .RECORDS_LOG2(RECORDS_LOG2)) u_ingress (
    .clk_i, .rst_ni, .hold_i, .tvalid_i, .tready_o, .tdata_i, .tlast_i, .length_i,
    .first_o(first), .beat_valid_o(beat_valid), .beat_data_o(beat_data), .beat_last_o(beat_last),
    .beat_count_o(beat_count), .beat_pop_i, .record_pop_i
  );

  logic started_q = 1'b0;
  logic waiting_q;                     // an offered beat that was not taken
  logic inside_q;                      // a packet has begun and not ended
  logic [BEATS_LOG2+1:0] beats_q;      // accepted and not popped
  logic [RECORDS_LOG2+1:0] packets_q;  // begun and not taken by the sequencer
  logic take;
  assign take = tvalid_i && tready_o;
  always_ff @(posedge clk_i) begin
    started_q <= 1'b1;
    if (!rst_ni) begin
      waiting_q <= 1'b0;
      inside_q <= 1'b0;
      beats_q <= '0;
      packets_q <= '0;
    end else begin
      waiting_q <= tvalid_i && !tready_o;
      if (take) inside_q <= !tlast_i;
      beats_q <= beats_q + (BEATS_LOG2 + 2)'(take) - (BEATS_LOG2 + 2)'(beat_pop_i);
      packets_q <= packets_q + (RECORDS_LOG2 + 2)'(take && !inside_q)
                   - (RECORDS_LOG2 + 2)'(record_pop_i);
    end
  end
  // The shell offers a beat until it is taken; the sequencer takes what is there.
  always_comb begin
    if (!started_q) assume (!rst_ni);
    if (waiting_q) assume (tvalid_i);
    assume (!(beat_pop_i && !beat_valid));
    assume (!(record_pop_i && packets_q == '0));
  end

  always_comb begin
    if (started_q) begin
      assert (beats_q <= BEATS);
      assert (packets_q <= RECORDS);
      assert (beat_count == beats_q[BEATS_LOG2:0]);
      assert (beat_valid == (beats_q != '0));
      assert (first == (take && !inside_q));
      if (hold_i) assert (!first);
      if (beats_q < BEATS && (inside_q || (!hold_i && packets_q < RECORDS))) assert (tready_o);
    end
  end
  always_comb begin
    cover (started_q && rst_ni && hold_i && take);
    cover (started_q && rst_ni && packets_q == RECORDS && tvalid_i && !tready_o);
    cover (started_q && rst_ni && beats_q == BEATS && inside_q);
  end
`ifndef CLAIMS_ONLY
  // --- what makes it inductive ---
  (* hierconn *) wire \u_ingress.inside_q ;
  (* hierconn *) wire [RECORDS_LOG2:0] \u_ingress.records_q ;
  always_comb begin
    if (started_q) begin
      assert (\u_ingress.inside_q == inside_q);
      assert (\u_ingress.records_q == packets_q[RECORDS_LOG2:0]);
    end
  end
`endif
endmodule
`default_nettype wire
