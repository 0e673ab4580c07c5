// Reads the Ethernet header of each frame and decides its way: to the engine without that header,
// to the host, or dropped. What goes to the engine or the host is copied on its way, and its
// context is told when the copy is whole. One beat per cycle; the last bytes of a packet leave for
// the engine in the cycle in which the next frame's first beat comes in.
`default_nettype none
module esp_eth_feed (
  input  wire logic         clk_i,
  input  wire logic         rst_ni,
  // configuration
  input  wire logic         enable_i,
  input  wire logic         promiscuous_i,
  input  wire logic [47:0]  mac_i,             // first octet on top
  // frames
  input  wire logic         valid_i,
  output logic              ready_o,
  input  wire logic [511:0] data_i,
  input  wire logic         last_i,
  input  wire logic [15:0]  length_i,
  // pulses for the counters
  output logic              disabled_o,
  output logic              runt_o,
  output logic              not_ours_o,
  output logic              group_o,
  output logic              non_ip_o,
  output logic              engine_o,
  // copy and context
  input  wire logic         copy_room_i,       // for a frame of any length, and its context
  output logic              copy_write_o,
  output logic [511:0]      copy_data_o,
  output logic              context_o,
  output esp_eth_pkg::context_t context_data_o,
  // packets to the engine
  output logic              tvalid_o,
  input  wire logic         tready_i,
  output logic [511:0]      tdata_o,
  output logic              tlast_o,
  output logic [15:0]       length_o
);
  // --- the header, in the frame's first beat ---
  function automatic logic is_tag(input logic [15:0] tpid);
    is_tag = tpid == esp_eth_pkg::TPID_CUSTOMER || tpid == esp_eth_pkg::TPID_SERVICE;
  endfunction
  esp_eth_pkg::header_t header;
  logic [15:0] ether_type;
  logic [1:0] way;
  logic [4:0] header_bytes;
  logic runt, group, not_ours;
  always_comb begin
    header.addresses = data_i[95:0];
    header.tags = data_i[159:96];
    if (!is_tag(data_i[111:96])) {header.tag_count, ether_type} = {2'd0, data_i[111:96]};
    else if (!is_tag(data_i[143:128])) {header.tag_count, ether_type} = {2'd1, data_i[143:128]};
    else {header.tag_count, ether_type} = {2'd2, data_i[175:160]};
    header_bytes = 5'd14 + {1'b0, header.tag_count, 2'd0};
    runt = length_i <= {11'd0, header_bytes};
    group = data_i[0];                         // IEEE 802.3: the first bit on the wire
    not_ours = !promiscuous_i && data_i[47:0] != esp_eth_pkg::swap48(mac_i);
    if (!enable_i || runt || (!group && not_ours)) way = esp_eth_pkg::DROPPED;
    else if (group) way = esp_eth_pkg::TO_HOST_GROUP;
    else if (ether_type == esp_eth_pkg::TYPE_IPV4 || ether_type == esp_eth_pkg::TYPE_IPV6)
      way = esp_eth_pkg::TO_ENGINE;
    else way = esp_eth_pkg::TO_HOST_NON_IP;
  end

  // --- stage s ---
  logic first_q, take, s_valid_q, s_first_q, s_last_q, s_move;
  logic [511:0] s_data_q;
  logic [15:0] s_length_q;
  esp_eth_pkg::context_t s_context_q;
  assign ready_o = (!s_valid_q || s_move) && (!first_q || copy_room_i);
  assign take = valid_i && ready_o;
  assign disabled_o = take && first_q && !enable_i;
  assign runt_o = take && first_q && enable_i && runt;
  assign not_ours_o = take && first_q && enable_i && !runt && !group && not_ours;
  assign group_o = take && first_q && way == esp_eth_pkg::TO_HOST_GROUP;
  assign non_ip_o = take && first_q && way == esp_eth_pkg::TO_HOST_NON_IP;
  assign engine_o = take && first_q && way == esp_eth_pkg::TO_ENGINE;
  always_ff @(posedge clk_i) begin
    if (take) begin
      s_data_q <= data_i;
      s_first_q <= first_q;
      s_last_q <= last_i;
      if (first_q) begin
        s_length_q <= length_i - {11'd0, header_bytes};
        s_context_q.way <= way;
        s_context_q.beats <= 9'(esp_core_pkg::last_beat(length_i)) + 9'd1;
        s_context_q.tail <= esp_core_pkg::tail_bytes(length_i[5:0]);
        s_context_q.header <= header;
      end
    end
    if (!rst_ni) begin
      first_q <= 1'b1;
      s_valid_q <= 1'b0;
    end else begin
      if (take) first_q <= last_i;
      s_valid_q <= take || (s_valid_q && !s_move);
    end
  end
  logic kept;
  assign kept = s_context_q.way != esp_eth_pkg::DROPPED;
  assign copy_write_o = s_move && kept;
  assign copy_data_o = s_data_q;
  assign context_o = s_move && kept && s_last_q;
  assign context_data_o = s_context_q;

  // --- without the header: what is left of a beat, and what the next one brings ---
  logic flush_q, emit, emit_last, free, to_engine;
  logic [511:112] previous_q;
  logic [1:0] tags_q;
  logic [15:0] left_q, length_q, left;
  assign to_engine = s_context_q.way == esp_eth_pkg::TO_ENGINE;
  assign free = !tvalid_o || tready_i;
  assign emit = free && (flush_q || (s_valid_q && to_engine && !s_first_q));
  assign emit_last = flush_q || left_q <= 16'd64;
  assign s_move = s_valid_q && (free || (!flush_q && (!to_engine || s_first_q)));
  assign left = s_first_q ? s_length_q : left_q - 16'd64;
  logic [575:0] both;                          // from byte 14 of the beat before on
  assign both = {s_data_q[175:0], previous_q};
  always_ff @(posedge clk_i) begin
    if (s_move) begin
      previous_q <= s_data_q[511:112];
      left_q <= left;
      if (s_first_q) begin
        tags_q <= s_context_q.header.tag_count;
        length_q <= s_length_q;
      end
    end
    if (emit) begin
      case (tags_q)
        2'd0: tdata_o <= both[0+:512];
        2'd1: tdata_o <= both[32+:512];
        default: tdata_o <= both[64+:512];
      endcase
      tlast_o <= emit_last;
      length_o <= length_q;
    end
    if (!rst_ni) begin
      flush_q <= 1'b0;
      tvalid_o <= 1'b0;
    end else begin
      // Behind the last beat something is left, unless that beat brought the last of it.
      if (s_move && s_last_q && to_engine) flush_q <= s_first_q || left_q > 16'd64;
      else if (flush_q && free) flush_q <= 1'b0;
      if (emit) tvalid_o <= 1'b1;
      else if (tready_i) tvalid_o <= 1'b0;
    end
  end
endmodule
`default_nettype wire
