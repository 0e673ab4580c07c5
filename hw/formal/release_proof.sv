// The end of the inbound half: beats of a packet are handed to the packet FIFO's reader (commit) only
// when the ICV of that packet is right, or it was never deciphered because the SPD cache lets it
// bypass; every other packet's beats are forgotten (rewind), so that none is left to come out with a
// later one. That the packet FIFO shows nothing else is packet_fifo_proof.
//
// Whatever comes before the commit stage is left open here.
`default_nettype none
module release_proof (
  input wire logic         clk_i,
  input wire logic         rst_ni,
  input wire logic         out_tready_i,
  input wire logic         done_ready_i,
  input wire logic         row_write_i,
  input wire logic [7:0]   command_sa_i,
  input wire esp_regs_pkg::inbound_row_t row_i
);
  esp_inbound u_inbound (
    .clk_i, .rst_ni,
    .in_tvalid_i(1'b0), .in_tready_o(), .in_tdata_i(512'd0), .in_tlast_i(1'b0),
    .in_length_i(16'd0), .in_spd_i(8'd0),
    .out_tvalid_o(), .out_tready_i, .out_tdata_o(), .out_tkeep_o(), .out_tlast_o(),
    .done_valid_o(), .done_ready_i, .done_verdict_o(), .done_sa_o(), .done_length_o(),
    .done_next_hop_o(),
    .event_valid_o(), .event_kinds_o(), .event_sa_o(), .event_lost_i(1'b0),
    .hold_i(1'b0), .front_idle_o(), .drained_o(), .refuse_i(1'b0),
    .self_test_run_i(1'b0), .self_test_corrupt_i(1'b0), .self_test_done_o(), .self_test_ok_o(),
    .row_write_i, .command_sa_i, .row_i,
    .spi_write_i(4'd0), .spi_index_i('0), .spi_entry_i('0),
    .cache_write_i(4'd0), .cache_index_i('0), .cache_entry_i('0),
    .sa_counters_o(), .counters_o()
  );
  esp_inbound_pkg::judged_t judged;
  localparam int unsigned JUDGED_BITS = $bits(judged);
  (* hierconn *) wire [JUDGED_BITS-1:0] \u_inbound.judged ;
  (* hierconn *) wire \u_inbound.checked_end ;
  (* hierconn *) wire \u_inbound.commit ;
  (* hierconn *) wire \u_inbound.rewind ;
  assign judged = \u_inbound.judged ;

  // --- what is known of the packet that ends, beside it ---
  logic started_q = 1'b0;
  logic deciphered_good, bypassed;
  logic end1_q, end2_q, end3_q, may1_q, may2_q, may3_q, spill1_q, spill2_q, late3_q;
  assign deciphered_good = judged.icv_ok && judged.info.verdict == esp_regs_pkg::VERDICT_OK;
  assign bypassed = judged.info.verdict == esp_regs_pkg::VERDICT_BYPASSED;
  always_ff @(posedge clk_i) begin
    started_q <= 1'b1;
    end1_q <= rst_ni && \u_inbound.checked_end ;
    end2_q <= rst_ni && end1_q;
    end3_q <= rst_ni && end2_q;
    may1_q <= deciphered_good || bypassed;
    may2_q <= may1_q;
    may3_q <= may2_q;
    spill1_q <= judged.spill;
    spill2_q <= spill1_q;
    late3_q <= rst_ni && end2_q && spill2_q;
  end
  always_comb begin
    if (!started_q) assume (!rst_ni);
    // A packet whose last beat comes a cycle later is not followed at once by the end of another.
    if (end1_q && spill1_q) assume (!\u_inbound.checked_end );
  end
  always_comb begin
    if (started_q && rst_ni) begin
      assert (!(\u_inbound.commit && \u_inbound.rewind ));
      if (\u_inbound.commit ) assert (late3_q ? may3_q : end2_q && !spill2_q && may2_q);
      // Every packet is either handed on or forgotten, in the cycle of its last beat.
      assert ((\u_inbound.commit || \u_inbound.rewind ) == (late3_q || (end2_q && !spill2_q)));
    end
  end
  always_comb begin
    cover (started_q && rst_ni && \u_inbound.commit && late3_q);
    cover (started_q && rst_ni && \u_inbound.commit && end2_q && end1_q);
    cover (started_q && rst_ni && \u_inbound.rewind && end2_q && may2_q);
  end

`ifndef CLAIMS_ONLY
  // --- what makes it inductive ---
  (* hierconn *) wire \u_inbound.u_commit.end3_q ;
  (* hierconn *) wire \u_inbound.u_commit.update3_q ;
  (* hierconn *) wire \u_inbound.u_commit.ok3_q ;
  (* hierconn *) wire \u_inbound.done ;
  (* hierconn *) wire \u_inbound.done_spill ;
  (* hierconn *) wire \u_inbound.ok ;
  (* hierconn *) wire \u_inbound.late_q ;
  (* hierconn *) wire \u_inbound.late_ok_q ;
  (* hierconn *) wire [JUDGED_BITS-1:0] \u_inbound.u_commit.judged3_q ;
  esp_inbound_pkg::judged_t judged1;
  assign judged1 = \u_inbound.u_commit.judged3_q ;
  always_comb begin
    if (started_q) begin
      assert (\u_inbound.u_commit.end3_q == end1_q);
      assert (\u_inbound.u_commit.update3_q
              == (end1_q && judged1.info.verdict == esp_regs_pkg::VERDICT_OK));
      assert (\u_inbound.u_commit.ok3_q == (\u_inbound.u_commit.update3_q && judged1.icv_ok));
      assert (\u_inbound.done == end2_q);
      assert (\u_inbound.late_q == late3_q);
      if (end1_q) begin
        assert (judged1.spill == spill1_q);
        assert (may1_q == ((judged1.icv_ok && judged1.info.verdict == esp_regs_pkg::VERDICT_OK)
                           || judged1.info.verdict == esp_regs_pkg::VERDICT_BYPASSED));
      end
      if (end2_q) begin
        assert (\u_inbound.done_spill == spill2_q);
        assert (!\u_inbound.ok || may2_q);
      end
      if (late3_q) assert (!\u_inbound.late_ok_q || may3_q);
      assert (!(late3_q && end2_q));
      assert (!(end1_q && end2_q && spill2_q));
    end
  end
`endif
endmodule
`default_nettype wire
