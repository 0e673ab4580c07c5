// AXI4-Lite slave of a register block. Only whole words are written: a write with a byte strobe
// missing, or to an address that is not a multiple of four, is answered and changes nothing. One
// access of each kind at a time; a read takes its data in the cycle of read_o.
`default_nettype none
module esp_axi_lite (
  input  wire logic         clk_i,
  input  wire logic         rst_ni,
  input  wire logic [15:0]  s_axil_awaddr_i,
  input  wire logic         s_axil_awvalid_i,
  output logic              s_axil_awready_o,
  input  wire logic [31:0]  s_axil_wdata_i,
  input  wire logic [3:0]   s_axil_wstrb_i,
  input  wire logic         s_axil_wvalid_i,
  output logic              s_axil_wready_o,
  output logic [1:0]        s_axil_bresp_o,
  output logic              s_axil_bvalid_o,
  input  wire logic         s_axil_bready_i,
  input  wire logic [15:0]  s_axil_araddr_i,
  input  wire logic         s_axil_arvalid_i,
  output logic              s_axil_arready_o,
  output logic [31:0]       s_axil_rdata_o,
  output logic [1:0]        s_axil_rresp_o,
  output logic              s_axil_rvalid_o,
  input  wire logic         s_axil_rready_i,
  // registers
  output logic              write_o,
  output logic [15:0]       write_address_o,
  output logic [31:0]       write_data_o,
  output logic              read_o,
  output logic [15:0]       read_address_o,
  input  wire logic [31:0]  read_data_i
);
  localparam logic [1:0] RESPONSE_OKAY = 2'b00;

  logic aw_held_q, w_held_q, ar_held_q;
  logic [3:0] wstrb_q;
  assign s_axil_awready_o = !aw_held_q;
  assign s_axil_wready_o = !w_held_q;
  assign s_axil_arready_o = !ar_held_q && !s_axil_rvalid_o;
  assign s_axil_bresp_o = RESPONSE_OKAY;
  assign s_axil_rresp_o = RESPONSE_OKAY;
  assign write_o = aw_held_q && w_held_q && !s_axil_bvalid_o
                   && wstrb_q == '1 && write_address_o[1:0] == 2'd0;
  assign read_o = ar_held_q && read_address_o[1:0] == 2'd0;
  always_ff @(posedge clk_i) begin
    if (s_axil_awvalid_i && s_axil_awready_o) write_address_o <= s_axil_awaddr_i;
    if (s_axil_wvalid_i && s_axil_wready_o) begin
      wstrb_q <= s_axil_wstrb_i;
      write_data_o <= s_axil_wdata_i;
    end
    if (s_axil_arvalid_i && s_axil_arready_o) read_address_o <= s_axil_araddr_i;
    if (ar_held_q) s_axil_rdata_o <= read_o ? read_data_i : '0;
    if (!rst_ni) begin
      aw_held_q <= 1'b0;
      w_held_q <= 1'b0;
      ar_held_q <= 1'b0;
      s_axil_bvalid_o <= 1'b0;
      s_axil_rvalid_o <= 1'b0;
    end else begin
      if (s_axil_awvalid_i && s_axil_awready_o) aw_held_q <= 1'b1;
      if (s_axil_wvalid_i && s_axil_wready_o) w_held_q <= 1'b1;
      if (s_axil_bvalid_o) begin
        if (s_axil_bready_i) s_axil_bvalid_o <= 1'b0;
      end else if (aw_held_q && w_held_q) begin
        s_axil_bvalid_o <= 1'b1;
        aw_held_q <= 1'b0;
        w_held_q <= 1'b0;
      end
      ar_held_q <= s_axil_arvalid_i && s_axil_arready_o;
      if (ar_held_q) s_axil_rvalid_o <= 1'b1;
      else if (s_axil_rready_i) s_axil_rvalid_o <= 1'b0;
    end
  end
endmodule
`default_nettype wire
