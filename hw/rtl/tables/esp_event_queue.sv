// The queue of events, 64 entries. Either half may raise one in every cycle, both in the same one:
// two banks take turns, so that two entries are written at once. Never stalls: an event that finds
// the queue full is lost, and a pulse says so; when there is one place for two, the halves take
// turns. Either consumer takes the oldest event; in a cycle in which both ask, the port gets it.
`default_nettype none
module esp_event_queue #(
  parameter int unsigned DEPTH_LOG2 = 6
) (
  input  wire logic        clk_i,
  input  wire logic        rst_ni,
  input  wire logic        outbound_valid_i,
  input  wire logic [5:0]  outbound_kinds_i,
  input  wire logic [15:0] outbound_sa_i,
  output logic             outbound_lost_o,   // one cycle later
  input  wire logic        inbound_valid_i,
  input  wire logic [5:0]  inbound_kinds_i,
  input  wire logic [15:0] inbound_sa_i,
  output logic             inbound_lost_o,
  // port; its event may be taken from under it by a read of the register
  output logic             valid_o,
  input  wire logic        ready_i,
  output logic [31:0]      data_o,            // layout of register event_data
  // register
  output logic             read_valid_o,
  input  wire logic        read_i
);
  localparam int unsigned BANK_LOG2 = DEPTH_LOG2 - 1;
  localparam int unsigned WIDTH = 23;  // inbound, kinds, SA
  localparam logic [DEPTH_LOG2:0] FULL = (DEPTH_LOG2 + 1)'(1) << DEPTH_LOG2;

  logic [DEPTH_LOG2-1:0] head_q, tail_q;
  logic [DEPTH_LOG2:0] count_q, count_d;
  logic turn_q;              // the inbound half goes first
  logic take_outbound, take_inbound, pop;
  logic first_valid, second_valid;
  logic [WIDTH-1:0] outbound, inbound, first, second, oldest;
  assign outbound = {1'b0, outbound_kinds_i, outbound_sa_i};
  assign inbound = {1'b1, inbound_kinds_i, inbound_sa_i};

  // Places that are free at the start of the cycle.
  always_comb begin
    take_outbound = 1'b0;
    take_inbound = 1'b0;
    if (count_q < FULL - 1'b1) begin
      take_outbound = outbound_valid_i;
      take_inbound = inbound_valid_i;
    end else if (count_q != FULL) begin
      take_outbound = outbound_valid_i && !(inbound_valid_i && turn_q);
      take_inbound = inbound_valid_i && !(outbound_valid_i && !turn_q);
    end
    first_valid = take_outbound || take_inbound;
    second_valid = take_outbound && take_inbound;
    first = take_outbound ? outbound : inbound;
    second = inbound;
    pop = valid_o && (ready_i || read_i);
    count_d = count_q + {{DEPTH_LOG2{1'b0}}, first_valid} + {{DEPTH_LOG2{1'b0}}, second_valid}
              - {{DEPTH_LOG2{1'b0}}, pop};
  end

  logic [1:0] write;
  logic [2*WIDTH-1:0] banks;
  assign write[0] = tail_q[0] ? second_valid : first_valid;
  assign write[1] = tail_q[0] ? first_valid : second_valid;
  for (genvar b = 0; b < 2; b = b + 1) begin : g_bank
    (* ram_style = "distributed" *) logic [WIDTH-1:0] row_q [0:(1<<BANK_LOG2)-1];
    logic [BANK_LOG2-1:0] write_row, read_row;
    // The bank that is not next in turn stands one row ahead when the other one is the odd one.
    assign write_row = tail_q[DEPTH_LOG2-1:1] + BANK_LOG2'(b == 0 && tail_q[0]);
    assign read_row = head_q[DEPTH_LOG2-1:1];
    always_ff @(posedge clk_i) begin
      if (write[b]) row_q[write_row] <= (tail_q[0] == 1'(b)) ? first : second;
    end
    assign banks[WIDTH*b+:WIDTH] = row_q[read_row];
  end
  assign oldest = head_q[0] ? banks[WIDTH+:WIDTH] : banks[0+:WIDTH];
  assign valid_o = count_q != '0;
  assign read_valid_o = valid_o && !ready_i;
  always_comb begin
    data_o = '0;
    data_o[esp_regs_pkg::EVENT_DATA_INDEX_LSB+:16] = oldest[15:0];
    data_o[esp_regs_pkg::EVENT_DATA_KINDS_LSB+:6] = oldest[21:16];
    data_o[esp_regs_pkg::EVENT_DATA_INBOUND_LSB] = oldest[22];
    data_o[esp_regs_pkg::EVENT_DATA_VALID_LSB] = 1'b1;
  end

  always_ff @(posedge clk_i) begin
    outbound_lost_o <= rst_ni && outbound_valid_i && !take_outbound;
    inbound_lost_o <= rst_ni && inbound_valid_i && !take_inbound;
    if (!rst_ni) begin
      head_q <= '0;
      tail_q <= '0;
      count_q <= '0;
      turn_q <= 1'b0;
    end else begin
      if (pop) head_q <= head_q + 1'b1;
      tail_q <= tail_q + DEPTH_LOG2'(first_valid) + DEPTH_LOG2'(second_valid);
      count_q <= count_d;
      if (outbound_valid_i && inbound_valid_i && count_q == FULL - 1'b1) turn_q <= !turn_q;
    end
  end

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) begin
    if (rst_ni) begin
      assert (count_q <= FULL) else $error("overflow");
      assert (tail_q - head_q == count_q[DEPTH_LOG2-1:0]) else $error("count and places differ");
    end
  end
`endif
endmodule
`default_nettype wire
