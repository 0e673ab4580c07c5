// A table of four ways, each a RAM of its own with a hash of its own, so that a key has four
// possible places and an entry is written without touching another. One look-up a cycle, whatever
// the occupancy: hit_o and value_o come esp_core_pkg::TABLE_CYCLES after key_i and hash_i, and a
// look-up sees each way as it is in the cycle in which it is asked. value_o is zero without a hit.
// A key must not stand in two places with different values, other than for the moment in which the
// host moves it: then the values are the same.
//
//   1 RAMs   2 the key's pieces compared   3 the ways' answers   4 the table's answer
`default_nettype none
module esp_hash_table #(
  parameter int unsigned KEY_WIDTH = 32,
  parameter int unsigned VALUE_WIDTH = 8,
  parameter int unsigned INDEX_LOG2 = 7      // entries of one way; at most 16
) (
  input  wire logic                   clk_i,
  input  wire logic [KEY_WIDTH-1:0]   key_i,
  /* verilator lint_off UNUSEDSIGNAL */ // a way takes as many bits as it has
  input  wire logic [63:0]            hash_i,  // {B, A}, see esp_table_hash.sv
  /* verilator lint_on UNUSEDSIGNAL */
  output logic                        hit_o,
  output logic [VALUE_WIDTH-1:0]      value_o,
  input  wire logic [3:0]             write_i,  // by way
  input  wire logic [INDEX_LOG2-1:0]  write_index_i,
  input  wire logic                   write_valid_i,
  input  wire logic [KEY_WIDTH-1:0]   write_key_i,
  input  wire logic [VALUE_WIDTH-1:0] write_value_i
);
  localparam int unsigned PIECE = 24;
  localparam int unsigned PIECES = (KEY_WIDTH + PIECE - 1) / PIECE;
  localparam int unsigned PADDED = PIECES * PIECE;

  if (INDEX_LOG2 > 16) begin : g_check
    $error("esp_hash_table: a way's hash has 16 bits");
  end

  logic [PADDED-1:0] key1_q;
  always_ff @(posedge clk_i) key1_q <= PADDED'(key_i);

  logic [3:0] hit3;
  logic [4*VALUE_WIDTH-1:0] value3;
  for (genvar way = 0; way < 4; way = way + 1) begin : g_way
    logic valid1, valid2_q;
    logic [KEY_WIDTH-1:0] key1;
    logic [PADDED-1:0] padded1;
    logic [VALUE_WIDTH-1:0] value1, value2_q, value3_q;
    logic [PIECES-1:0] equal2_q;
    logic hit3_q;
    esp_ram #(
      .WIDTH(1 + KEY_WIDTH + VALUE_WIDTH), .DEPTH_LOG2(INDEX_LOG2)
    ) u_ram (
      .clk_i, .write_i(write_i[way]), .write_address_i(write_index_i),
      .write_data_i({write_valid_i, write_key_i, write_value_i}),
      .read_address_i(hash_i[16*way+:INDEX_LOG2]), .read_data_o({valid1, key1, value1})
    );
    assign padded1 = PADDED'(key1);
    always_ff @(posedge clk_i) begin
      valid2_q <= valid1;
      value2_q <= value1;
      for (int unsigned i = 0; i < PIECES; i = i + 1) begin
        equal2_q[i] <= padded1[PIECE*i+:PIECE] == key1_q[PIECE*i+:PIECE];
      end
      hit3_q <= valid2_q && (&equal2_q);
      value3_q <= (valid2_q && (&equal2_q)) ? value2_q : '0;
    end
    assign hit3[way] = hit3_q;
    assign value3[VALUE_WIDTH*way+:VALUE_WIDTH] = value3_q;
  end
  always_ff @(posedge clk_i) begin
    hit_o <= |hit3;
    value_o <= value3[0+:VALUE_WIDTH] | value3[VALUE_WIDTH+:VALUE_WIDTH]
               | value3[2*VALUE_WIDTH+:VALUE_WIDTH] | value3[3*VALUE_WIDTH+:VALUE_WIDTH];
  end
endmodule
`default_nettype wire
