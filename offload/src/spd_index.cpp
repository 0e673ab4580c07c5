#include "spd_index.h"

#include <algorithm>
#include <iterator>

#include "base/bytes.h"
#include "base/prefixes.h"

namespace espgate::offload {

SpdIndex::Number SpdIndex::to_number(const IpAddress& address) {
  const ByteView bytes = address.bytes();
  if (address.is_v4()) {
    return {.high = std::uint64_t{load_be32(bytes)} << 32, .low = 0};
  }
  return {.high = load_be64(bytes), .low = load_be64(bytes, 8)};
}

SpdIndex::Number SpdIndex::mask(const Number& number, unsigned length) {
  const auto upper = [](unsigned bits) { return bits == 0 ? 0 : ~std::uint64_t{0} << (64 - bits); };
  return {.high = number.high & upper(std::min(length, 64U)),
          .low = number.low & upper(length > 64 ? length - 64 : 0)};
}

std::size_t SpdIndex::KeyHash::operator()(const Key& key) const {
  // The finaliser of splitmix64 after each word: cheap, and every bit of the input reaches every bit of the
  // result.
  std::uint64_t hash = 0;
  for (const std::uint64_t word :
       {key.local.high, key.local.low, key.remote.high, key.remote.low, key.rest}) {
    hash += word + 0x9e3779b97f4a7c15;
    hash = (hash ^ (hash >> 30)) * 0xbf58476d1ce4e5b9;
    hash = (hash ^ (hash >> 27)) * 0x94d049bb133111eb;
    hash ^= hash >> 31;
  }
  return hash;
}

SpdIndex::Key SpdIndex::key_of(const Shape& shape, const PacketFields& fields, const Number& source,
                               const Number& destination) {
  Key key{.local = mask(source, shape.local_length), .remote = mask(destination, shape.remote_length)};
  if (shape.protocol) {
    key.rest |= fields.protocol;
  }
  if (shape.local_port) {
    key.rest |= std::uint64_t{fields.source_port.value_or(0)} << 16;
  }
  if (shape.remote_port) {
    key.rest |= std::uint64_t{fields.destination_port.value_or(0)} << 32;
  }
  return key;
}

namespace {

// Most prefixes of one range, or pairs of them, that a row is entered under.
constexpr std::size_t most_entries = 64;

struct Block {
  IpAddress address;
  std::uint8_t length;
};

Block to_block(const IpRange& prefix) {
  return {prefix.first, static_cast<std::uint8_t>(prefix.prefix_length().value_or(0))};
}

// The longest prefix that holds the whole range.
Block cover(const IpRange& range) {
  int length = static_cast<int>(range.first.bytes().size()) * 8;
  while (first_of_prefix(range.first, length) != first_of_prefix(range.last, length)) {
    --length;
  }
  return {first_of_prefix(range.first, length), static_cast<std::uint8_t>(length)};
}

// The prefixes that make a range up, or the one that covers it when those are many: a candidate is compared
// with its selector in any case.
std::vector<Block> to_blocks(const IpRange& range, std::size_t most) {
  const auto prefixes = to_prefixes(range);
  if (prefixes.size() > most) {
    return {cover(range)};
  }
  std::vector<Block> blocks;
  std::ranges::transform(prefixes, std::back_inserter(blocks), to_block);
  return blocks;
}

}  // namespace

void SpdIndex::insert(Tables& tables, const Selector& selector, Order order, bool with_ports) {
  if (selector.local.first.family() != selector.remote.first.family()) {
    return;  // no packet has two families
  }
  const bool local_port = with_ports && selector.local_port_first == selector.local_port_last;
  const bool remote_port = with_ports && selector.remote_port_first == selector.remote_port_last;
  const auto locals = to_blocks(selector.local, most_entries);
  const auto remotes = to_blocks(selector.remote, most_entries / locals.size());
  for (const Block& local : locals) {
    for (const Block& remote : remotes) {
      const Shape shape{.ipv6 = !local.address.is_v4(),
                        .protocol = selector.protocol.has_value(),
                        .local_port = local_port,
                        .remote_port = remote_port,
                        .local_length = local.length,
                        .remote_length = remote.length};
      const PacketFields example{.source = local.address,
                                 .destination = remote.address,
                                 .protocol = selector.protocol.value_or(0),
                                 .source_port = selector.local_port_first,
                                 .destination_port = selector.remote_port_first};
      auto table = std::ranges::find(tables, shape, &Table::shape);
      if (table == tables.end()) {
        table = tables.insert(tables.end(), Table{.shape = shape, .first = order, .buckets = {}});
      }
      table->buckets[key_of(shape, example, to_number(local.address), to_number(remote.address))].push_back(
          {order, &selector});
    }
  }
}

void SpdIndex::add(const Selector& selector, Order order, bool protects) {
  insert(m_tables, selector, order, true);
  if (protects && names_ports(selector)) {
    insert(m_unsure, selector, order, false);
  }
}

void SpdIndex::finish() {
  std::ranges::sort(m_tables, {}, &Table::first);
  std::ranges::sort(m_unsure, {}, &Table::first);
}

std::optional<SpdIndex::Order> SpdIndex::first_with(const Tables& tables, const PacketFields& fields,
                                                    Match wanted) {
  const Number source = to_number(fields.source);
  const Number destination = to_number(fields.destination);
  std::optional<Order> best;
  for (const Table& table : tables) {
    // Tables stand in the order of their first row: none of those that follow can have a better one.
    if (best && *best < table.first) {
      break;
    }
    const Shape& shape = table.shape;
    if (shape.ipv6 == fields.source.is_v4() || (shape.local_port && !fields.source_port) ||
        (shape.remote_port && !fields.destination_port)) {
      continue;
    }
    const auto bucket = table.buckets.find(key_of(shape, fields, source, destination));
    if (bucket == table.buckets.end()) {
      continue;
    }
    for (const Candidate& candidate : bucket->second) {
      if (best && *best <= candidate.order) {
        break;
      }
      if (match_outbound(*candidate.selector, fields) == wanted) {
        best = candidate.order;
        break;
      }
    }
  }
  return best;
}

std::optional<SpdIndex::Order> SpdIndex::find(const PacketFields& fields) const {
  return first_with(m_tables, fields, Match::yes);
}

std::optional<SpdIndex::Order> SpdIndex::find_unsure(const PacketFields& fields) const {
  return first_with(m_unsure, fields, Match::unknown);
}

}  // namespace espgate::offload
