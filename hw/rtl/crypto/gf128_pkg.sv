// Carry-less products and the reduction of GF(2^128) as GCM uses it (NIST SP 800-38D 6.3). An
// element is a 128-bit word, first byte most significant, so bit 127 is the coefficient of x^0.
//
// A 128 by 128 bit product is kept in two intermediate forms, both linear over XOR, so that sums of
// products may be formed before the reduction, which is paid once:
//   leaves   nine 32 by 32 bit Karatsuba products of 64 bits each, number i in [64*i +: 64]
//   product  256 bits, the carry-less product of the two words as plain binary polynomials, times
//            two: the reversed bit order asks for that shift
`default_nettype none
package gf128_pkg;
`ifdef VERILATOR
`ifndef ESPGATE_SYNTHESIS_FUNCTIONS
`define ESPGATE_INTEGER_CLMUL
`endif
`endif
`ifdef ESPGATE_INTEGER_CLMUL
  // Simulation: integer products of every fourth bit. At most eight terms meet in one column, so a
  // column's sum stays inside its four bits and its lowest bit is the carry-less one. Some
  // fifty operations, where shifts take two hundred; tests/hw/crypto_functions_test.cpp compares it
  // with the other form.
  function automatic logic [63:0] clmul32(input logic [31:0] a, input logic [31:0] b);
    logic [63:0] a0, a1, a2, a3, b0, b1, b2, b3, r0, r1, r2, r3;
    begin
      a0 = {32'd0, a & 32'h11111111};
      a1 = {32'd0, a & 32'h22222222};
      a2 = {32'd0, a & 32'h44444444};
      a3 = {32'd0, a & 32'h88888888};
      b0 = {32'd0, b & 32'h11111111};
      b1 = {32'd0, b & 32'h22222222};
      b2 = {32'd0, b & 32'h44444444};
      b3 = {32'd0, b & 32'h88888888};
      r0 = (a0 * b0) ^ (a1 * b3) ^ (a2 * b2) ^ (a3 * b1);
      r1 = (a0 * b1) ^ (a1 * b0) ^ (a2 * b3) ^ (a3 * b2);
      r2 = (a0 * b2) ^ (a1 * b1) ^ (a2 * b0) ^ (a3 * b3);
      r3 = (a0 * b3) ^ (a1 * b2) ^ (a2 * b1) ^ (a3 * b0);
      clmul32 = (r0 & 64'h1111111111111111) | (r1 & 64'h2222222222222222)
              | (r2 & 64'h4444444444444444) | (r3 & 64'h8888888888888888);
    end
  endfunction
`else
  function automatic logic [31:0] clmul16(input logic [15:0] a, input logic [15:0] b);
    logic [31:0] sum;
    begin
      sum = 32'd0;
      for (int i = 0; i < 16; i = i + 1) sum = sum ^ (({16'd0, a} << i) & {32{b[i]}});
      clmul16 = sum;
    end
  endfunction

  function automatic logic [63:0] clmul32(input logic [31:0] a, input logic [31:0] b);
    logic [31:0] low, high, middle;
    begin
      low = clmul16(a[15:0], b[15:0]);
      high = clmul16(a[31:16], b[31:16]);
      middle = clmul16(a[15:0] ^ a[31:16], b[15:0] ^ b[31:16]) ^ low ^ high;
      clmul32 = {high, low} ^ {16'd0, middle, 16'd0};
    end
  endfunction
`endif

  // The Karatsuba operand that leaf number i takes from a word.
  function automatic logic [31:0] leaf_operand(input logic [127:0] a, input int unsigned i);
    case (i)
      0: leaf_operand = a[31:0];
      1: leaf_operand = a[63:32];
      2: leaf_operand = a[31:0] ^ a[63:32];
      3: leaf_operand = a[95:64];
      4: leaf_operand = a[127:96];
      5: leaf_operand = a[95:64] ^ a[127:96];
      6: leaf_operand = a[31:0] ^ a[95:64];
      7: leaf_operand = a[63:32] ^ a[127:96];
      default: leaf_operand = a[31:0] ^ a[63:32] ^ a[95:64] ^ a[127:96];
    endcase
  endfunction

  // Word number i (64 bits, 0 lowest) of the product that nine leaves make.
  function automatic logic [63:0] product_word(input logic [575:0] leaves, input int unsigned i);
    logic [63:0] middle_l, middle_h, middle_x, l0, l1, h0, h1, x0, x1, p1, p2;
    begin
      middle_l = leaves[0*64 +: 64] ^ leaves[1*64 +: 64] ^ leaves[2*64 +: 64];
      middle_h = leaves[3*64 +: 64] ^ leaves[4*64 +: 64] ^ leaves[5*64 +: 64];
      middle_x = leaves[6*64 +: 64] ^ leaves[7*64 +: 64] ^ leaves[8*64 +: 64];
      l0 = leaves[0*64 +: 64] ^ (middle_l << 32);
      l1 = leaves[1*64 +: 64] ^ (middle_l >> 32);
      h0 = leaves[3*64 +: 64] ^ (middle_h << 32);
      h1 = leaves[4*64 +: 64] ^ (middle_h >> 32);
      x0 = leaves[6*64 +: 64] ^ (middle_x << 32) ^ l0 ^ h0;
      x1 = leaves[7*64 +: 64] ^ (middle_x >> 32) ^ l1 ^ h1;
      p1 = l1 ^ x0;
      p2 = h0 ^ x1;
      case (i)
        0: product_word = l0 << 1;
        1: product_word = (p1 << 1) | (l0 >> 63);
        2: product_word = (p2 << 1) | (p1 >> 63);
        default: product_word = (h1 << 1) | (p2 >> 63);
      endcase
    end
  endfunction

  // A product modulo x^128 + x^7 + x^2 + x + 1. Its upper half is the low powers of x, and
  // multiplying by x shifts to the right.
  function automatic logic [127:0] reduce(input logic [255:0] product);
    logic [63:0] s0, s1, t1, u0, u1;
    begin
      s0 = product[63:0];
      s1 = product[127:64];
      t1 = s1 ^ (s0 << 63) ^ (s0 << 62) ^ (s0 << 57);
      u0 = s0 ^ {t1[0], s0[63:1]} ^ {t1[1:0], s0[63:2]} ^ {t1[6:0], s0[63:7]};
      u1 = t1 ^ (t1 >> 1) ^ (t1 >> 2) ^ (t1 >> 7);
      reduce = {product[255:192] ^ u1, product[191:128] ^ u0};
    end
  endfunction
endpackage
`default_nettype wire
