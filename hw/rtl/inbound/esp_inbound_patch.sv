// What changes in the IP header that is delivered: in tunnel mode the ECN field (RFC 6040 section
// 4.2), in transport mode protocol and length; and the IPv4 checksum with them (RFC 1624, equation
// 3). One packet per cycle, two register ranks.
`default_nettype none
module esp_inbound_patch (
  input  wire logic         clk_i,
  input  wire logic         transport_i,
  input  wire logic         ipv6_i,           // family of the packet delivered
  input  wire logic [1:0]   outer_ecn_i,
  // Words of the IPv4 header that is delivered, or would be were it IPv4.
  input  wire logic [1:0]   ipv4_ecn_i,       // of the packet delivered, as its family has it
  input  wire logic [1:0]   ipv6_ecn_i,
  input  wire logic [15:0]  total_i,
  input  wire logic [8:0]   protocol_change_i,  // 255 - protocol + next header
  input  wire logic [15:0]  checksum_i,
  input  wire logic [7:0]   next_header_i,
  input  wire logic [15:0]  length_i,         // of the packet delivered
  output logic              ecn_drop_o,       // one cycle later
  output esp_inbound_pkg::delivery_t delivery_o  // two cycles later
);
  localparam logic [1:0] NOT_ECT = 2'b00, ECT_1 = 2'b01, ECT_0 = 2'b10, CE = 2'b11;

  logic [1:0] inner_ecn, ecn;
  logic [19:0] sum;
  always_comb begin
    // Figure 4.
    inner_ecn = ipv6_i ? ipv6_ecn_i : ipv4_ecn_i;
    ecn = inner_ecn;
    if (outer_ecn_i == CE) ecn = CE;
    else if (outer_ecn_i == ECT_1 && inner_ecn == ECT_0) ecn = ECT_1;

    // HC' = ~(~HC + ~m + m'), of one or two words. One sum of all is the same as one after the
    // other: both are the number modulo 2^16 - 1 that is zero only if every term is.
    // What does not change of a word is all ones with its complement.
    sum = {4'd0, ~checksum_i}
          + {4'd0, transport_i ? ~total_i : 16'hfffc}
          + {4'd0, transport_i ? length_i : {14'd0, ecn}}
          + (transport_i ? 20'h0ff00 + {11'd0, protocol_change_i} : {18'd0, ~ipv4_ecn_i});
  end

  esp_inbound_pkg::delivery_t delivery1_q, delivery2_q;
  logic drop_q;
  logic [19:0] sum_q;
  always_ff @(posedge clk_i) begin
    drop_q <= !transport_i && outer_ecn_i == CE && inner_ecn == NOT_ECT;
    sum_q <= sum;
    delivery1_q.length <= length_i;
    delivery1_q.ipv6 <= ipv6_i;
    delivery1_q.last <= esp_core_pkg::last_beat(length_i);
    delivery1_q.checksum <= '0;
    if (transport_i) begin
      delivery1_q.patch <= esp_inbound_pkg::PATCH_HEADER;
      delivery1_q.value <= next_header_i;
    end else begin
      delivery1_q.patch <= ecn != inner_ecn ? esp_inbound_pkg::PATCH_ECN
                                            : esp_inbound_pkg::PATCH_NONE;
      delivery1_q.value <= {6'd0, ecn};
    end
    delivery2_q <= delivery1_q;
    delivery2_q.checksum <= ~(16'(esp_core_pkg::fold({3'd0, esp_core_pkg::fold(sum_q)})));
  end
  assign ecn_drop_o = drop_q;
  assign delivery_o = delivery2_q;
endmodule
`default_nettype wire
