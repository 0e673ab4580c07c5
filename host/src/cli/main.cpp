#include <exception>
#include <iostream>
#include <string>
#include <vector>

#include "cli/command_line.h"

int main(int argc, char** argv) {
  try {
    return espgate::host::cli::run(std::vector<std::string>(argv + 1, argv + argc), std::cout, std::cerr);
  } catch (const std::exception& error) {
    // Out of memory, or a mistake of ours; nothing that a user does comes here.
    std::cerr << "espgate: " << error.what() << "\n";
    return 1;
  }
}
