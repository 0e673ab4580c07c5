// Test vectors from tests/data.
#pragma once

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "base/hex.h"

namespace espgate::driver::test {

// Throws, which fails the test, when the file is missing or is not JSON.
inline nlohmann::json load_json(const std::string& path) {
  std::ifstream file(std::string(ESPGATE_TEST_DATA) + "/" + path);
  return nlohmann::json::parse(file);
}
inline Bytes hex(const nlohmann::json& object, const char* key) {
  return from_hex(object.at(key).get<std::string>()).value();
}

}  // namespace espgate::driver::test
