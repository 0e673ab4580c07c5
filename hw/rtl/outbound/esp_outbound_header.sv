// Builds the outer header of an outbound packet and its record: one packet per cycle, six cycles
// after its decision.
//
//   5 lengths; the row's header template arrives   6 IP header, its checksum zero   7, 8 sums
//   9 checksum, UDP, ESP and IV put behind         10 record, with the row's keys
//
// In front stands a new header (tunnel mode, and dummy packets) or the packet's own with its length
// and protocol changed (transport mode).
`default_nettype none
module esp_outbound_header #(
  parameter int unsigned SA_LOG2 = 8
) (
  input  wire logic         clk_i,
  input  wire logic         rst_ni,
  // stage 4
  input  wire logic         valid_i,
  input  wire esp_core_pkg::outbound_decision_t decision_i,
  // stage 6
  input  wire logic [383:0] window_i,        // first 12 words of the packet, stream order
  // commands, only while the pipeline is empty
  input  wire logic         row_write_i,
  input  wire logic [SA_LOG2-1:0] command_sa_i,
  /* verilator lint_off UNUSEDSIGNAL */  // checks, state and lease are esp_outbound_decide's
  input  wire esp_regs_pkg::outbound_row_t row_i,
  /* verilator lint_on UNUSEDSIGNAL */
  // stage 10
  output logic              record_valid_o,
  output esp_core_pkg::outbound_record_t record_o
);
  logic [6:1] valid_q;
  always_ff @(posedge clk_i) valid_q <= rst_ni ? {valid_q[5:1], valid_i} : 6'd0;

  // --- 5: lengths ----
  typedef struct packed {
    logic [1:0]   df_policy;
    logic         dscp_copy;
    logic [5:0]   dscp;
    logic [7:0]   hop_limit;
    logic [127:0] outer_source;
    logic [127:0] outer_destination;
    logic [31:0]  spi;
    logic [15:0]  udp_source;
    logic [15:0]  udp_destination;
  } template_t;
  template_t row_template, template5;
  // What a stage has used up travels on with the rest of its struct.
  /* verilator lint_off UNUSEDSIGNAL */
  template_t template6_q;
  esp_core_pkg::outbound_decision_t decision5_q, decision6_q;
  /* verilator lint_on UNUSEDSIGNAL */
  assign row_template = {
    row_i.df_policy, row_i.dscp_copy, row_i.dscp, row_i.hop_limit, row_i.outer_source,
    row_i.outer_destination, row_i.spi, row_i.udp_source, row_i.udp_destination};
  esp_ram #(.WIDTH($bits(row_template)), .DEPTH_LOG2(SA_LOG2)) u_templates (
    .clk_i, .write_i(row_write_i), .write_address_i(command_sa_i), .write_data_i(row_template),
    .read_address_i(decision_i.sa[SA_LOG2-1:0]), .read_data_o(template5)
  );

  logic [15:0] esp_bytes5, front_bytes5, payload5, output5, output6_q, text5, text6_q;
  always_comb begin
    // Pad length and next header end a 4-byte word (RFC 4303 section 2.4).
    payload5 = (decision5_q.payload_bytes + 16'd5) & 16'hfffc;
    // ESP header, IV and ICV, and in front of them IP and UDP header.
    esp_bytes5 = payload5 + 16'd32;
    front_bytes5 = {10'd0, decision5_q.ip_words, 2'd0}
                   + (decision5_q.encapsulation ? 16'd8 : 16'd0);
    output5 = decision5_q.bypass ? decision5_q.carried_bytes : esp_bytes5 + front_bytes5;
    if (decision5_q.bypass) text5 = decision5_q.carried_bytes;
    else text5 = payload5 + ((decision5_q.gmac && decision5_q.esn) ? 16'd4 : 16'd0);
  end
  always_ff @(posedge clk_i) begin
    decision5_q <= decision_i;
    decision6_q <= decision5_q;
    template6_q <= template5;
    output6_q <= output5;
    text6_q <= text5;
  end

  // --- 6: the IP header, first byte most significant; zero behind its end ----
  logic [7:0] protocol6, tos6;
  logic df6;
  logic [383:0] window6, built6, own6, ip6, ip7_q, ip8_q, ip9_q;
  always_comb begin
    // ECN: RFC 6040 section 4.1, normal mode.
    tos6 = {template6_q.dscp_copy ? decision6_q.tos[7:2] : template6_q.dscp, decision6_q.tos[1:0]};
    df6 = template6_q.df_policy == 2'(esp_regs_pkg::DF_POLICY_SET)
          || (template6_q.df_policy == 2'(esp_regs_pkg::DF_POLICY_COPY) && decision6_q.df);
    protocol6 = decision6_q.encapsulation ? esp_core_pkg::PROTOCOL_UDP : esp_core_pkg::PROTOCOL_ESP;
    if (decision6_q.outer_ipv6) begin
      built6 = {4'd6, tos6, 20'd0, output6_q - 16'd40, protocol6, template6_q.hop_limit,
                template6_q.outer_source, template6_q.outer_destination, 64'd0};
    end else begin
      built6 = {8'h45, tos6, output6_q, decision6_q.sequence_number[15:0], 1'b0, df6, 14'd0,
                template6_q.hop_limit, protocol6, 16'd0, template6_q.outer_source[31:0],
                template6_q.outer_destination[31:0], 224'd0};
    end
    for (int unsigned i = 0; i < 12; i = i + 1) begin
      window6[32*(11-i)+:32] = esp_core_pkg::swap32(window_i[32*i+:32]);
    end
    if (decision6_q.outer_ipv6) begin
      own6 = {window6[383:352], output6_q - 16'd40, protocol6, window6[327:0]};
    end else begin
      own6 = {window6[383:368], output6_q, window6[351:312], protocol6, 16'd0, window6[287:0]};
    end
    ip6 = built6;
    if (decision6_q.own_header) begin
      for (int unsigned i = 0; i < 12; i = i + 1) begin
        ip6[32*(11-i)+:32] = 4'(i) < decision6_q.ip_words ? own6[32*(11-i)+:32] : 32'd0;
      end
    end
  end
  always_ff @(posedge clk_i) begin
    ip7_q <= ip6;
    ip8_q <= ip7_q;
    ip9_q <= ip8_q;
  end

  // --- 7, 8: sum of the 24 halfwords (RFC 1071) ----
  logic [6*18-1:0] sums7, sums8_q;
  logic [20:0] sum8, sum9_q;
  always_comb begin
    for (int unsigned i = 0; i < 6; i = i + 1) begin
      sums7[18*i+:18] = {2'd0, ip7_q[64*i+:16]} + {2'd0, ip7_q[64*i+16+:16]}
                        + {2'd0, ip7_q[64*i+32+:16]} + {2'd0, ip7_q[64*i+48+:16]};
    end
    sum8 = {3'd0, sums8_q[17:0]} + {3'd0, sums8_q[35:18]} + {3'd0, sums8_q[53:36]}
           + {3'd0, sums8_q[71:54]} + {3'd0, sums8_q[89:72]} + {3'd0, sums8_q[107:90]};
  end
  always_ff @(posedge clk_i) begin
    sums8_q <= sums7;
    sum9_q <= sum8;
  end

  // --- 9: what else the record needs has waited; checksum; UDP, ESP, IV behind the IP header ----
  typedef struct packed {
    logic [7:0]  verdict;
    logic [15:0] sa;
    logic        bypass;
    logic        own_header;
    logic        outer_ipv6;
    logic        encapsulation;
    logic        gmac;
    logic        esn;
    logic [3:0]  ip_words;
    logic [15:0] carried_bytes;
    logic [15:0] payload_bytes;
    logic [7:0]  next_header;
    logic [63:0] sequence_number;
    logic [31:0] spi;
    logic [15:0] udp_source;
    logic [15:0] udp_destination;
    logic [15:0] text_bytes;
    logic [15:0] output_bytes;
  } late_t;
  late_t late6, late9;
  assign late6 = {
    decision6_q.verdict, decision6_q.sa, decision6_q.bypass, decision6_q.own_header,
    decision6_q.outer_ipv6, decision6_q.encapsulation, decision6_q.gmac, decision6_q.esn,
    decision6_q.ip_words, decision6_q.carried_bytes, decision6_q.payload_bytes,
    decision6_q.next_header, decision6_q.sequence_number, template6_q.spi, template6_q.udp_source,
    template6_q.udp_destination, text6_q, output6_q};
  esp_delay_line #(.WIDTH($bits(late6)), .CYCLES(3)) u_late (
    .clk_i, .rst_ni, .data_i(late6), .data_o(late9)
  );
  logic iv_in_text9;
  logic [16:0] folded9;
  logic [15:0] folded_more9, checksum9, iv_bytes9;
  logic [191:0] behind9;
  logic [511:0] header9;  // first byte most significant
  esp_core_pkg::outbound_record_t record9, record10_q;
  always_comb begin
    // The carries, and the carry that they may give, folded back at once.
    folded9 = {1'b0, sum9_q[15:0]} + {12'd0, sum9_q[20:16]};
    folded_more9 = sum9_q[15:0] + {11'd0, sum9_q[20:16]} + 16'd1;
    checksum9 = ~(folded9[16] ? folded_more9 : folded9[15:0]);
    // The UDP checksum is zero (RFC 3948 section 2.1, RFC 6935 section 5).
    behind9 = {late9.spi, late9.sequence_number[31:0], late9.sequence_number, 64'd0};
    if (late9.encapsulation) begin
      behind9 = {late9.udp_source, late9.udp_destination,
                 late9.output_bytes - {10'd0, late9.ip_words, 2'd0}, 16'd0, behind9[191:64]};
    end
    header9 = {ip9_q, 128'd0};
    if (!late9.outer_ipv6) header9[431:416] = checksum9;
    header9 = header9 | ({behind9, 320'd0} >> {late9.ip_words, 5'd0});

    iv_in_text9 = late9.gmac && late9.esn && !late9.bypass;
    iv_bytes9 = iv_in_text9 ? 16'd4 : 16'd0;
    record9 = '0;  // what comes from the keys is put in below
    record9.verdict = late9.verdict;
    record9.sa = late9.sa;
    record9.bypass = late9.bypass;
    record9.iv_in_text = iv_in_text9;
    record9.carried_word = (late9.own_header ? late9.ip_words : 4'd0) + {3'd0, !iv_in_text9};
    record9.carried_end = late9.carried_bytes + iv_bytes9;
    record9.trailer_start = late9.payload_bytes + iv_bytes9;
    record9.text_bytes = late9.text_bytes;
    record9.last_text = esp_core_pkg::last_beat(late9.text_bytes);
    record9.output_bytes = late9.output_bytes;
    record9.last_output = esp_core_pkg::last_beat(late9.output_bytes);
    record9.next_header = late9.next_header;
    record9.header_words = late9.bypass
                           ? 5'd0
                           : {1'b0, late9.ip_words} + (late9.encapsulation ? 5'd6 : 5'd4)
                             - {4'd0, iv_in_text9};
    for (int unsigned i = 0; i < 16; i = i + 1) begin
      record9.header[32*i+:32] = esp_core_pkg::swap32(header9[32*(15-i)+:32]);
    end
    // A bypassed packet passes the cipher as GMAC does, unchanged.
    record9.gmac = late9.gmac || late9.bypass;
    record9.esn = late9.esn;
    record9.spi = late9.spi;
    record9.sequence_number = late9.sequence_number;
  end

  // --- 10: the keys ----
  typedef struct packed {
    logic          key_256;
    logic [47:0]   next_hop;
    logic [31:0]   salt;
    logic [255:0]  key;
    logic [1279:0] powers;        // in the order of esp_gcm_pkg::hash_powers_t
  } keys_t;
  keys_t row_keys, keys10;
  assign row_keys = {
    row_i.key_256, row_i.next_hop, row_i.salt, row_i.key,
    row_i.h_1, row_i.h_2, row_i.h_3, row_i.h_4, row_i.h_8, row_i.h_12, row_i.h_16, row_i.h_20,
    row_i.h_m1, row_i.h_m2};
  esp_ram #(.WIDTH($bits(row_keys)), .DEPTH_LOG2(SA_LOG2)) u_keys (
    .clk_i, .write_i(row_write_i), .write_address_i(command_sa_i), .write_data_i(row_keys),
    .read_address_i(late9.sa[SA_LOG2-1:0]), .read_data_o(keys10)
  );
  always_ff @(posedge clk_i) record10_q <= record9;
  always_comb begin
    record_o = record10_q;
    record_o.key_256 = keys10.key_256;
    record_o.next_hop = keys10.next_hop;
    record_o.salt = keys10.salt;
    record_o.key = keys10.key;
    record_o.powers = keys10.powers;
  end
  assign record_valid_o = valid_q[6];
endmodule
`default_nettype wire
