// One half of the stand-in core (esp_core.sv beside this says what it does). One beat a cycle.
`default_nettype none
module stand_in_half #(
  parameter bit ECHO_SA = 1'b0
) (
  input  wire logic         clk_i,
  input  wire logic         rst_ni,
  input  wire logic         in_valid_i,
  output logic              in_ready_o,
  input  wire logic [511:0] in_data_i,
  input  wire logic         in_last_i,
  input  wire logic [15:0]  in_length_i,
  input  wire logic [15:0]  in_sa_i,
  input  wire logic         in_lookup_i,
  input  wire logic         in_dummy_i,
  input  wire logic [7:0]   in_spd_i,
  output logic              out_valid_o,
  input  wire logic         out_ready_i,
  output logic [511:0]      out_data_o,
  output logic [63:0]       out_keep_o,
  output logic              out_last_o,
  output logic              done_valid_o,
  input  wire logic         done_ready_i,
  output logic [7:0]        done_verdict_o,
  output logic [15:0]       done_sa_o,
  output logic [15:0]       done_length_o,
  output logic [47:0]       done_next_hop_o
);
  typedef struct packed {
    logic        late;
    logic [15:0] in_length;
    logic [47:0] next_hop;
    logic [15:0] length;
    logic [15:0] sa;
    logic [7:0]  verdict;
  } head_t;
  head_t head_in, head;
  logic inside_q, take, beat_valid, head_valid, finish;
  /* verilator lint_off UNUSEDSIGNAL */ // full or not
  logic [10:0] beat_count;
  logic [6:0] head_count;
  logic [4:0] done_count;
  logic [9:0] out_count;
  /* verilator lint_on UNUSEDSIGNAL */
  logic [511:0] beat;

  assign in_ready_o = !beat_count[10] && !head_count[6];
  assign take = in_valid_i && in_ready_o;
  always_comb begin
    head_in.late = in_data_i[24];
    head_in.in_length = in_length_i;
    head_in.length = in_data_i[15:0];
    head_in.verdict = in_data_i[23:16];
    head_in.sa = ECHO_SA ? in_sa_i : in_data_i[47:32];
    head_in.next_hop = in_data_i[25] ? {22'd0, in_lookup_i, in_dummy_i, in_spd_i, in_length_i}
                                     : in_data_i[111:64];
  end
  esp_fifo #(.WIDTH($bits(head)), .DEPTH_LOG2(6)) u_heads (
    .clk_i, .rst_ni, .push_i(take && !inside_q), .data_i(head_in),
    .pop_i(finish), .valid_o(head_valid), .data_o(head), .count_o(head_count)
  );

  // Beats of the packet at the head; the longer of input and output takes as many cycles.
  logic [9:0] beat_q, in_beats, out_beats;
  logic in_part, out_part, move, done_room;
  logic [6:0] tail;
  assign in_beats = esp_core_pkg::last_beat(head.in_length) + 10'd1;
  assign out_beats = head.length == '0 ? '0 : esp_core_pkg::last_beat(head.length) + 10'd1;
  assign in_part = beat_q < in_beats;
  assign out_part = beat_q < out_beats;
  // As in the core, a packet gets its completion whether or not anyone takes its data.
  logic result_last;
  logic [63:0] result_keep;
  assign move = head_valid && (!in_part || beat_valid) && !out_count[9] && done_room;
  assign result_last = beat_q + 10'd1 == out_beats;
  assign tail = esp_core_pkg::tail_bytes(head.length[5:0]);
  assign result_keep = result_last ? esp_core_pkg::keep(tail) : '1;
  esp_fifo #(.WIDTH(577), .DEPTH_LOG2(9)) u_out (
    .clk_i, .rst_ni, .push_i(move && out_part),
    .data_i({result_last, result_keep, in_part ? beat : {64{8'ha5}}}),
    .pop_i(out_valid_o && out_ready_i), .valid_o(out_valid_o),
    .data_o({out_last_o, out_keep_o, out_data_o}), .count_o(out_count)
  );
  assign finish = move && beat_q + 10'd1 >= in_beats && beat_q + 10'd1 >= out_beats;
  esp_fifo #(.WIDTH(512), .DEPTH_LOG2(10)) u_beats (
    .clk_i, .rst_ni, .push_i(take), .data_i(in_data_i),
    .pop_i(move && in_part), .valid_o(beat_valid), .data_o(beat), .count_o(beat_count)
  );
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      inside_q <= 1'b0;
      beat_q <= '0;
    end else begin
      if (take) inside_q <= !in_last_i;
      if (finish) beat_q <= '0;
      else if (move) beat_q <= beat_q + 10'd1;
    end
  end
  assign done_room = !done_count[4];
  esp_fifo #(.WIDTH(88), .DEPTH_LOG2(4)) u_done (
    .clk_i, .rst_ni, .push_i(head.late ? finish : move && beat_q == '0),
    .data_i({head.next_hop, head.length, head.sa, head.verdict}),
    .pop_i(done_valid_o && done_ready_i), .valid_o(done_valid_o),
    .data_o({done_next_hop_o, done_length_o, done_sa_o, done_verdict_o}), .count_o(done_count)
  );
endmodule
`default_nettype wire
