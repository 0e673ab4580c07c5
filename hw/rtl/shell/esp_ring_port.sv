// The memory port of rings, events and statistics: descriptor reads of two rings (ID 0 outbound, 1
// inbound), and single-beat writes of four sources (ID = source: 0 outbound completions, 1 inbound
// completions, 2 events, 3 statistics), taken in turn. One read request and one write a cycle.
// outstanding_o says for each source that a write of its is not acknowledged yet.
`default_nettype none
module esp_ring_port (
  input  wire logic          clk_i,
  input  wire logic          rst_ni,
  // descriptor reads
  input  wire logic [1:0]    read_valid_i,
  output logic [1:0]         read_ready_o,
  input  wire logic [127:0]  read_address_i,
  input  wire logic [15:0]   read_length_i,
  output logic [1:0]         read_data_valid_o,
  // writes
  input  wire logic [3:0]    write_valid_i,
  output logic [3:0]         write_ready_o,
  input  wire logic [255:0]  write_address_i,
  input  wire logic [2047:0] write_data_i,
  input  wire logic [255:0]  write_strobe_i,
  output logic [3:0]         outstanding_o,
  output logic               write_failed_o,   // pulse
  // memory
  output logic [1:0]         ar_id_o,
  output logic               ar_valid_o,
  input  wire logic          ar_ready_i,
  output logic [63:0]        ar_address_o,
  output logic [7:0]         ar_length_o,
  input  wire logic          r_valid_i,
  /* verilator lint_off UNUSEDSIGNAL */ // two of the four IDs read
  input  wire logic [1:0]    r_id_i,
  /* verilator lint_on UNUSEDSIGNAL */
  output logic [1:0]         aw_id_o,
  output logic               aw_valid_o,
  input  wire logic          aw_ready_i,
  output logic [63:0]        aw_address_o,
  output logic               w_valid_o,
  input  wire logic          w_ready_i,
  output logic [511:0]       w_data_o,
  output logic [63:0]        w_strobe_o,
  input  wire logic          b_valid_i,
  input  wire logic [1:0]    b_id_i,
  input  wire logic [1:0]    b_response_i
);
  localparam int unsigned COUNT_WIDTH = 9;     // writes under way of one source, at most 256

  // --- reads ---
  logic ar_free, ar_turn_q, ar_pick;
  assign ar_free = !ar_valid_o || ar_ready_i;
  assign ar_pick = read_valid_i[ar_turn_q] ? ar_turn_q : !ar_turn_q;
  assign read_ready_o = {ar_free && ar_pick, ar_free && !ar_pick};
  always_ff @(posedge clk_i) begin
    if (ar_free) begin
      ar_id_o <= {1'b0, ar_pick};
      ar_address_o <= ar_pick ? read_address_i[127:64] : read_address_i[63:0];
      ar_length_o <= ar_pick ? read_length_i[15:8] : read_length_i[7:0];
    end
    if (!rst_ni) begin
      ar_valid_o <= 1'b0;
      ar_turn_q <= 1'b0;
    end else if (ar_free) begin
      ar_valid_o <= |read_valid_i;
      if (|read_valid_i) ar_turn_q <= !ar_pick;
    end
  end
  assign read_data_valid_o = {r_valid_i && r_id_i[0], r_valid_i && !r_id_i[0]};

  // --- writes ---
  logic w_free, take;
  logic [1:0] turn_q, pick;
  logic [3:0] able, room;
  assign able = write_valid_i & room;
  assign w_free = (!aw_valid_o || aw_ready_i) && (!w_valid_o || w_ready_i);
  always_comb begin
    // The first of the four from turn_q on.
    pick = turn_q;
    if (able[turn_q]) pick = turn_q;
    else if (able[turn_q + 2'd1]) pick = turn_q + 2'd1;
    else if (able[turn_q + 2'd2]) pick = turn_q + 2'd2;
    else pick = turn_q + 2'd3;
  end
  assign take = w_free && |able;
  assign write_ready_o = {4{take}} & (4'd1 << pick);
  always_ff @(posedge clk_i) begin
    if (take) begin
      aw_id_o <= pick;
      aw_address_o <= write_address_i[64*pick+:64];
      w_data_o <= write_data_i[512*pick+:512];
      w_strobe_o <= write_strobe_i[64*pick+:64];
    end
    if (!rst_ni) begin
      aw_valid_o <= 1'b0;
      w_valid_o <= 1'b0;
      turn_q <= '0;
    end else begin
      if (take) turn_q <= pick + 2'd1;
      aw_valid_o <= take || (aw_valid_o && !aw_ready_i);
      w_valid_o <= take || (w_valid_o && !w_ready_i);
    end
  end

  for (genvar source = 0; source < 4; source = source + 1) begin : g_source
    logic [COUNT_WIDTH-1:0] count_q;
    logic begun, ended;
    assign begun = write_ready_o[source];
    assign ended = b_valid_i && b_id_i == 2'(source);
    always_ff @(posedge clk_i) begin
      if (!rst_ni) count_q <= '0;
      else count_q <= count_q + COUNT_WIDTH'(begun) - COUNT_WIDTH'(ended);
    end
    assign room[source] = !count_q[COUNT_WIDTH-1];
    assign outstanding_o[source] = count_q != '0;
`ifndef SYNTHESIS
    always_ff @(posedge clk_i) begin
      if (rst_ni) assert (!(ended && count_q == '0)) else $error("an acknowledgement of nothing");
    end
`endif
  end
  assign write_failed_o = b_valid_i && b_response_i != 2'b00;
endmodule
`default_nettype wire
