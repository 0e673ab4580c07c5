// esp_credit and the FIFO it admits to: with any delay between, and any part of what was admitted
// never arriving, the FIFO is never written when it is full; and when nothing is in flight and the
// FIFO has a free place, there is room.
`default_nettype none
module credit_proof #(
  parameter int unsigned DEPTH_LOG2 = 3
) (
  input wire logic clk_i,
  input wire logic rst_ni,
  input wire logic reserve_i,   // something enters the pipeline
  input wire logic release_i,   // it comes out ...
  input wire logic push_i,      // ... and goes into the FIFO
  input wire logic pop_i
);
  logic room;
  logic [DEPTH_LOG2:0] used_q;  // words in the FIFO
  esp_credit #(.WIDTH(DEPTH_LOG2 + 1)) u_credit (
    .clk_i, .rst_ni, .reserve_i, .release_i, .used_i(used_q), .room_o(room)
  );

  logic started_q = 1'b0;
  logic [DEPTH_LOG2+1:0] in_flight_q;
  always_ff @(posedge clk_i) begin
    started_q <= 1'b1;
    if (!rst_ni) begin
      used_q <= '0;
      in_flight_q <= '0;
    end else begin
      used_q <= used_q + (DEPTH_LOG2 + 1)'(push_i) - (DEPTH_LOG2 + 1)'(pop_i);
      in_flight_q <= in_flight_q + (DEPTH_LOG2 + 2)'(reserve_i) - (DEPTH_LOG2 + 2)'(release_i);
    end
  end
  always_comb begin
    if (!started_q) assume (!rst_ni);
    assume (!reserve_i || room);
    assume (!release_i || in_flight_q != '0);
    assume (!push_i || release_i);
    assume (!pop_i || used_q != '0);
  end

  localparam int unsigned PLACES = 1 << DEPTH_LOG2;
  always_comb begin
    if (started_q) begin
      if (push_i) assert (used_q < PLACES);
      if (in_flight_q == '0 && used_q < PLACES) assert (room);
    end
  end
  always_comb begin
    cover (started_q && rst_ni && in_flight_q + used_q == PLACES && release_i && !push_i);
    cover (started_q && rst_ni && used_q == PLACES && pop_i);
  end
`ifndef CLAIMS_ONLY
  // --- what makes it inductive ---
  (* hierconn *) wire [DEPTH_LOG2:0] \u_credit.pending_q ;
  always_comb begin
    if (started_q) begin
      assert ({1'b0, \u_credit.pending_q } == in_flight_q);
      assert (in_flight_q + used_q <= PLACES);
    end
  end
`endif
endmodule
`default_nettype wire
