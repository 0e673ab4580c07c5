// Outbound decision pipeline: for every first beat, in order and one per cycle, the checks of the
// packet, its flow and its SA, the sequence number, and the finished outer header; one record per
// packet, esp_core_pkg::PARSE_CYCLES + SPD_CACHE_CYCLES + 10 cycles later. It never stalls.
//
//   esp_ip_parse, then esp_spd_cache
//   1 verdict of packet and flow, SA   2 SA row arrives   3 what it says of the packet
//   4 lifetime, sequence number, lease (esp_outbound_account)   5..10 esp_outbound_header
//
// Rows are written by commands while the pipeline is empty (the register block holds the input), so
// they need no forwarding.
`default_nettype none
module esp_outbound_decide #(
  parameter int unsigned SA_LOG2 = 8,
  parameter int unsigned SPD_CACHE_LOG2 = 7
) (
  input  wire logic         clk_i,
  input  wire logic         rst_ni,
  // first beats
  input  wire logic         first_i,
  input  wire logic [511:0] data_i,
  input  wire logic [15:0]  length_i,
  input  wire logic         lookup_i,
  input  wire logic         dummy_i,
  input  wire logic [15:0]  sa_i,
  input  wire logic [7:0]   spd_i,
  input  wire logic         refuse_i,        // every packet gets self_test_failed
  // commands, rows only while the pipeline is empty
  input  wire logic         row_write_i,     // the whole row, and its counters to zero
  input  wire logic         lease_write_i,   // lease_limit and lease_low only
  input  wire logic [SA_LOG2-1:0] command_sa_i,
  input  wire esp_regs_pkg::outbound_row_t row_i,
  output esp_core_pkg::outbound_state_t counters_o,  // of command_sa_i
  input  wire logic [3:0]   cache_write_i,
  input  wire logic [SPD_CACHE_LOG2-1:0] cache_index_i,
  input  wire esp_regs_pkg::spd_cache_entry_t cache_entry_i,
  // events, a pulse
  output logic              event_valid_o,
  output logic [5:0]        event_kinds_o,
  output logic [15:0]       event_sa_o,
  // records
  output logic              record_valid_o,
  output esp_core_pkg::outbound_record_t record_o
);
  localparam int unsigned PARSE_CYCLES = esp_core_pkg::PARSE_CYCLES;
  localparam int unsigned SPD_CACHE_CYCLES = esp_core_pkg::SPD_CACHE_CYCLES;
  localparam int unsigned HEADER_CYCLES = 6;  // from stage 0 to where the packet's header is used

  // What the request says.
  typedef struct packed {
    logic        lookup;
    logic        dummy;
    logic [15:0] sa;
    logic [7:0]  spd;
    logic [15:0] length;
  } request_t;
  // What the checks and the header need of request and packet.
  typedef struct packed {
    logic [7:0]  verdict;
    logic        lookup;
    logic        dummy;
    logic [15:0] sa;
    logic        ipv6;
    logic        fragment;
    logic [3:0]  ip_words;        // of the packet's IP header, without IPv6 extension headers
    logic [7:0]  base_protocol;
    logic [15:0] total;           // of a dummy: all of it
    logic [7:0]  tos;
    logic        df;
  } packet_t;

  // --- parser, and the verdict as far as it depends on the packet alone ----
  request_t request, request_parsed;
  assign request = {lookup_i, dummy_i, sa_i, spd_i, length_i};
  esp_delay_line #(.WIDTH($bits(request)), .CYCLES(PARSE_CYCLES)) u_request (
    .clk_i, .rst_ni, .data_i(request), .data_o(request_parsed)
  );
  logic parsed_valid;
  esp_core_pkg::ip_t ip;
  esp_ip_parse u_parse (
    .clk_i, .rst_ni, .valid_i(first_i), .data_i, .length_i, .valid_o(parsed_valid), .ip_o(ip)
  );
  packet_t parsed, packet0;
  always_comb begin
    parsed.verdict = esp_regs_pkg::VERDICT_OK;
    if (refuse_i) begin
      parsed.verdict = esp_regs_pkg::VERDICT_SELF_TEST_FAILED;
    end else if (request_parsed.length > 16'(esp_core_pkg::MAX_PACKET_BYTES)) begin
      parsed.verdict = esp_regs_pkg::VERDICT_TOO_LONG;
    end else if (request_parsed.dummy ? request_parsed.length == 16'd0 : ip.malformed) begin
      parsed.verdict = esp_regs_pkg::VERDICT_HEADER_MALFORMED;
    end else if (request_parsed.lookup && !request_parsed.dummy && ip.fragment) begin
      parsed.verdict = esp_regs_pkg::VERDICT_INNER_FRAGMENT;
    end else if (request_parsed.lookup && !request_parsed.dummy && ip.window_exceeded) begin
      parsed.verdict = esp_regs_pkg::VERDICT_HEADER_WINDOW;
    end
    parsed.lookup = request_parsed.lookup && !request_parsed.dummy;
    parsed.dummy = request_parsed.dummy;
    parsed.sa = request_parsed.sa;
    parsed.ipv6 = ip.ipv6;
    parsed.fragment = ip.fragment;
    parsed.ip_words = ip.ipv6 ? 4'd10 : ip.upper_word[3:0];
    parsed.base_protocol = ip.base_protocol;
    parsed.total = request_parsed.dummy ? request_parsed.length : ip.total;
    parsed.tos = request_parsed.dummy ? 8'd0 : ip.tos;
    parsed.df = !request_parsed.dummy && ip.df;
  end

  // --- SPD cache ----
  logic hit0, valid0;
  logic [1:0] policy0;
  logic [15:0] cache_sa0;
  esp_spd_cache #(.SPD_CACHE_LOG2(SPD_CACHE_LOG2)) u_cache (
    .clk_i, .rst_ni, .valid_i(parsed_valid), .ip_i(ip), .spd_i(request_parsed.spd),
    .valid_o(valid0), .hit_o(hit0), .policy_o(policy0), .sa_o(cache_sa0),
    .write_i(cache_write_i), .write_index_i(cache_index_i), .write_entry_i(cache_entry_i)
  );
  esp_delay_line #(.WIDTH($bits(parsed)), .CYCLES(SPD_CACHE_CYCLES)) u_packet (
    .clk_i, .rst_ni, .data_i(parsed), .data_o(packet0)
  );

  // --- 1: verdict of the flow, and the SA ----
  logic valid1_q, valid2_q, valid3_q, valid4_q, bypass0, bypass1_q, bypass2_q, bypass3_q;
  // What a stage has used up travels on with the rest of its struct, here and below.
  /* verilator lint_off UNUSEDSIGNAL */
  packet_t packet1, packet1_q, packet2_q, packet3_q;
  /* verilator lint_on UNUSEDSIGNAL */
  always_comb begin
    packet1 = packet0;
    bypass0 = 1'b0;
    if (packet0.lookup) begin
      packet1.sa = 16'd0;
      if (packet0.verdict == esp_regs_pkg::VERDICT_OK) begin
        if (!hit0) begin
          packet1.verdict = esp_regs_pkg::VERDICT_POLICY_MISS;
        end else if (policy0 == 2'(esp_regs_pkg::POLICY_PROTECT)) begin
          packet1.sa = cache_sa0;
        end else if (policy0 == 2'(esp_regs_pkg::POLICY_BYPASS)) begin
          packet1.verdict = esp_regs_pkg::VERDICT_BYPASSED;
          bypass0 = 1'b1;
        end else begin
          packet1.verdict = esp_regs_pkg::VERDICT_POLICY_DISCARD;
        end
      end
    end
  end

  // --- 2: the row ----
  typedef struct packed {
    logic        valid;
    logic        transport;
    logic        ipv6;
    logic        encapsulation;
    logic        gmac;
    logic        esn;
    logic [15:0] tfc_bytes;
    logic [63:0] soft_packets;
    logic [63:0] soft_bytes;
    logic [63:0] hard_packets;
    logic [63:0] hard_bytes;
  } checks_t;
  checks_t row_checks, checks2, checks3_q;
  assign row_checks = {
    row_i.valid, row_i.transport, row_i.ipv6, row_i.encapsulation, row_i.gmac, row_i.esn,
    row_i.tfc_bytes, row_i.soft_packets, row_i.soft_bytes, row_i.hard_packets, row_i.hard_bytes};
  esp_ram #(.WIDTH($bits(row_checks)), .DEPTH_LOG2(SA_LOG2)) u_checks (
    .clk_i, .write_i(row_write_i), .write_address_i(command_sa_i), .write_data_i(row_checks),
    .read_address_i(packet1_q.sa[SA_LOG2-1:0]), .read_data_o(checks2)
  );
  always_ff @(posedge clk_i) begin
    valid1_q <= rst_ni && valid0;
    valid2_q <= rst_ni && valid1_q;
    valid3_q <= rst_ni && valid2_q;
    valid4_q <= rst_ni && valid3_q;
    bypass1_q <= bypass0;
    bypass2_q <= bypass1_q;
    bypass3_q <= bypass2_q;
    packet1_q <= packet1;
    packet2_q <= packet1_q;
    packet3_q <= packet2_q;
    checks3_q <= checks2;
  end

  // --- 3: checks of the row ----
  esp_core_pkg::outbound_decision_t decision3, decision4_q, decision4;
  logic sa_outside3, own_header3;
  assign sa_outside3 = (packet3_q.sa >> SA_LOG2) != 16'd0;
  assign own_header3 = checks3_q.transport && !packet3_q.dummy && !bypass3_q;
  always_comb begin
    decision3.verdict = packet3_q.verdict;
    if (packet3_q.verdict == esp_regs_pkg::VERDICT_OK) begin
      if (sa_outside3 || !checks3_q.valid) begin
        decision3.verdict = esp_regs_pkg::VERDICT_SA_INVALID;
      end else if (own_header3) begin
        if (packet3_q.fragment) begin
          decision3.verdict = esp_regs_pkg::VERDICT_INNER_FRAGMENT;
        end else if (packet3_q.ipv6
                     ? packet3_q.base_protocol == esp_core_pkg::PROTOCOL_HOP_BY_HOP
                       || packet3_q.base_protocol == esp_core_pkg::PROTOCOL_ROUTING
                       || packet3_q.base_protocol == esp_core_pkg::PROTOCOL_FRAGMENT
                     : packet3_q.ip_words > (checks3_q.encapsulation ? 4'd10 : 4'd12)) begin
          // IPv6: ESP would have to stand behind those (RFC 4303 section 3.1.1).
          decision3.verdict = esp_regs_pkg::VERDICT_HEADER_WINDOW;
        end else if (packet3_q.ipv6 != checks3_q.ipv6) begin
          decision3.verdict = esp_regs_pkg::VERDICT_HEADER_MALFORMED;
        end
      end
    end
    decision3.sa = packet3_q.sa;
    decision3.bypass = bypass3_q;
    decision3.own_header = own_header3;
    decision3.outer_ipv6 = checks3_q.ipv6;
    decision3.encapsulation = checks3_q.encapsulation;
    decision3.gmac = checks3_q.gmac;
    decision3.esn = checks3_q.esn;
    if (own_header3) decision3.ip_words = packet3_q.ip_words;
    else decision3.ip_words = checks3_q.ipv6 ? 4'd10 : 4'd5;
    decision3.carried_bytes =
      own_header3 ? packet3_q.total - {10'd0, packet3_q.ip_words, 2'd0} : packet3_q.total;
    if (!own_header3 && !bypass3_q && checks3_q.tfc_bytes > packet3_q.total) begin
      decision3.payload_bytes = checks3_q.tfc_bytes;
    end else begin
      decision3.payload_bytes = decision3.carried_bytes;
    end
    if (packet3_q.dummy) decision3.next_header = esp_core_pkg::PROTOCOL_NONE;
    else if (own_header3) decision3.next_header = packet3_q.base_protocol;
    else if (packet3_q.ipv6) decision3.next_header = esp_core_pkg::PROTOCOL_IPV6;
    else decision3.next_header = esp_core_pkg::PROTOCOL_IPV4;
    decision3.tos = packet3_q.tos;
    decision3.df = packet3_q.df;
    decision3.sequence_number = 64'd0;
  end

  // --- 4: lifetime, sequence number, lease ----
  logic candidate4_q;
  logic [7:0] account_verdict4;
  logic [63:0] sequence4;
  logic [SA_LOG2-1:0] event_sa;
  always_ff @(posedge clk_i) begin
    decision4_q <= decision3;
    candidate4_q <= decision3.verdict == esp_regs_pkg::VERDICT_OK;
  end
  esp_outbound_account #(.SA_LOG2(SA_LOG2)) u_account (
    .clk_i, .rst_ni,
    .read_i(valid1_q), .read_sa_i(packet1_q.sa[SA_LOG2-1:0]),
    .esn_i(checks3_q.esn), .bytes_i(packet3_q.total),
    .soft_packets_i(checks3_q.soft_packets), .soft_bytes_i(checks3_q.soft_bytes),
    .hard_packets_i(checks3_q.hard_packets), .hard_bytes_i(checks3_q.hard_bytes),
    .candidate_i(candidate4_q), .verdict_o(account_verdict4), .sequence_o(sequence4),
    .event_valid_o, .event_kinds_o, .event_sa_o(event_sa),
    .row_write_i, .lease_write_i, .command_sa_i,
    .next_sequence_i(row_i.next_sequence), .lease_limit_i(row_i.lease_limit),
    .lease_low_i(row_i.lease_low), .counters_o
  );
  assign event_sa_o = 16'(event_sa);
  always_comb begin
    decision4 = decision4_q;
    if (candidate4_q) decision4.verdict = account_verdict4;
    decision4.sequence_number = sequence4;
  end

  // --- 5..10: header and record ----
  logic [383:0] window;  // the first 12 words, at stage 6
  esp_delay_line #(
    .WIDTH($bits(window)), .CYCLES(PARSE_CYCLES + SPD_CACHE_CYCLES + HEADER_CYCLES)
  ) u_window (.clk_i, .rst_ni, .data_i(data_i[383:0]), .data_o(window));
  esp_outbound_header #(.SA_LOG2(SA_LOG2)) u_header (
    .clk_i, .rst_ni,
    .valid_i(valid4_q), .decision_i(decision4), .window_i(window),
    .row_write_i, .command_sa_i, .row_i,
    .record_valid_o, .record_o
  );
endmodule
`default_nettype wire
