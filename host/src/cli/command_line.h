// The command line of `espgate`: 0 done, 1 failed, 2 used wrongly.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

namespace espgate::host::cli {

// `arguments` without the program's name.
int run(std::vector<std::string> arguments, std::ostream& out, std::ostream& err);

}  // namespace espgate::host::cli
