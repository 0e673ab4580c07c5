// Wycheproof's vectors, as the tests of this room read them.
#pragma once

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "base/hex.h"

namespace espgate::ike::test {

inline nlohmann::json load_vectors(const std::string& file) {
  std::ifstream stream(std::string(ESPGATE_TEST_DATA) + "/ike/" + file);
  return nlohmann::json::parse(stream);
}

inline Bytes hex(const nlohmann::json& value) {
  return *from_hex(value.get<std::string>());
}

}  // namespace espgate::ike::test
