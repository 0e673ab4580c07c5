// Sequence state and counters of the inbound SAs. Two copies with one write port, because two
// places read a row in the same cycle: the decision pipeline (an early guess, and snapshots) and
// the commit stage.
`default_nettype none
module esp_inbound_state #(
  parameter int unsigned SA_LOG2 = 8
) (
  input  wire logic               clk_i,
  input  wire logic               write_i,
  input  wire logic [SA_LOG2-1:0] write_sa_i,
  input  wire esp_core_pkg::inbound_state_t write_state_i,
  input  wire logic [SA_LOG2-1:0] early_sa_i,
  output esp_core_pkg::inbound_state_t early_state_o,
  input  wire logic [SA_LOG2-1:0] commit_sa_i,
  output esp_core_pkg::inbound_state_t commit_state_o
);
  esp_ram #(.WIDTH($bits(write_state_i)), .DEPTH_LOG2(SA_LOG2)) u_early (
    .clk_i, .write_i, .write_address_i(write_sa_i), .write_data_i(write_state_i),
    .read_address_i(early_sa_i), .read_data_o(early_state_o)
  );
  esp_ram #(.WIDTH($bits(write_state_i)), .DEPTH_LOG2(SA_LOG2)) u_commit (
    .clk_i, .write_i, .write_address_i(write_sa_i), .write_data_i(write_state_i),
    .read_address_i(commit_sa_i), .read_data_o(commit_state_o)
  );
endmodule
`default_nettype wire
