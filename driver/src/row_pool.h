// Hands out the rows of an SA table. The order is the same for every engine, so that engines given the same
// commands name the same rows.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace espgate::driver {

class RowPool {
 public:
  explicit RowPool(std::uint32_t rows) : m_used(rows, false) {
    m_free.reserve(rows);
    for (std::uint32_t row = rows; row > 0; --row) {
      m_free.push_back(row - 1);
    }
  }

  std::uint32_t rows() const { return static_cast<std::uint32_t>(m_used.size()); }
  bool full() const { return m_free.empty(); }
  bool in_use(std::uint32_t row) const { return row < m_used.size() && m_used[row]; }

  // nullopt when every row is in use.
  std::optional<std::uint32_t> take() {
    if (m_free.empty()) {
      return std::nullopt;
    }
    const std::uint32_t row = m_free.back();
    m_free.pop_back();
    m_used[row] = true;
    return row;
  }
  // The caller guarantees in_use(row).
  void give_back(std::uint32_t row) {
    m_used[row] = false;
    m_free.push_back(row);
  }

 private:
  std::vector<bool> m_used;
  std::vector<std::uint32_t> m_free;  // the next one to hand out last
};

}  // namespace espgate::driver
