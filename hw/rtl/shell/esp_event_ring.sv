// The event ring: takes events from the core's queue while it runs and the ring has a free entry,
// and writes each as 16 bytes: the word as event_data has it, and the phase bit (1 in the first
// round after start_i). While the ring is full or stopped, events stay in the core, which counts
// those that it has no room for.
`default_nettype none
module esp_event_ring (
  input  wire logic         clk_i,
  input  wire logic         rst_ni,
  input  wire logic         start_i,
  input  wire logic         stop_i,
  input  wire logic [63:12] base_i,            // in pages of 4 KiB
  input  wire logic [4:0]   log2_i,
  input  wire logic [31:0]  consumer_i,        // events that the host has taken
  output logic              running_o,
  output logic              idle_o,
  output logic [31:0]       producer_o,
  // the core's queue
  input  wire logic         event_valid_i,
  output logic              event_ready_o,
  input  wire logic [31:0]  event_data_i,
  // lines, to memory
  output logic              write_valid_o,
  input  wire logic         write_ready_i,
  output logic [63:0]       write_address_o,
  output logic [511:0]      write_data_o,
  output logic [63:0]       write_strobe_o
);
  logic running_q, take;
  logic [31:0] producer_q;
  logic [15:0] entry;
  esp_lookaside_regs_pkg::event_t stamped;

  assign entry = producer_q[15:0] & 16'((32'd1 << log2_i) - 32'd1);
  assign event_ready_o = running_q && !stop_i && !write_valid_o
                         && producer_q - consumer_i < (32'd1 << log2_i);
  assign take = event_valid_i && event_ready_o;
  always_comb begin
    stamped = '0;
    stamped.data = event_data_i;
    stamped.phase = !producer_q[log2_i];
  end
  always_ff @(posedge clk_i) begin
    if (take) begin
      write_address_o <= {{base_i, 6'd0} + {44'd0, entry[15:2]}, 6'd0};
      write_data_o <= {4{stamped}};
      write_strobe_o <= 64'hffff << {entry[1:0], 4'd0};
    end
    if (!rst_ni) begin
      running_q <= 1'b0;
      producer_q <= '0;
      write_valid_o <= 1'b0;
    end else begin
      if (start_i) running_q <= 1'b1;
      else if (stop_i) running_q <= 1'b0;
      if (start_i) producer_q <= '0;
      else if (take) producer_q <= producer_q + 32'd1;
      if (take) write_valid_o <= 1'b1;
      else if (write_ready_i) write_valid_o <= 1'b0;
    end
  end
  assign running_o = running_q;
  assign idle_o = !write_valid_o;
  assign producer_o = producer_q;
endmodule
`default_nettype wire
