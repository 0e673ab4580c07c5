// Netlink messages, out and in. Theirs is host byte order except where the kernel says otherwise.
#pragma once

#include <linux/netlink.h>

#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <string>
#include <type_traits>

#include "base/bytes.h"
#include "base/reader.h"
#include "base/secret.h"

namespace espgate::offload::xfrm {

// One request. Its bytes may hold keys: they are wiped with it.
class Message {
 public:
  // More than the longest request takes: a state with a window of 4096 and 512-bit keys.
  static constexpr std::size_t capacity = 4096;

  Message(std::uint16_t type, std::uint16_t flags);

  // The fixed part behind the netlink header; first of all, and once. Zeroed. Valid while the message lives.
  template <typename T>
  T& header() {
    return *static_cast<T*>(extra_header(sizeof(T)));
  }
  template <typename T>
  void put(std::uint16_t type, const T& value) {
    static_assert(std::is_trivially_copyable_v<T>);
    put_bytes(type, {reinterpret_cast<const std::uint8_t*>(&value), sizeof(T)});
  }
  void put_bytes(std::uint16_t type, ByteView value);
  // A structure and what follows it.
  template <typename T>
  void put_with_tail(std::uint16_t type, const T& head, ByteView tail) {
    static_assert(std::is_trivially_copyable_v<T>);
    put_parts(type, {reinterpret_cast<const std::uint8_t*>(&head), sizeof(T)}, tail);
  }

  // False when an attribute did not fit; the message must not be sent then.
  bool complete() const { return m_complete; }
  // The kernel repeats both in the answer, and in the notice that it gives others of the change.
  void set_origin(std::uint32_t port, std::uint32_t sequence) {
    netlink_header().nlmsg_pid = port;
    netlink_header().nlmsg_seq = sequence;
  }
  ByteView view() const;

 private:
  nlmsghdr& netlink_header() { return *reinterpret_cast<nlmsghdr*>(m_bytes.span().data()); }
  void* extra_header(std::size_t size);
  void put_parts(std::uint16_t type, ByteView head, ByteView tail);

  Secret m_bytes{capacity};
  bool m_complete = true;
};

// The next structure, copied out; nullopt when fewer bytes are left. Newer kernels may have longer ones.
template <typename T>
std::optional<T> take_struct(Reader& reader) {
  static_assert(std::is_trivially_copyable_v<T>);
  const ByteView bytes = reader.take(sizeof(T));
  if (bytes.size() != sizeof(T)) {
    return std::nullopt;
  }
  T value;
  std::memcpy(&value, bytes.data(), sizeof(T));
  return value;
}
template <typename T>
std::optional<T> as_struct(ByteView bytes) {
  Reader reader(bytes);
  return take_struct<T>(reader);
}

// A message as it came: its header and what follows.
struct Received {
  nlmsghdr header{};
  ByteView payload;
};

// Calls `visit` for each whole message of a datagram; false when bytes are left that are none.
bool for_each_message(ByteView datagram, const std::function<void(const Received&)>& visit);
// Likewise for attributes. The type comes without its flag bits.
bool for_each_attribute(ByteView attributes,
                        const std::function<void(std::uint16_t type, ByteView value)>& visit);

// What an NLMSG_ERROR says; code 0 is the acknowledgement.
struct Acknowledgement {
  int code = 0;         // errno, positive
  std::string message;  // the kernel's own words, where it has some
};
std::optional<Acknowledgement> parse_acknowledgement(const Received& message);

}  // namespace espgate::offload::xfrm
