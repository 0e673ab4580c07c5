// Outbound decision pipeline: for every first beat, in order and one per cycle, the checks of the
// inner header, the SA row, the sequence number (read-modify-write with forwarding) and the
// finished outer header; one record per packet six cycles later. It never stalls.
//
//   1 parse, rows are addressed   2 rows arrive   3 sequence number, lease, verdict
//   4 header words, partial sums  5 checksum      6 record
//
// Rows are written by commands while the pipeline is empty (the register block holds the input), so
// they need no forwarding. Sequence number and counters of a packet change in stage 3 only.
`default_nettype none
module esp_outbound_decide #(
  parameter int unsigned SA_LOG2 = 8
) (
  input  wire logic         clk_i,
  input  wire logic         rst_ni,
  // first beats
  input  wire logic         first_i,
  input  wire logic [63:0]  header_i,        // first 8 bytes
  input  wire logic [15:0]  length_i,
  input  wire logic [15:0]  sa_i,
  input  wire logic         refuse_i,        // every packet gets self_test_failed
  // commands, only while the pipeline is empty
  input  wire logic         row_write_i,     // the whole row, and its counters to zero
  input  wire logic         lease_write_i,   // lease_limit and lease_low only
  input  wire logic [SA_LOG2-1:0] command_sa_i,
  input  wire esp_regs_pkg::outbound_row_t row_i,
  output esp_core_pkg::outbound_state_t counters_o,  // of command_sa_i
  // events, a pulse
  output logic              event_valid_o,
  output logic [5:0]        event_kinds_o,
  output logic [15:0]       event_sa_o,
  // records
  output logic              record_valid_o,
  output esp_core_pkg::outbound_record_t record_o
);
  typedef struct packed {
    logic        too_long;
    logic        malformed;
    logic        sa_outside;
    logic [15:0] sa;
    logic [15:0] total;
    logic [7:0]  tos;
    logic        df;
  } parsed_t;

  // --- 1: parse ----
  logic valid1_q, valid2_q, valid3_q, valid4_q, valid5_q, valid6_q;
  // Identification and fragment offset pass through unseen.
  /* verilator lint_off UNUSEDSIGNAL */
  logic [63:0] header1_q;
  /* verilator lint_on UNUSEDSIGNAL */
  logic [15:0] length1_q, sa1_q;
  // What a stage has used up travels on with the rest of its struct, here and in the row.
  /* verilator lint_off UNUSEDSIGNAL */
  parsed_t parsed1, parsed2_q, parsed3_q, parsed4_q, parsed5_q;
  esp_regs_pkg::outbound_row_t row2, row3_q, row4_q, row5_q;
  /* verilator lint_on UNUSEDSIGNAL */
  logic [3:0] ihl1;

  always_ff @(posedge clk_i) begin
    valid1_q <= rst_ni && first_i;
    header1_q <= header_i;
    length1_q <= length_i;
    sa1_q <= sa_i;
  end
  assign ihl1 = header1_q[3:0];
  always_comb begin
    parsed1.total = esp_core_pkg::swap16(header1_q[31:16]);
    parsed1.tos = header1_q[15:8];
    parsed1.df = header1_q[54];  // byte 6, bit 6
    parsed1.too_long = length1_q > 16'(esp_core_pkg::MAX_PACKET_BYTES);
    parsed1.malformed = length1_q < 16'd20 || header1_q[7:4] != 4'd4 || ihl1 < 4'd5
                        || parsed1.total < {10'd0, ihl1, 2'd0} || parsed1.total > length1_q;
    parsed1.sa_outside = (sa1_q >> SA_LOG2) != 16'd0;
    parsed1.sa = sa1_q;
  end

  // --- 2: the rows ----
  logic [127:0] lease2, lease3_q;  // lease_low, lease_limit
  esp_core_pkg::outbound_state_t state2, state3_q, state3_next, state4_q, row_state;
  logic told2, told3_q, told3_next, told4_q;  // lease_low was told of this lease
  logic [SA_LOG2-1:0] read_sa, sa2, sa3, sa4_q;
  logic update3, update4_q;

  assign read_sa = valid1_q ? sa1_q[SA_LOG2-1:0] : command_sa_i;
  assign sa2 = parsed2_q.sa[SA_LOG2-1:0];
  assign sa3 = parsed3_q.sa[SA_LOG2-1:0];

  esp_ram #(.WIDTH(esp_regs_pkg::OUTBOUND_ROW_BITS), .DEPTH_LOG2(SA_LOG2)) u_rows (
    .clk_i, .write_i(row_write_i), .write_address_i(command_sa_i), .write_data_i(row_i),
    .read_address_i(read_sa), .read_data_o(row2)
  );
  esp_ram #(.WIDTH(128), .DEPTH_LOG2(SA_LOG2)) u_leases (
    .clk_i, .write_i(row_write_i || lease_write_i), .write_address_i(command_sa_i),
    .write_data_i({row_i.lease_low, row_i.lease_limit}),
    .read_address_i(read_sa), .read_data_o(lease2)
  );
  always_comb begin
    row_state = '0;
    row_state.next_sequence = row_i.next_sequence;
  end
  esp_ram #(.WIDTH($bits(row_state)), .DEPTH_LOG2(SA_LOG2)) u_state (
    .clk_i, .write_i(row_write_i || update3), .write_address_i(row_write_i ? command_sa_i : sa3),
    .write_data_i(row_write_i ? row_state : state3_next),
    .read_address_i(read_sa), .read_data_o(state2)
  );
  logic command_write;
  assign command_write = row_write_i || lease_write_i;
  esp_ram #(.WIDTH(1), .DEPTH_LOG2(SA_LOG2)) u_told (
    .clk_i, .write_i(command_write || update3),
    .write_address_i(command_write ? command_sa_i : sa3),
    .write_data_i(!command_write && told3_next),
    .read_address_i(read_sa), .read_data_o(told2)
  );
  assign counters_o = state2;

  // --- 3: sequence number, lease, verdict ----
  logic [7:0] verdict3, verdict4_q, verdict5_q;
  logic lease_low3, lease_low4_q;
  always_ff @(posedge clk_i) begin
    valid2_q <= rst_ni && valid1_q;
    valid3_q <= rst_ni && valid2_q;
    parsed2_q <= parsed1;
    parsed3_q <= parsed2_q;
    row3_q <= row2;
    lease3_q <= lease2;
    // The packet one ahead writes in this cycle, the one two ahead wrote while the RAM was read.
    if (valid3_q && sa3 == sa2) {told3_q, state3_q} <= {told3_next, state3_next};
    else if (update4_q && sa4_q == sa2) {told3_q, state3_q} <= {told4_q, state4_q};
    else {told3_q, state3_q} <= {told2, state2};
    update4_q <= rst_ni && update3;
    sa4_q <= sa3;
    {told4_q, state4_q} <= {told3_next, state3_next};
  end
  always_comb begin
    verdict3 = esp_regs_pkg::VERDICT_OK;
    if (refuse_i) begin
      verdict3 = esp_regs_pkg::VERDICT_SELF_TEST_FAILED;
    end else if (parsed3_q.too_long) begin
      verdict3 = esp_regs_pkg::VERDICT_TOO_LONG;
    end else if (parsed3_q.malformed) begin
      verdict3 = esp_regs_pkg::VERDICT_HEADER_MALFORMED;
    end else if (parsed3_q.sa_outside || !row3_q.valid) begin
      verdict3 = esp_regs_pkg::VERDICT_SA_INVALID;
    end else if (state3_q.next_sequence == 64'd0
                 || (!row3_q.esn && state3_q.next_sequence[63:32] != 32'd0)) begin
      // Zero stands for the number after the last one (RFC 4303 section 3.3.3).
      verdict3 = esp_regs_pkg::VERDICT_SEQUENCE_OVERFLOW;
    end else if (state3_q.next_sequence >= lease3_q[63:0]) begin
      verdict3 = esp_regs_pkg::VERDICT_LEASE_EXHAUSTED;
    end
    update3 = valid3_q && verdict3 == esp_regs_pkg::VERDICT_OK;
    lease_low3 = update3 && !told3_q && state3_q.next_sequence >= lease3_q[127:64];
    told3_next = told3_q || lease_low3;
    state3_next = state3_q;
    if (update3) begin
      state3_next.next_sequence = state3_q.next_sequence + 64'd1;
      state3_next.bytes = state3_q.bytes + {48'd0, parsed3_q.total};
      state3_next.packets = state3_q.packets + 64'd1;
    end
  end

  always_comb begin
    event_valid_o = lease_low4_q;
    event_kinds_o = '0;
    event_kinds_o[esp_regs_pkg::EVENT_KIND_LEASE_LOW] = lease_low4_q;
    event_sa_o = parsed4_q.sa;
  end

  // --- 4: header words and partial sums ----
  logic [63:0] sequence4_q, sequence5_q;
  logic [15:0] text4, text5_q, output4, output5_q;
  logic [15:0] flags4, flags5_q;
  logic [7:0] tos4, tos5_q;
  logic [19:0] sum4, sum5_q;
  logic df4;
  always_ff @(posedge clk_i) begin
    valid4_q <= rst_ni && valid3_q;
    valid5_q <= rst_ni && valid4_q;
    parsed4_q <= parsed3_q;
    parsed5_q <= parsed4_q;
    row4_q <= row3_q;
    row5_q <= row4_q;
    verdict4_q <= verdict3;
    verdict5_q <= verdict4_q;
    lease_low4_q <= rst_ni && lease_low3;
    sequence4_q <= state3_q.next_sequence;
    sequence5_q <= sequence4_q;
    text5_q <= text4;
    output5_q <= output4;
    flags5_q <= flags4;
    tos5_q <= tos4;
    sum5_q <= sum4;
  end
  always_comb begin
    // Pad length and next header end a 4-byte word (RFC 4303 section 2.4).
    text4 = (parsed4_q.total + 16'd5) & 16'hfffc;
    output4 = text4 + (row4_q.encapsulation ? 16'd60 : 16'd52);
    df4 = row4_q.df_policy == 2'(esp_regs_pkg::DF_POLICY_SET)
          || (row4_q.df_policy == 2'(esp_regs_pkg::DF_POLICY_COPY) && parsed4_q.df);
    flags4 = {1'b0, df4, 14'd0};
    // ECN: RFC 6040 section 4.1, normal mode.
    tos4 = {row4_q.dscp_copy ? parsed4_q.tos[7:2] : row4_q.dscp, parsed4_q.tos[1:0]};
    sum4 = {4'd0, 8'h45, tos4} + {4'd0, output4} + {4'd0, sequence4_q[15:0]} + {4'd0, flags4}
           + {4'd0, row4_q.hop_limit,
              row4_q.encapsulation ? esp_core_pkg::PROTOCOL_UDP : esp_core_pkg::PROTOCOL_ESP}
           + {4'd0, row4_q.outer_source[31:16]} + {4'd0, row4_q.outer_source[15:0]}
           + {4'd0, row4_q.outer_destination[31:16]} + {4'd0, row4_q.outer_destination[15:0]};
  end

  // --- 5: checksum, and the record ----
  logic [15:0] checksum5;
  logic [159:0] ip5;
  logic [63:0] udp5;
  logic [127:0] esp5;
  logic [351:0] header5;  // first byte most significant
  esp_core_pkg::outbound_record_t record5, record6_q;
  always_comb begin
    checksum5 = ~(16'(esp_core_pkg::fold({3'd0, esp_core_pkg::fold(sum5_q)})));
    ip5 = {8'h45, tos5_q, output5_q, sequence5_q[15:0], flags5_q, row5_q.hop_limit,
           row5_q.encapsulation ? esp_core_pkg::PROTOCOL_UDP : esp_core_pkg::PROTOCOL_ESP,
           checksum5, row5_q.outer_source[31:0], row5_q.outer_destination[31:0]};
    // The UDP checksum is zero (RFC 3948 section 2.1).
    udp5 = {row5_q.udp_source, row5_q.udp_destination, output5_q - 16'd20, 16'd0};
    esp5 = {row5_q.spi, sequence5_q[31:0], sequence5_q};
    header5 = row5_q.encapsulation ? {ip5, udp5, esp5} : {ip5, esp5, 64'd0};
    record5.verdict = verdict5_q;
    record5.sa = parsed5_q.sa;
    record5.next_hop = row5_q.next_hop;
    record5.encapsulation = row5_q.encapsulation;
    record5.total = parsed5_q.total;
    record5.text_bytes = text5_q;
    record5.output_bytes = output5_q;
    for (int unsigned i = 0; i < 11; i = i + 1) begin
      record5.header[32*i+:32] = esp_core_pkg::swap32(header5[32*(10-i)+:32]);
    end
    record5.esn = row5_q.esn;
    record5.key_256 = row5_q.key_256;
    record5.key = row5_q.key;
    record5.salt = row5_q.salt;
    record5.spi = row5_q.spi;
    record5.sequence_number = sequence5_q;
    // In the order of esp_gcm_pkg::hash_powers_t.
    record5.powers = {row5_q.h_1, row5_q.h_2, row5_q.h_3, row5_q.h_4, row5_q.h_8, row5_q.h_12,
                      row5_q.h_16, row5_q.h_20, row5_q.h_m1, row5_q.h_m2};
  end
  always_ff @(posedge clk_i) begin
    valid6_q <= rst_ni && valid5_q;
    record6_q <= record5;
  end
  assign record_valid_o = valid6_q;
  assign record_o = record6_q;

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) begin
    if (rst_ni) begin
      assert (!((row_write_i || lease_write_i) && (valid1_q || valid2_q || valid3_q)))
        else $error("a row is written while packets are being decided");
    end
  end
`endif
endmodule
`default_nettype wire
