// A queue of bounded size that allocates once, at construction.
#pragma once

#include <cassert>
#include <cstddef>
#include <utility>
#include <vector>

namespace espgate::driver {

template <typename T>
class Ring {
 public:
  explicit Ring(std::size_t capacity) : m_slots(capacity) {}

  std::size_t size() const { return m_size; }
  std::size_t capacity() const { return m_slots.size(); }
  bool empty() const { return m_size == 0; }
  bool full() const { return m_size == m_slots.size(); }

  // The caller guarantees that the ring is not full.
  void push(T value) {
    assert(!full());
    m_slots[wrap(m_head + m_size)] = std::move(value);
    ++m_size;
  }
  // The caller guarantees that the ring is not empty.
  T pop() {
    assert(!empty());
    T value = std::move(m_slots[m_head]);
    m_head = wrap(m_head + 1);
    --m_size;
    return value;
  }
  // The oldest element; the caller guarantees that there is one.
  T& front() {
    assert(!empty());
    return m_slots[m_head];
  }

 private:
  std::size_t wrap(std::size_t at) const { return at < m_slots.size() ? at : at - m_slots.size(); }

  std::vector<T> m_slots;
  std::size_t m_head = 0;
  std::size_t m_size = 0;
};

}  // namespace espgate::driver
