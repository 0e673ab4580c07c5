// One limit of an SA's life (RFC 4301 section 4.4.2.1), as the commit stage asks for it every cycle:
// what is left of it less 1, in one bit more, so that its sign says that it is reached and no sum
// need be compared.
`default_nettype none
module esp_inbound_lifetime (
  input  wire logic         clk_i,
  // The packet that is looked up: it is the first of its SA in a row, or else it comes after the one
  // that is decided, and that one is delivered or not.
  input  wire logic         first_i,
  input  wire logic         deliver_i,
  input  wire logic [63:0]  limit_i,          // with first_i
  input  wire logic [63:0]  used_i,
  input  wire logic [15:0]  takes_i,          // of the packet that is decided
  output logic              reached_o,        // before that packet
  output logic              reached_after_o   // after it, if it is delivered
);
  logic [64:0] left_q, left_after;
  assign left_after = left_q - {49'd0, takes_i};
  always_ff @(posedge clk_i) begin
    if (first_i) left_q <= {1'b0, limit_i} + ~{1'b0, used_i};  // a - b - 1
    else if (deliver_i) left_q <= left_after;
  end
  assign reached_o = left_q[64];
  assign reached_after_o = left_after[64];
endmodule
`default_nettype wire
