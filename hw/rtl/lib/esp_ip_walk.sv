// One step along the extension headers of an IPv6 packet, one cycle. Headers are counted in units of
// 8 bytes behind the IPv6 header, so three fit the window: places 0, 1 and 2. The walk goes from
// header to header; the next one may stand anywhere behind, or outside the window, where the walk
// ends. What walk_i is not about passes unchanged.
`default_nettype none
module esp_ip_walk (
  input  wire logic clk_i,
  input  wire esp_core_pkg::ip_t ip_i,
  input  wire esp_core_pkg::ip_walk_t walk_i,
  input  wire esp_core_pkg::ip_extension_t at_i,  // what stands at the place
  output esp_core_pkg::ip_t ip_o,
  output esp_core_pkg::ip_walk_t walk_o
);
  esp_core_pkg::ip_t ip;
  esp_core_pkg::ip_walk_t walk;
  logic [8:0] units;
  logic [2:0] place;
  always_comb begin
    ip = ip_i;
    walk = walk_i;
    units = walk_i.next.is_fragment ? 9'd1 : at_i.units;
    place = {1'b0, walk_i.place} + {1'b0, units[1:0]};
    if (walk_i.walking && walk_i.next.extension) begin
      if (walk_i.left == '0) begin
        // This holds for a jumbogram too: payload length 0, hop-by-hop header.
        ip.malformed = 1'b1;
      end else if (walk_i.place == 2'd3) begin
        ip.protocol_known = 1'b0;
        walk.walking = 1'b0;
      end else begin
        if (walk_i.left < {4'd0, units}) ip.malformed = 1'b1;
        walk.left = walk_i.left - {4'd0, units};
        walk.place = (units[8:2] != '0 || place > 3'd2) ? 2'd3 : place[1:0];
        walk.next = at_i.next;
        if (walk_i.next.is_fragment) begin
          ip.fragment = ip_i.fragment || at_i.fragment;
          ip.later_fragment = at_i.later_fragment;
          walk.walking = !at_i.later_fragment;
        end
      end
    end
  end
  always_ff @(posedge clk_i) begin
    ip_o <= ip;
    walk_o <= walk;
  end
endmodule
`default_nettype wire
