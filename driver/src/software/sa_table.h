// A table of SA rows. Rows are created where they stay; erasing one destroys it, keys included.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "row_pool.h"

namespace espgate::driver::software {

template <typename Row>
class SaTable {
 public:
  explicit SaTable(std::uint32_t rows) : m_pool(rows), m_rows(rows) {}

  // The row's index; nullopt when the table is full.
  std::optional<std::uint32_t> insert(Row row) {
    const auto index = m_pool.take();
    if (index) {
      m_rows[*index].emplace(std::move(row));
    }
    return index;
  }
  // Null when there is no such row.
  Row* find(std::uint32_t index) {
    if (index >= m_rows.size()) {
      return nullptr;
    }
    auto& row = m_rows[index];
    return row.has_value() ? &row.value() : nullptr;
  }
  // The caller guarantees that the row is there.
  void erase(std::uint32_t index) {
    m_rows[index].reset();
    m_pool.give_back(index);
  }
  bool full() const { return m_pool.full(); }
  std::uint32_t rows() const { return m_pool.rows(); }

 private:
  RowPool m_pool;
  std::vector<std::optional<Row>> m_rows;
};

}  // namespace espgate::driver::software
