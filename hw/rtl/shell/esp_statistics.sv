// Statistics write-back: takes the core's registers for itself, lets the core latch a counter set,
// writes SNAPSHOT_DATA to memory line by line, waits until the memory has all of it, and writes the
// marker line. A core that has a command under way is asked again until it has ended, with the
// registers free for the host in between, who may be the one that it waits for.
`default_nettype none
module esp_statistics (
  input  wire logic         clk_i,
  input  wire logic         rst_ni,
  input  wire logic         start_i,           // ignored while busy_o
  input  wire logic [31:0]  command_i,
  input  wire logic [63:10] address_i,         // in units of 1 KiB
  output logic              busy_o,
  // the core's registers
  output logic              lock_o,
  input  wire logic         locked_i,
  output logic              request_o,
  output logic              request_write_o,
  output logic [15:0]       request_address_o,
  output logic [31:0]       request_data_o,
  input  wire logic         done_i,
  input  wire logic [31:0]  done_data_i,
  // lines, to memory
  output logic              write_valid_o,
  input  wire logic         write_ready_i,
  output logic [63:0]       write_address_o,
  output logic [511:0]      write_data_o,
  output logic [63:0]       write_strobe_o,
  input  wire logic         outstanding_i      // a line of these is not acknowledged yet
);
  localparam int unsigned LINES = esp_regs_pkg::SNAPSHOT_WORDS / 16;
  localparam logic [2:0] IDLE = 3'd0, PROBE = 3'd1, PAUSE = 3'd2, COMMAND = 3'd3, POLL = 3'd4,
                         READ = 3'd5, LINE = 3'd6, MARK = 3'd7;
  logic [2:0] state_q;
  logic [31:0] command_q, count_q;
  logic [53:0] address_q;
  logic [511:0] line_q;
  logic [6:0] word_q;
  logic [3:0] line_index_q;
  logic [5:0] pause_q;
  logic rejected_q, asked_q;
  logic core_busy;
  assign core_busy = done_data_i[esp_regs_pkg::STATUS_BUSY_LSB];
  assign busy_o = state_q != IDLE;
  assign lock_o = state_q == PROBE || state_q == COMMAND || state_q == POLL || state_q == READ
                  || (state_q == LINE && line_index_q != 4'(LINES));
  assign request_o = asked_q;
  assign request_write_o = state_q == COMMAND;
  assign request_data_o = command_q;
  always_comb begin
    case (state_q)
      COMMAND: request_address_o = 16'(esp_regs_pkg::REG_SNAPSHOT_COMMAND);
      READ: request_address_o = 16'(esp_regs_pkg::REG_SNAPSHOT_DATA) + {7'd0, word_q, 2'b00};
      default: request_address_o = 16'(esp_regs_pkg::REG_STATUS);
    endcase
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      state_q <= IDLE;
      asked_q <= 1'b0;
      count_q <= '0;
      write_valid_o <= 1'b0;
      rejected_q <= 1'b0;
      command_q <= '0;
    end else begin
      // A request is made once the registers are ours, and stays until it is answered.
      if (done_i) asked_q <= 1'b0;
      else if (lock_o && locked_i && state_q != LINE) asked_q <= 1'b1;
      if (write_valid_o && write_ready_i) write_valid_o <= 1'b0;
      case (state_q)
        IDLE: begin
          if (start_i) begin
            command_q <= command_i;
            address_q <= address_i;
            state_q <= PROBE;
          end
        end
        PROBE: if (done_i) begin
          state_q <= core_busy ? PAUSE : COMMAND;
          pause_q <= '0;
        end
        PAUSE: begin
          pause_q <= pause_q + 6'd1;
          if (pause_q == '1) state_q <= PROBE;
        end
        COMMAND: if (done_i) state_q <= POLL;
        POLL: if (done_i && !core_busy) begin
          rejected_q <= done_data_i[esp_regs_pkg::STATUS_REJECTED_LSB];
          word_q <= '0;
          line_index_q <= '0;
          state_q <= READ;
        end
        READ: if (done_i) begin
          line_q <= {done_data_i, line_q[511:32]};
          word_q <= word_q + 7'd1;
          if (word_q[3:0] == '1) state_q <= LINE;
        end
        LINE: if (!write_valid_o) begin
          if (line_index_q == 4'(LINES)) begin
            if (!outstanding_i) begin
              count_q <= count_q + 32'd1;
              write_valid_o <= 1'b1;
              write_data_o <= {416'd0, 31'd0, rejected_q, command_q, count_q + 32'd1};
              write_address_o <= {address_q, 4'(LINES), 6'd0};
              state_q <= MARK;
            end
          end else begin
            write_valid_o <= 1'b1;
            write_data_o <= line_q;
            write_address_o <= {address_q, line_index_q, 6'd0};
            line_index_q <= line_index_q + 4'd1;
            if (line_index_q != 4'(LINES - 1)) state_q <= READ;
          end
        end
        default: if (!write_valid_o && !outstanding_i) state_q <= IDLE;  // MARK
      endcase
    end
  end
  assign write_strobe_o = '1;
endmodule
`default_nettype wire
