// vici messages: sections, keys with values, and lists, in the order in which they were written. Values are
// bytes; numbers travel as decimal text.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"

namespace espgate::host::vici {

struct Element;

// A section's elements, or a whole message's. Names are unique in it.
class Message {
 public:
  Message();
  Message(const Message&);
  Message(Message&&) noexcept;
  Message& operator=(const Message&);
  Message& operator=(Message&&) noexcept;
  ~Message();

  // Each replaces an element of the same name.
  Message& set(std::string_view name, std::string value);
  Message& set_number(std::string_view name, std::uint64_t value);
  Message& set_list(std::string_view name, std::vector<std::string> items);
  // The section of this name; a new one when there is none. The reference holds until the next change here.
  Message& section(std::string_view name);

  // nullptr when there is none of this name and kind.
  const std::string* find(std::string_view name) const;
  const std::vector<std::string>* find_list(std::string_view name) const;
  const Message* find_section(std::string_view name) const;
  // The value, or "" when there is none.
  std::string_view value(std::string_view name) const;

  const std::vector<Element>& elements() const { return m_elements; }
  bool empty() const;

  // For the decoder: adds without looking whether the name is there already.
  void append(Element element);

  // Overwrites every value: a request may have brought a key.
  void wipe();

  bool operator==(const Message&) const;

 private:
  Element& place(std::string_view name);
  const Element* look_up(std::string_view name) const;

  std::vector<Element> m_elements;
};

struct Element {
  std::string name;
  std::variant<std::string, std::vector<std::string>, Message> content;

  bool operator==(const Element&) const = default;
};

inline constexpr std::size_t max_segment_bytes = std::size_t{512} * 1024;
inline constexpr std::size_t max_section_depth = 32;

// The element encoding (README.md of libvici, "Message format"). encode() fails when a name is empty or
// longer than 255 bytes, a value longer than 65535, or sections are nested too deep. decode() takes nothing
// else than what encode() gives.
Expected<Bytes> encode(const Message& message);
Expected<Message> decode(ByteView bytes);

}  // namespace espgate::host::vici
