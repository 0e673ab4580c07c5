// Frames to a MAC: packets of the engine with their Ethernet header put in front, padded to 60
// bytes, and frames of the host as they are, in turn. A frame is handed to the MAC only when it is
// whole, so its beats follow each other without a gap as long as the MAC takes them.
`default_nettype none
module esp_eth_egress (
  input  wire logic         clk_i,
  input  wire logic         rst_ni,
  // packets of the engine: a job for each, in order
  input  wire logic         job_i,
  output logic              job_room_o,
  input  wire esp_eth_pkg::job_t job_data_i,
  input  wire logic         tvalid_i,
  output logic              tready_o,
  input  wire logic [511:0] tdata_i,
  input  wire logic [63:0]  tkeep_i,
  input  wire logic         tlast_i,
  // frames of the host
  input  wire logic         host_valid_i,
  output logic              host_ready_o,
  input  wire logic [511:0] host_data_i,
  input  wire logic [63:0]  host_keep_i,
  input  wire logic         host_last_i,
  // pulses for the counters
  output logic              transmitted_o,
  output logic              from_host_o,
  output logic              host_refused_o,
  // to the MAC
  output logic              mac_valid_o,
  input  wire logic         mac_ready_i,
  output logic [511:0]      mac_data_o,
  output logic [63:0]       mac_keep_o,
  output logic              mac_last_o
);
  localparam int unsigned FIFO_LOG2 = 9;       // beats
  localparam int unsigned JOBS_LOG2 = 7;
  localparam logic [15:0] MIN_FRAME = 16'd60;  // without the frame check sequence

  // --- jobs ---
  esp_eth_pkg::job_t job;
  logic job_valid, job_pop;
  logic [JOBS_LOG2:0] job_count;
  esp_fifo #(.WIDTH($bits(job)), .DEPTH_LOG2(JOBS_LOG2)) u_jobs (
    .clk_i, .rst_ni, .push_i(job_i), .data_i(job_data_i),
    .pop_i(job_pop), .valid_o(job_valid), .data_o(job), .count_o(job_count)
  );
  assign job_room_o = !job_count[JOBS_LOG2];

  // --- the engine's packet behind its header ---
  logic inside_q, drained_q, engine_valid, engine_move, engine_last, needs_input;
  logic [15:0] left_q, left, total;
  logic [175:0] carry_q;                       // what the header has pushed out of the beat before
  logic [175:0] front;
  logic [511:0] masked;
  logic [687:0] shifted;
  logic [15:0] ether_type;
  logic [1:0] tags;
  assign tags = job.header.tag_count;
  for (genvar i = 0; i < 64; i = i + 1) begin : g_mask
    assign masked[8*i+:8] = tdata_i[8*i+:8] & {8{tkeep_i[i]}};
  end
  assign ether_type = tdata_i[7:4] == 4'd6 ? esp_eth_pkg::TYPE_IPV6 : esp_eth_pkg::TYPE_IPV4;
  assign total = job.length + 16'd14 + {12'd0, tags, 2'd0};
  assign left = inside_q ? left_q : (total < MIN_FRAME ? MIN_FRAME : total);
  assign needs_input = !drained_q;
  assign engine_valid = job_valid && (!needs_input || tvalid_i);
  assign engine_last = left <= 16'd64;
  always_comb begin
    front = carry_q;
    if (!inside_q) begin
      case (tags)
        2'd0: front = {64'd0, ether_type, job.header.addresses};
        2'd1: front = {32'd0, ether_type, job.header.tags[31:0], job.header.addresses};
        default: front = {ether_type, job.header.tags, job.header.addresses};
      endcase
    end
    case (tags)
      2'd0: shifted = {64'd0, masked, front[111:0]};
      2'd1: shifted = {32'd0, masked, front[143:0]};
      default: shifted = {masked, front[175:0]};
    endcase
    if (!needs_input) shifted = {512'd0, front};
  end

  // --- one frame after the other, the engine's and the host's in turn ---
  logic [FIFO_LOG2:0] used;
  logic busy_q, host_turn_q, pick_host, write, last, room, host_move, long_q, long;
  logic [8:0] host_beat_q;
  logic [6:0] host_bytes, bytes;
  always_comb begin
    host_bytes = '0;
    for (int unsigned i = 0; i < 64; i = i + 1) host_bytes = host_bytes + 7'(host_keep_i[i]);
  end
  assign pick_host = busy_q ? host_turn_q
                            : host_valid_i && (host_turn_q || !engine_valid);
  assign room = !used[FIFO_LOG2];
  assign engine_move = engine_valid && !pick_host && room;
  assign host_ready_o = pick_host && room;
  assign host_move = host_valid_i && host_ready_o;
  assign tready_o = engine_move && needs_input;
  assign job_pop = engine_move && engine_last;
  assign long = long_q || host_beat_q == 9'(esp_eth_pkg::MAX_BEATS)
                || (host_last_i && {1'b0, host_beat_q, 6'd0} + {9'd0, host_bytes}
                    > 16'(esp_inline_regs_pkg::FRAME_BYTES));
  assign write = engine_move || (host_move && !long);
  assign last = pick_host ? host_last_i : engine_last;
  assign bytes = pick_host ? host_bytes : engine_last ? left[6:0] : 7'd64;
  assign from_host_o = host_move && host_last_i && !long;
  assign host_refused_o = host_move && host_last_i && long;
  assign transmitted_o = job_pop || from_host_o;
  always_ff @(posedge clk_i) begin
    if (engine_move) begin
      carry_q <= shifted[687:512];
      left_q <= left - 16'd64;
    end
    if (!rst_ni) begin
      inside_q <= 1'b0;
      drained_q <= 1'b0;
      busy_q <= 1'b0;
      host_turn_q <= 1'b0;
      host_beat_q <= '0;
      long_q <= 1'b0;
    end else begin
      if (engine_move) begin
        inside_q <= !engine_last;
        drained_q <= !engine_last && (drained_q || tlast_i);
      end
      if (host_move) begin
        host_beat_q <= host_last_i ? '0 : host_beat_q + 9'(!long);
        long_q <= long && !host_last_i;
      end
      if (engine_move || host_move) begin
        busy_q <= !last;
        host_turn_q <= last ? !pick_host : pick_host;
      end
    end
  end
  logic [6:0] mac_bytes;
  esp_packet_fifo #(.WIDTH(520), .DEPTH_LOG2(FIFO_LOG2)) u_frames (
    .clk_i, .rst_ni, .write_i(write),
    .data_i({last, bytes, pick_host ? host_data_i : shifted[511:0]}),
    .commit_i(job_pop || from_host_o), .rewind_i(host_refused_o), .used_o(used),
    .valid_o(mac_valid_o), .ready_i(mac_ready_i),
    .data_o({mac_last_o, mac_bytes, mac_data_o})
  );
  assign mac_keep_o = esp_core_pkg::keep(mac_bytes);

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) begin
    if (rst_ni && engine_move) begin
      assert (!(needs_input && engine_last) || tlast_i)
        else $error("the packet is not as long as the core said");
    end
  end
`endif
endmodule
`default_nettype wire
