// Frames for the host from both sides, one after the other, taken in turn. The user word says the
// side (bit 8) and why the host gets the frame (bits 7..0).
`default_nettype none
module esp_host_merge (
  input  wire logic          clk_i,
  input  wire logic          rst_ni,
  input  wire logic [1:0]    valid_i,
  output logic [1:0]         ready_o,
  input  wire logic [1023:0] data_i,
  input  wire logic [127:0]  keep_i,
  input  wire logic [1:0]    last_i,
  input  wire logic [15:0]   reason_i,
  output logic               valid_o,
  input  wire logic          ready_i,
  output logic [511:0]       data_o,
  output logic [63:0]        keep_o,
  output logic               last_o,
  output logic [8:0]         user_o
);
  logic busy_q, turn_q, pick, free;
  assign free = !valid_o || ready_i;
  assign pick = busy_q || valid_i[turn_q] ? turn_q : !turn_q;
  assign ready_o = {free && pick, free && !pick};
  always_ff @(posedge clk_i) begin
    if (free) begin
      data_o <= pick ? data_i[1023:512] : data_i[511:0];
      keep_o <= pick ? keep_i[127:64] : keep_i[63:0];
      last_o <= last_i[pick];
      user_o <= {pick, pick ? reason_i[15:8] : reason_i[7:0]};
    end
    if (!rst_ni) begin
      valid_o <= 1'b0;
      busy_q <= 1'b0;
      turn_q <= 1'b0;
    end else if (free) begin
      valid_o <= valid_i[pick];
      if (valid_i[pick]) begin
        busy_q <= !last_i[pick];
        turn_q <= last_i[pick] ? !pick : pick;
      end
    end
  end
endmodule
`default_nettype wire
