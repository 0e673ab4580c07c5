// The global counters of one direction, in registers, so that a snapshot takes all of them in one
// cycle. Increments are registered before they are added: a counter shows an event two cycles
// later.
`default_nettype none
module esp_global_counters (
  input  wire logic        clk_i,
  input  wire logic        rst_ni,
  input  wire logic        in_i,           // a packet has begun
  input  wire logic [15:0] in_bytes_i,
  input  wire logic        done_i,         // a packet has its verdict
  input  wire logic [7:0]  done_verdict_i,
  input  wire logic [15:0] done_bytes_i,   // at the output
  input  wire logic        event_lost_i,   // an event found the queue full
  // Counter c of the global set in bits [64c+63:64c], in the order of hw/registers.toml.
  output logic [64*(esp_regs_pkg::COUNTER_GLOBAL_COUNT+esp_regs_pkg::VERDICT_COUNT)-1:0] counters_o
);
  logic in_q, done_q, out_q, lost_q;
  logic [15:0] in_bytes_q, done_bytes_q;
  logic [esp_regs_pkg::VERDICT_COUNT-1:0] verdict_q;
  logic [63:0] cycles_q, packets_in_q, bytes_in_q, packets_out_q, bytes_out_q,
               events_lost_q;

  always_ff @(posedge clk_i) begin
    in_q <= rst_ni && in_i;
    in_bytes_q <= in_bytes_i;
    done_q <= rst_ni && done_i;
    out_q <= rst_ni && done_i && (done_verdict_i == esp_regs_pkg::VERDICT_OK
                                  || done_verdict_i == esp_regs_pkg::VERDICT_BYPASSED);
    lost_q <= rst_ni && event_lost_i;
    done_bytes_q <= done_bytes_i;
    if (!rst_ni) begin
      cycles_q <= '0;
      packets_in_q <= '0;
      bytes_in_q <= '0;
      packets_out_q <= '0;
      bytes_out_q <= '0;
      events_lost_q <= '0;
    end else begin
      cycles_q <= cycles_q + 64'd1;
      if (in_q) begin
        packets_in_q <= packets_in_q + 64'd1;
        bytes_in_q <= bytes_in_q + {48'd0, in_bytes_q};
      end
      if (out_q) begin
        packets_out_q <= packets_out_q + 64'd1;
        bytes_out_q <= bytes_out_q + {48'd0, done_bytes_q};
      end
      if (lost_q) events_lost_q <= events_lost_q + 64'd1;
    end
  end
  assign counters_o[64*esp_regs_pkg::COUNTER_GLOBAL_CYCLES+:64] = cycles_q;
  assign counters_o[64*esp_regs_pkg::COUNTER_GLOBAL_PACKETS_IN+:64] = packets_in_q;
  assign counters_o[64*esp_regs_pkg::COUNTER_GLOBAL_BYTES_IN+:64] = bytes_in_q;
  assign counters_o[64*esp_regs_pkg::COUNTER_GLOBAL_PACKETS_OUT+:64] = packets_out_q;
  assign counters_o[64*esp_regs_pkg::COUNTER_GLOBAL_BYTES_OUT+:64] = bytes_out_q;
  assign counters_o[64*esp_regs_pkg::COUNTER_GLOBAL_EVENTS_LOST+:64] = events_lost_q;

  for (genvar v = 0; v < esp_regs_pkg::VERDICT_COUNT; v = v + 1) begin : g_verdict
    logic [63:0] count_q;
    always_ff @(posedge clk_i) begin
      verdict_q[v] <= done_verdict_i == 8'(v);
      if (!rst_ni) count_q <= '0;
      else if (done_q && verdict_q[v]) count_q <= count_q + 64'd1;
    end
    assign counters_o[64*(esp_regs_pkg::COUNTER_GLOBAL_COUNT+v)+:64] = count_q;
  end

`ifndef SYNTHESIS
  logic [63:0] done_sum;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) done_sum <= '0;
    else if (done_q) done_sum <= done_sum + 64'd1;
    if (rst_ni) begin
      assert (done_sum <= packets_in_q) else $error("more completions than packets");
      assert (!done_q || (|verdict_q)) else $error("a verdict that has no counter");
    end
  end
`endif
endmodule
`default_nettype wire
