// Step 17 of the order of checks: a packet against the selectors of its SA (RFC 4301 section 5.2).
// One packet per cycle; the answer comes one cycle later.
`default_nettype none
module esp_inbound_selectors (
  input  wire logic         clk_i,
  input  wire esp_inbound_pkg::selector_row_t row_i,
  input  wire logic         ipv6_i,
  input  wire logic [7:0]   protocol_i,
  input  wire logic         ports_known_i,
  input  wire logic         window_exceeded_i,
  input  wire logic [15:0]  source_port_i,
  input  wire logic [15:0]  destination_port_i,
  input  wire logic [127:0] source_i,
  input  wire logic [127:0] destination_i,
  output logic              window_o,         // the selectors need what the window does not hold
  output logic              mismatch_o
);
  function automatic logic is_any(input logic [15:0] first, input logic [15:0] last);
    is_any = first == 16'd0 && last == 16'hffff;
  endfunction
  // A range that ends before it begins is OPAQUE: only for packets whose ports are not known.
  function automatic logic port_fits(input logic [15:0] first, input logic [15:0] last,
                                     input logic known, input logic [15:0] port);
    port_fits = is_any(first, last) || (first > last ? !known
                                                     : known && port >= first && port <= last);
  endfunction

  logic any_ports, addresses_q, source_port_q, destination_port_q, rest_q, window_q;
  assign any_ports = is_any(row_i.source_port_first, row_i.source_port_last)
                     && is_any(row_i.destination_port_first, row_i.destination_port_last);
  always_ff @(posedge clk_i) begin
    window_q <= window_exceeded_i && !(row_i.protocol_any && any_ports);
    addresses_q <= source_i >= row_i.source_first && source_i <= row_i.source_last
                   && destination_i >= row_i.destination_first
                   && destination_i <= row_i.destination_last;
    rest_q <= ipv6_i == row_i.selector_ipv6
              && (row_i.protocol_any || protocol_i == row_i.protocol);
    source_port_q <= port_fits(row_i.source_port_first, row_i.source_port_last,
                               ports_known_i, source_port_i);
    destination_port_q <= port_fits(row_i.destination_port_first, row_i.destination_port_last,
                                    ports_known_i, destination_port_i);
  end
  assign window_o = window_q;
  assign mismatch_o = !addresses_q || !source_port_q || !destination_port_q || !rest_q;
endmodule
`default_nettype wire
