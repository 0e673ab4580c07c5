// Finds the first of many rows that matches a packet by asking one hash table for each shape of rows (tuple
// space search): a shape is a pair of prefix lengths and which of protocol and ports are single values. Rows
// of one shape with the same values stand in one bucket, in their order.
#pragma once

#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "match.h"
#include "offload/selector.h"

namespace espgate::offload {

class SpdIndex {
 public:
  // Where a row stands in the whole list; the lowest one decides.
  using Order = std::uint32_t;

  // Rows come in ascending order. The selector must outlive the index. `certain` rows are found by find();
  // rows that name ports are also remembered for find_unsure() when `protects`.
  void add(const Selector& selector, Order order, bool protects);
  // After the last row.
  void finish();

  // The first row that matches.
  std::optional<Order> find(const PacketFields& fields) const;
  // For a packet that does not hold the ports which its protocol has: the first row that names ports, is not
  // a bypass, and matches in all else.
  std::optional<Order> find_unsure(const PacketFields& fields) const;

 private:
  struct Shape {
    bool ipv6 = false;
    bool protocol = false;
    bool local_port = false;  // a single value
    bool remote_port = false;
    std::uint8_t local_length = 0;
    std::uint8_t remote_length = 0;
    bool operator==(const Shape&) const = default;
  };
  // 128 bits, the first of an address uppermost; IPv4 in the upper 32.
  struct Number {
    std::uint64_t high = 0;
    std::uint64_t low = 0;
    bool operator==(const Number&) const = default;
  };
  struct Key {
    Number local;
    Number remote;
    std::uint64_t rest = 0;  // protocol and ports
    bool operator==(const Key&) const = default;
  };
  struct KeyHash {
    std::size_t operator()(const Key& key) const;
  };
  struct Candidate {
    Order order = 0;
    const Selector* selector = nullptr;
  };
  struct Table {
    Shape shape;
    Order first = 0;  // of all rows in it
    std::unordered_map<Key, std::vector<Candidate>, KeyHash> buckets;
  };
  using Tables = std::vector<Table>;

  static Number to_number(const IpAddress& address);
  static Number mask(const Number& number, unsigned length);
  static Key key_of(const Shape& shape, const PacketFields& fields, const Number& source,
                    const Number& destination);
  static std::optional<Order> first_with(const Tables& tables, const PacketFields& fields, Match wanted);
  static void insert(Tables& tables, const Selector& selector, Order order, bool with_ports);

  Tables m_tables;
  Tables m_unsure;  // of rows that name ports and are no bypass, without the ports
};

}  // namespace espgate::offload
