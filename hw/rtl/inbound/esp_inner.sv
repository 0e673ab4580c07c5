// Checks of the decrypted packet's IPv4 header, all in its first beat: form, the SA's selectors
// (RFC 4301 section 5.2), and ECN (RFC 6040 section 4.2) with the checksum updated for it.
// Answers four cycles after the first beat; one packet per cycle.
`default_nettype none
module esp_inner (
  input  wire logic         clk_i,
  input  wire logic [511:0] data_i,           // first beat
  /* verilator lint_off UNUSEDSIGNAL */ // the rest of the record is for others
  input  wire esp_core_pkg::inbound_info_t info_i,
  /* verilator lint_on UNUSEDSIGNAL */
  output logic              malformed_o,      // as far as the header alone tells
  output logic [15:0]       total_o,
  output logic              selected_o,       // within the SA's selectors
  output logic              ecn_drop_o,
  output logic              ecn_change_o,
  output logic [7:0]        tos_o,            // with the ECN to deliver
  output logic [15:0]       checksum_o        // header checksum that goes with it
);
  // --- 1: fields ----
  typedef struct packed {
    logic [3:0]  version;
    logic [3:0]  ihl;
    logic [7:0]  tos;
    logic [15:0] total;
    logic        has_offset;
    logic [7:0]  protocol;
    logic [15:0] checksum;
    logic [31:0] source;
    logic [31:0] destination;
    logic [15:0] source_port;
    logic [15:0] destination_port;
  } fields_t;
  logic [511:0] data1_q;
  logic [31:0] ports1;
  /* verilator lint_off UNUSEDSIGNAL */
  esp_core_pkg::inbound_info_t info1_q, info2_q;
  /* verilator lint_on UNUSEDSIGNAL */
  fields_t fields1, fields2_q;
  always_ff @(posedge clk_i) begin
    data1_q <= data_i;
    info1_q <= info_i;
    info2_q <= info1_q;
    fields2_q <= fields1;
  end
  always_comb begin
    fields1.version = data1_q[7:4];
    fields1.ihl = data1_q[3:0];
    fields1.tos = data1_q[15:8];
    fields1.total = esp_core_pkg::swap16(data1_q[31:16]);
    fields1.has_offset = {data1_q[52:48], data1_q[63:56]} != 13'd0;
    fields1.protocol = data1_q[79:72];
    fields1.checksum = esp_core_pkg::swap16(data1_q[95:80]);
    fields1.source = esp_core_pkg::swap32(data1_q[127:96]);
    fields1.destination = esp_core_pkg::swap32(data1_q[159:128]);
    ports1 = esp_core_pkg::swap32(data1_q[{fields1.ihl, 5'd0}+:32]);
    fields1.source_port = ports1[31:16];
    fields1.destination_port = ports1[15:0];
  end

  // --- 2: checks ----
  logic malformed2, addresses2, protocol2, has_ports2, any_port2, ports2;
  logic [1:0] ecn2;
  logic drop2, change2;
  logic [7:0] tos2;
  logic [19:0] sum2;
  always_comb begin
    malformed2 = fields2_q.version != 4'd4 || fields2_q.ihl < 4'd5
                 || fields2_q.total < {10'd0, fields2_q.ihl, 2'd0};
    addresses2 = fields2_q.source >= info2_q.source_first && fields2_q.source <= info2_q.source_last
                 && fields2_q.destination >= info2_q.destination_first
                 && fields2_q.destination <= info2_q.destination_last;
    protocol2 = info2_q.protocol_any || fields2_q.protocol == info2_q.protocol;
    any_port2 = info2_q.source_port_first == 16'd0 && info2_q.source_port_last == '1
                && info2_q.destination_port_first == 16'd0 && info2_q.destination_port_last == '1;
    case (fields2_q.protocol)
      esp_core_pkg::PROTOCOL_TCP, esp_core_pkg::PROTOCOL_UDP, esp_core_pkg::PROTOCOL_DCCP,
      esp_core_pkg::PROTOCOL_SCTP, esp_core_pkg::PROTOCOL_UDP_LITE: has_ports2 = 1'b1;
      default: has_ports2 = 1'b0;
    endcase
    ports2 = has_ports2 && !fields2_q.has_offset
             && fields2_q.total >= {10'd0, fields2_q.ihl, 2'd0} + 16'd4
             && fields2_q.source_port >= info2_q.source_port_first
             && fields2_q.source_port <= info2_q.source_port_last
             && fields2_q.destination_port >= info2_q.destination_port_first
             && fields2_q.destination_port <= info2_q.destination_port_last;

    // RFC 6040 figure 4. Not-ECT 00, ECT(1) 01, ECT(0) 10, CE 11.
    drop2 = info2_q.ecn == 2'b11 && fields2_q.tos[1:0] == 2'b00;
    ecn2 = fields2_q.tos[1:0];
    if (info2_q.ecn == 2'b11) ecn2 = 2'b11;
    else if (info2_q.ecn == 2'b01 && fields2_q.tos[1:0] == 2'b10) ecn2 = 2'b01;
    change2 = ecn2 != fields2_q.tos[1:0];
    tos2 = {fields2_q.tos[7:2], ecn2};
    // RFC 1624, equation 3: HC' = ~(~HC + ~m + m')
    sum2 = {4'd0, ~fields2_q.checksum}
           + {4'd0, ~{fields2_q.version, fields2_q.ihl, fields2_q.tos}}
           + {4'd0, fields2_q.version, fields2_q.ihl, tos2};
  end

  // --- 3: checksum folded; 4: answer ----
  logic malformed3_q, selected3_q, drop3_q, change3_q;
  logic [15:0] total3_q;
  logic [7:0] tos3_q;
  logic [19:0] sum3_q;
  always_ff @(posedge clk_i) begin
    malformed3_q <= malformed2;
    selected3_q <= addresses2 && protocol2 && (any_port2 || ports2);
    drop3_q <= drop2;
    change3_q <= change2;
    total3_q <= fields2_q.total;
    tos3_q <= tos2;
    sum3_q <= sum2;

    malformed_o <= malformed3_q;
    selected_o <= selected3_q;
    ecn_drop_o <= drop3_q;
    ecn_change_o <= change3_q;
    total_o <= total3_q;
    tos_o <= tos3_q;
    checksum_o <= ~(16'(esp_core_pkg::fold({3'd0, esp_core_pkg::fold(sum3_q)})));
  end
endmodule
`default_nettype wire
