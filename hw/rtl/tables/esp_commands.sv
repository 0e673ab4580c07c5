// The commands of the register block: SA rows, table entries, counter snapshots and the self-test;
// and, after reset, the wipe of all tables and the first self-test.
//
// A command on an SA holds the input of the direction it concerns until no packet in flight can see
// half of it: the decision pipeline must be empty, and for an inbound row every packet must have
// its verdict too, because the commit stage still writes the row's sequence state for packets that
// were admitted under it. So packets that were in flight when an SA was removed finish as if it
// were there, and none of them can touch an SA that takes the row over. A table entry is one word
// of one RAM, so it is written under traffic. The self-test needs both directions held and without
// a packet in flight. A command written while another is under way is refused.
`default_nettype none
module esp_commands #(
  parameter int unsigned OUTBOUND_SA_LOG2 = 8,
  parameter int unsigned INBOUND_SA_LOG2 = 8,
  parameter int unsigned SPI_LOG2 = 7,
  parameter int unsigned SPD_CACHE_LOG2 = 7
) (
  input  wire logic         clk_i,
  input  wire logic         rst_ni,
  // a register is written
  input  wire logic         write_i,
  input  wire logic [15:0]  address_i,
  input  wire logic [31:0]  data_i,
  /* verilator lint_off UNUSEDSIGNAL */ // rows may grow into the words that are left
  input  wire logic [32*esp_regs_pkg::SHADOW_WORDS-1:0] shadow_i,
  /* verilator lint_on UNUSEDSIGNAL */
  output logic              shadow_wipe_o,
  output logic              ready_o,
  output logic              busy_o,
  output logic              rejected_o,
  output logic              self_test_passed_o,
  output logic              self_test_failed_o,
  output logic [64*(esp_regs_pkg::COUNTER_GLOBAL_COUNT+esp_regs_pkg::VERDICT_COUNT)-1:0] snapshot_o,
  // outbound half
  output logic              outbound_hold_o,
  input  wire logic         outbound_idle_i,
  input  wire logic         outbound_drained_i,
  output logic              outbound_row_write_o,
  output logic              outbound_lease_write_o,
  output logic [OUTBOUND_SA_LOG2-1:0] outbound_sa_o,
  output esp_regs_pkg::outbound_row_t outbound_row_o,
  output logic [3:0]        outbound_cache_write_o,
  input  wire logic [64*esp_regs_pkg::COUNTER_SA_OUTBOUND_COUNT-1:0] outbound_sa_counters_i,
  input  wire logic [64*(esp_regs_pkg::COUNTER_GLOBAL_COUNT+esp_regs_pkg::VERDICT_COUNT)-1:0]
    outbound_counters_i,
  // inbound half
  output logic              inbound_hold_o,
  input  wire logic         inbound_idle_i,
  input  wire logic         inbound_drained_i,
  output logic              inbound_row_write_o,
  output logic [INBOUND_SA_LOG2-1:0] inbound_sa_o,
  output esp_regs_pkg::inbound_row_t inbound_row_o,
  output logic [3:0]        spi_write_o,
  output logic [SPI_LOG2-1:0] spi_index_o,
  output esp_regs_pkg::spi_entry_t spi_entry_o,
  output logic [3:0]        inbound_cache_write_o,
  input  wire logic [64*esp_regs_pkg::COUNTER_SA_INBOUND_COUNT-1:0] inbound_sa_counters_i,
  input  wire logic [64*(esp_regs_pkg::COUNTER_GLOBAL_COUNT+esp_regs_pkg::VERDICT_COUNT)-1:0]
    inbound_counters_i,
  // self-test of both halves: run is a pulse, done a pulse of each, ok stands with it
  output logic              self_test_run_o,
  output logic              self_test_corrupt_o,
  input  wire logic [1:0]   self_test_done_i,
  input  wire logic [1:0]   self_test_ok_i,
  // both SPD caches
  output logic [SPD_CACHE_LOG2-1:0] cache_index_o,
  output esp_regs_pkg::spd_cache_entry_t cache_entry_o
);
  localparam int unsigned SNAPSHOT_BITS =
    64 * (esp_regs_pkg::COUNTER_GLOBAL_COUNT + esp_regs_pkg::VERDICT_COUNT);
  localparam int unsigned OUTBOUND_SA_BITS = 64 * esp_regs_pkg::COUNTER_SA_OUTBOUND_COUNT;
  localparam int unsigned INBOUND_SA_BITS = 64 * esp_regs_pkg::COUNTER_SA_INBOUND_COUNT;
  // All tables are wiped side by side after reset.
  localparam int unsigned LOG2_SA =
    OUTBOUND_SA_LOG2 > INBOUND_SA_LOG2 ? OUTBOUND_SA_LOG2 : INBOUND_SA_LOG2;
  localparam int unsigned LOG2_TABLE = SPI_LOG2 > SPD_CACHE_LOG2 ? SPI_LOG2 : SPD_CACHE_LOG2;
  localparam int unsigned WIPE_LOG2 = LOG2_SA > LOG2_TABLE ? LOG2_SA : LOG2_TABLE;

  if (WIPE_LOG2 > 16) begin : g_check
    $error("esp_commands: a table has more than 2^16 rows, an index has 16 bits");
  end

  // --- what is written ----
  logic write_sa, write_table, write_snapshot, write_self_test, any_command;
  assign write_sa = write_i && address_i == 16'(esp_regs_pkg::REG_SA_COMMAND);
  assign write_table = write_i && address_i == 16'(esp_regs_pkg::REG_TABLE_COMMAND);
  assign write_snapshot = write_i && address_i == 16'(esp_regs_pkg::REG_SNAPSHOT_COMMAND);
  assign write_self_test = write_i && address_i == 16'(esp_regs_pkg::REG_SELF_TEST)
                           && data_i[esp_regs_pkg::SELF_TEST_RUN_LSB];
  assign any_command = write_sa || write_table || write_snapshot || write_self_test;

  // The index has the same place in all of them.
  logic [19:0] index;
  logic inbound, sa_outside, sa_ok, table_outside, table_ok, snapshot_ok;
  logic [3:0] operation;
  logic [1:0] set, way, to_table;
  esp_regs_pkg::spi_entry_t spi_entry;
  esp_regs_pkg::spd_cache_entry_t cache_entry;
  assign spi_entry = shadow_i[esp_regs_pkg::SPI_ENTRY_BITS-1:0];
  assign cache_entry = shadow_i[esp_regs_pkg::SPD_CACHE_ENTRY_BITS-1:0];
  assign index = data_i[esp_regs_pkg::SA_COMMAND_INDEX_LSB+:20];
  assign operation = data_i[esp_regs_pkg::SA_COMMAND_OPERATION_LSB+:4];
  assign set = data_i[esp_regs_pkg::SNAPSHOT_COMMAND_SET_LSB+:2];
  assign way = data_i[esp_regs_pkg::TABLE_COMMAND_WAY_LSB+:2];
  assign to_table = data_i[esp_regs_pkg::TABLE_COMMAND_TABLE_LSB+:2];
  assign inbound = write_sa ? data_i[esp_regs_pkg::SA_COMMAND_INBOUND_LSB] : set[0];
  assign sa_outside = (index >> (inbound ? INBOUND_SA_LOG2 : OUTBOUND_SA_LOG2)) != '0;
  assign sa_ok = !sa_outside
    && (operation == 4'(esp_regs_pkg::SA_OPERATION_ADD)
        || operation == 4'(esp_regs_pkg::SA_OPERATION_REMOVE)
        || (operation == 4'(esp_regs_pkg::SA_OPERATION_RENEW_LEASE) && !inbound));
  always_comb begin
    // A valid entry names a row of its direction's SA table.
    case (to_table)
      2'(esp_regs_pkg::TABLE_SPI):
        table_outside = (index >> SPI_LOG2) != '0
                        || (spi_entry.valid && (spi_entry.sa >> INBOUND_SA_LOG2) != '0);
      2'(esp_regs_pkg::TABLE_OUTBOUND_SPD_CACHE):
        table_outside = (index >> SPD_CACHE_LOG2) != '0
                        || (cache_entry.valid && (cache_entry.sa >> OUTBOUND_SA_LOG2) != '0);
      2'(esp_regs_pkg::TABLE_INBOUND_SPD_CACHE): table_outside = (index >> SPD_CACHE_LOG2) != '0;
      default: table_outside = 1'b1;
    endcase
  end
  assign table_ok = !table_outside;
  assign snapshot_ok = !set[1] || !sa_outside;

  // --- one after the other ----
  localparam logic [2:0] STATE_WIPE = 3'd0;    // tables after reset
  localparam logic [2:0] STATE_IDLE = 3'd1;
  localparam logic [2:0] STATE_WAIT = 3'd2;    // until the held direction lets the command through
  localparam logic [2:0] STATE_READ = 3'd3;    // counters of an SA, one cycle of RAM
  localparam logic [2:0] STATE_LATCH = 3'd4;   // snapshot
  localparam logic [2:0] STATE_APPLY = 3'd5;   // row or entry
  localparam logic [2:0] STATE_TEST = 3'd6;    // self-test
  localparam logic [1:0] KIND_SA = 2'd0, KIND_SNAPSHOT = 2'd1, KIND_TABLE = 2'd2,
                         KIND_SELF_TEST = 2'd3;
  logic [2:0] state_q;
  logic [1:0] kind_q, set_q, way_q, to_table_q;
  logic [WIPE_LOG2-1:0] wipe_q;
  logic inbound_q, rejected_q, ready_q, passed_q, failed_q, corrupt_q, start_test;
  logic [1:0] test_done_q, test_ok_q;
  logic [3:0] operation_q;
  logic [WIPE_LOG2-1:0] index_q;
  logic [SNAPSHOT_BITS-1:0] snapshot_q;

  assign busy_o = state_q != STATE_IDLE;
  assign ready_o = ready_q;
  assign self_test_passed_o = passed_q;
  assign self_test_failed_o = failed_q;
  assign start_test = state_q == STATE_WAIT && kind_q == KIND_SELF_TEST
                      && outbound_drained_i && inbound_drained_i;
  assign self_test_run_o = start_test;
  assign self_test_corrupt_o = corrupt_q;
  assign rejected_o = rejected_q;
  assign snapshot_o = snapshot_q;
  assign shadow_wipe_o = state_q == STATE_APPLY
                         || (!busy_o && ((write_sa && !sa_ok) || (write_table && !table_ok)));
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      state_q <= STATE_WIPE;
      kind_q <= KIND_SELF_TEST;
      ready_q <= 1'b0;
      passed_q <= 1'b0;
      failed_q <= 1'b0;
      corrupt_q <= 1'b0;
      test_done_q <= '0;
      test_ok_q <= '0;
      wipe_q <= '0;
      rejected_q <= 1'b0;
      snapshot_q <= '0;
      inbound_q <= 1'b0;
      operation_q <= '0;
      set_q <= '0;
      way_q <= '0;
      to_table_q <= '0;
      index_q <= '0;
    end else begin
      if (any_command) begin
        rejected_q <= busy_o || (write_sa && !sa_ok) || (write_table && !table_ok)
                      || (write_snapshot && !snapshot_ok);
      end
      case (state_q)
        STATE_WIPE: begin
          wipe_q <= wipe_q + 1'b1;
          if (wipe_q == '1) state_q <= STATE_WAIT;  // the first self-test
        end
        STATE_IDLE: begin
          inbound_q <= inbound;
          operation_q <= operation;
          set_q <= set;
          way_q <= way;
          to_table_q <= to_table;
          index_q <= index[WIPE_LOG2-1:0];
          kind_q <= write_table ? KIND_TABLE : write_snapshot ? KIND_SNAPSHOT
                    : write_self_test ? KIND_SELF_TEST : KIND_SA;
          corrupt_q <= data_i[esp_regs_pkg::SELF_TEST_CORRUPT_LSB];
          if (write_self_test) state_q <= STATE_WAIT;
          if (write_sa && sa_ok) state_q <= STATE_WAIT;
          if (write_table && table_ok) state_q <= STATE_APPLY;
          if (write_snapshot && snapshot_ok) state_q <= set[1] ? STATE_WAIT : STATE_LATCH;
        end
        STATE_WAIT: begin
          test_done_q <= '0;
          if (kind_q == KIND_SELF_TEST) begin
            if (start_test) state_q <= STATE_TEST;
          end else if (kind_q == KIND_SNAPSHOT) begin
            if (inbound_q ? inbound_idle_i : outbound_idle_i) state_q <= STATE_READ;
          end else if (inbound_q ? inbound_drained_i : outbound_idle_i) begin
            state_q <= STATE_APPLY;
          end
        end
        STATE_READ: state_q <= STATE_LATCH;
        STATE_LATCH: begin
          state_q <= STATE_IDLE;
          case (set_q)
            2'(esp_regs_pkg::SNAPSHOT_SET_GLOBAL_OUTBOUND): snapshot_q <= outbound_counters_i;
            2'(esp_regs_pkg::SNAPSHOT_SET_GLOBAL_INBOUND): snapshot_q <= inbound_counters_i;
            2'(esp_regs_pkg::SNAPSHOT_SET_SA_OUTBOUND):
              snapshot_q <= {{(SNAPSHOT_BITS-OUTBOUND_SA_BITS){1'b0}}, outbound_sa_counters_i};
            default:
              snapshot_q <= {{(SNAPSHOT_BITS-INBOUND_SA_BITS){1'b0}}, inbound_sa_counters_i};
          endcase
        end
        STATE_APPLY: state_q <= STATE_IDLE;
        default: begin  // STATE_TEST
          test_done_q <= test_done_q | self_test_done_i;
          test_ok_q <= (self_test_done_i & self_test_ok_i) | (~self_test_done_i & test_ok_q);
          if (test_done_q == '1) begin
            state_q <= STATE_IDLE;
            ready_q <= 1'b1;
            passed_q <= test_ok_q == '1;
            failed_q <= test_ok_q != '1;
          end
        end
      endcase
    end
  end

  // --- rows ----
  logic wipe, apply_sa, apply_table, add, hold;
  assign wipe = state_q == STATE_WIPE;
  assign apply_sa = state_q == STATE_APPLY && kind_q == KIND_SA;
  assign apply_table = state_q == STATE_APPLY && kind_q == KIND_TABLE;
  assign add = operation_q == 4'(esp_regs_pkg::SA_OPERATION_ADD);
  assign hold = busy_o && kind_q != KIND_TABLE;
  assign outbound_hold_o = hold && (kind_q == KIND_SELF_TEST || !inbound_q);
  assign inbound_hold_o = hold && (kind_q == KIND_SELF_TEST || inbound_q);
  assign outbound_lease_write_o =
    apply_sa && !inbound_q && operation_q == 4'(esp_regs_pkg::SA_OPERATION_RENEW_LEASE);
  assign outbound_row_write_o = wipe || (apply_sa && !inbound_q && !outbound_lease_write_o);
  assign inbound_row_write_o = wipe || (apply_sa && inbound_q);
  always_comb begin
    outbound_sa_o = wipe ? wipe_q[OUTBOUND_SA_LOG2-1:0] : index_q[OUTBOUND_SA_LOG2-1:0];
    inbound_sa_o = wipe ? wipe_q[INBOUND_SA_LOG2-1:0] : index_q[INBOUND_SA_LOG2-1:0];
    // What is not added is wiped. A renewed lease touches no other field.
    outbound_row_o = shadow_i[esp_regs_pkg::OUTBOUND_ROW_BITS-1:0];
    inbound_row_o = shadow_i[esp_regs_pkg::INBOUND_ROW_BITS-1:0];
    if (wipe || (!add && !outbound_lease_write_o)) begin
      outbound_row_o = '0;
      inbound_row_o = '0;
    end
  end

  // --- table entries ----
  logic [3:0] ways;
  always_comb begin
    ways = '0;
    ways[way_q] = apply_table;
    spi_write_o = '0;
    outbound_cache_write_o = '0;
    inbound_cache_write_o = '0;
    case (to_table_q)
      2'(esp_regs_pkg::TABLE_SPI): spi_write_o = ways;
      2'(esp_regs_pkg::TABLE_OUTBOUND_SPD_CACHE): outbound_cache_write_o = ways;
      default: inbound_cache_write_o = ways;
    endcase
    spi_index_o = wipe ? wipe_q[SPI_LOG2-1:0] : index_q[SPI_LOG2-1:0];
    cache_index_o = wipe ? wipe_q[SPD_CACHE_LOG2-1:0] : index_q[SPD_CACHE_LOG2-1:0];
    spi_entry_o = spi_entry;
    cache_entry_o = cache_entry;
    if (wipe) begin
      spi_write_o = '1;
      outbound_cache_write_o = '1;
      inbound_cache_write_o = '1;
      spi_entry_o = '0;
      cache_entry_o = '0;
    end
  end
endmodule
`default_nettype wire
