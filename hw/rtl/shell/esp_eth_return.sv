// Where the ways of a direction join again: keeps the copies of the frames, waits for the engine's
// completion of each packet, and gives the frame to the host whole if the completion says so, or a
// job to the other side's egress, or forgets it. A copy is forgotten in one cycle, however long.
// A frame that the host has no room for is dropped and counted: the host never holds up the wire.
`default_nettype none
module esp_eth_return (
  input  wire logic         clk_i,
  input  wire logic         rst_ni,
  // copies and contexts
  output logic              copy_room_o,
  input  wire logic         copy_write_i,
  input  wire logic [511:0] copy_data_i,
  input  wire logic         context_i,
  input  wire esp_eth_pkg::context_t context_data_i,
  // the engine's completions
  input  wire logic         done_valid_i,
  output logic              done_ready_o,
  input  wire logic [7:0]   done_verdict_i,
  input  wire logic [15:0]  done_length_i,
  input  wire logic [47:0]  done_next_hop_i,
  // the other side, where packets leave
  input  wire logic [47:0]  mac_i,
  input  wire logic         keep_tags_i,
  input  wire logic [1:0]   tag_count_i,
  input  wire logic [63:0]  tags_i,            // as on the wire
  output logic              job_o,
  input  wire logic         job_room_i,
  output esp_eth_pkg::job_t job_data_o,
  // pulses for the counters
  output logic              delivered_o,
  output logic              exception_o,
  output logic              dropped_o,
  output logic              host_overflow_o,
  // frames to the host
  output logic              host_valid_o,
  input  wire logic         host_ready_i,
  output logic [511:0]      host_data_o,
  output logic [63:0]       host_keep_o,
  output logic              host_last_o,
  output logic [7:0]        host_reason_o
);
  localparam int unsigned COPY_LOG2 = 11;      // beats; some of the largest frames
  localparam int unsigned CONTEXTS_LOG2 = 8;
  localparam int unsigned HOST_LOG2 = 9;       // beats

  // --- copies ---
  logic [COPY_LOG2:0] write_q, begin_q, used;  // begin: of the oldest copy
  logic [CONTEXTS_LOG2:0] context_count;
  logic context_valid, forget;
  esp_eth_pkg::context_t head;
  assign used = write_q - begin_q;
  always_ff @(posedge clk_i) begin
    // A cycle late, with room for one frame more.
    copy_room_o <= used <= (COPY_LOG2 + 1)'((1 << COPY_LOG2) - 2 * esp_eth_pkg::MAX_BEATS - 2)
                   && context_count <= (CONTEXTS_LOG2 + 1)'((1 << CONTEXTS_LOG2) - 4);
    if (!rst_ni) begin
      write_q <= '0;
      begin_q <= '0;
      copy_room_o <= 1'b0;
    end else begin
      if (copy_write_i) write_q <= write_q + 1'b1;
      if (forget) begin_q <= begin_q + (COPY_LOG2 + 1)'(head.beats);
    end
  end
  logic [511:0] copied;
  logic [COPY_LOG2-1:0] read_address;
  esp_ram #(.WIDTH(512), .DEPTH_LOG2(COPY_LOG2)) u_copies (
    .clk_i, .write_i(copy_write_i), .write_address_i(write_q[COPY_LOG2-1:0]),
    .write_data_i(copy_data_i), .read_address_i(read_address), .read_data_o(copied)
  );
  esp_fifo #(.WIDTH($bits(head)), .DEPTH_LOG2(CONTEXTS_LOG2)) u_contexts (
    .clk_i, .rst_ni, .push_i(context_i), .data_i(context_data_i),
    .pop_i(forget), .valid_o(context_valid), .data_o(head), .count_o(context_count)
  );

  // --- the oldest frame ---
  logic from_engine, decided, for_host, delivered, host_room, copying_q, copy_begin, copy_end;
  logic [8:0] copy_q;
  logic [HOST_LOG2:0] host_used;
  assign from_engine = head.way == esp_eth_pkg::TO_ENGINE;
  assign delivered = from_engine && done_length_i != '0;
  assign for_host = !from_engine
                    || (!delivered && ((esp_regs_pkg::VERDICT_FOR_HOST >> done_verdict_i)
                                       & (esp_regs_pkg::VERDICT_COUNT)'(1)) != '0);
  assign decided = context_valid && !copying_q && (!from_engine || done_valid_i)
                   && (!delivered || job_room_i);
  // Room for the whole frame, and what is on its way from the RAM.
  assign host_room = host_used <= (HOST_LOG2 + 1)'((1 << HOST_LOG2) - esp_eth_pkg::MAX_BEATS - 2);
  assign copy_begin = decided && for_host && host_room;
  assign copy_end = copying_q && copy_q + 9'd1 == head.beats;
  assign forget = copy_end || (decided && !copy_begin);
  assign done_ready_o = decided && from_engine;
  assign delivered_o = decided && delivered;
  assign exception_o = decided && from_engine && !delivered && for_host;
  assign dropped_o = decided && from_engine && !delivered && !for_host;
  assign host_overflow_o = decided && for_host && !host_room;
  assign read_address = begin_q[COPY_LOG2-1:0] + (COPY_LOG2)'(copy_q);
  logic arrived_q, arrived_last_q;
  logic [6:0] arrived_bytes_q;
  logic [7:0] reason_q;
  always_ff @(posedge clk_i) begin
    if (copy_begin) begin
      case (head.way)
        esp_eth_pkg::TO_HOST_NON_IP: reason_q <= esp_inline_regs_pkg::REASON_NON_IP;
        esp_eth_pkg::TO_HOST_GROUP: reason_q <= esp_inline_regs_pkg::REASON_GROUP;
        default: reason_q <= done_verdict_i;
      endcase
    end
    arrived_last_q <= copy_end;
    arrived_bytes_q <= copy_end ? head.tail : 7'd64;
    if (!rst_ni) begin
      copying_q <= 1'b0;
      copy_q <= '0;
      arrived_q <= 1'b0;
    end else begin
      if (copy_begin) copying_q <= 1'b1;
      else if (copy_end) copying_q <= 1'b0;
      copy_q <= copying_q && !copy_end ? copy_q + 9'd1 : '0;
      arrived_q <= copying_q;
    end
  end
  logic [6:0] host_bytes;
  esp_packet_fifo #(.WIDTH(528), .DEPTH_LOG2(HOST_LOG2)) u_host (
    .clk_i, .rst_ni, .write_i(arrived_q),
    .data_i({reason_q, arrived_last_q, arrived_bytes_q, copied}),
    .commit_i(arrived_q), .rewind_i(1'b0), .used_o(host_used),
    .valid_o(host_valid_o), .ready_i(host_ready_i),
    .data_o({host_reason_o, host_last_o, host_bytes, host_data_o})
  );
  assign host_keep_o = esp_core_pkg::keep(host_bytes);

  // --- a packet that leaves. Without a next hop the addresses stay, as in a bump in the wire ---
  assign job_o = delivered_o;
  always_comb begin
    job_data_o.length = done_length_i;
    job_data_o.header.addresses = done_next_hop_i == '0 ? head.header.addresses
      : {esp_eth_pkg::swap48(mac_i), esp_eth_pkg::swap48(done_next_hop_i)};
    job_data_o.header.tag_count = keep_tags_i ? head.header.tag_count : tag_count_i;
    job_data_o.header.tags = keep_tags_i ? head.header.tags : tags_i;
  end

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) begin
    if (rst_ni) begin
      assert (!(copy_write_i && used[COPY_LOG2])) else $error("a copy runs over the oldest");
    end
  end
`endif
endmodule
`default_nettype wire
