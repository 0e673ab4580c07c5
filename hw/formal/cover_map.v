// For a search bit by bit, which looks for broken assertions only: a cover that is reached is one.
module \$cover (input A, EN);
  \$assert u_never (.A(!A), .EN(EN));
endmodule
