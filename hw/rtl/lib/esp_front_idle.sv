// Tells when a decision pipeline is empty: no packet has begun for longer than its length, and the
// input is held, so none will begin.
`default_nettype none
module esp_front_idle (
  input  wire logic clk_i,
  input  wire logic rst_ni,
  input  wire logic hold_i,
  input  wire logic first_i,
  output logic      idle_o
);
  logic [5:0] count_q;
  always_ff @(posedge clk_i) begin
    if (!rst_ni || !hold_i || first_i) count_q <= '0;
    else if (count_q != 6'(esp_core_pkg::FRONT_CYCLES)) count_q <= count_q + 6'd1;
  end
  assign idle_o = count_q == 6'(esp_core_pkg::FRONT_CYCLES);
endmodule
`default_nettype wire
