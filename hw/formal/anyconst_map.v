// For a search bit by bit, which knows free inputs only: a free constant is a free value that is
// kept from the first cycle on.
module \$anyconst #(parameter WIDTH = 1) (output [WIDTH-1:0] Y);
  (* init = 1'b1 *) wire first;
  wire [WIDTH-1:0] kept, free;
  \$ff #(.WIDTH(1)) u_first (.D(1'b0), .Q(first));
  \$ff #(.WIDTH(WIDTH)) u_kept (.D(Y), .Q(kept));
  \$anyseq #(.WIDTH(WIDTH)) u_free (.Y(free));
  assign Y = first ? free : kept;
endmodule
