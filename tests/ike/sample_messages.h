// One message or more for each payload type: for round trips, for corruption, and as the fuzzers' first
// corpus.
#pragma once

#include <string>
#include <vector>

#include "wire/message.h"

namespace espgate::ike::test {

struct Sample {
  std::string name;
  wire::Message message;
};
std::vector<Sample> samples();

}  // namespace espgate::ike::test
