#include <fmt/format.h>

#include <algorithm>

#include "base/reader.h"
#include "base/writer.h"
#include "vici/message.h"

namespace espgate::host::vici {
namespace {

enum class Tag : std::uint8_t {
  section_start = 1,
  section_end = 2,
  key_value = 3,
  list_start = 4,
  list_item = 5,
  list_end = 6
};

ByteView as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

std::string as_text(ByteView bytes) {
  return {bytes.begin(), bytes.end()};
}

// Writes; what does not fit the wire is remembered and reported at the end.
class Encoder {
 public:
  void message(const Message& message, std::size_t depth) {
    if (depth > max_section_depth) {
      refuse("sections are nested too deep");
      return;
    }
    for (const Element& element : message.elements()) {
      if (const auto* value = std::get_if<std::string>(&element.content)) {
        named(Tag::key_value, element.name);
        this->value(*value, element.name);
      } else if (const auto* list = std::get_if<std::vector<std::string>>(&element.content)) {
        named(Tag::list_start, element.name);
        for (const std::string& item : *list) {
          tag(Tag::list_item);
          this->value(item, element.name);
        }
        tag(Tag::list_end);
      } else {
        named(Tag::section_start, element.name);
        this->message(std::get<Message>(element.content), depth + 1);
        tag(Tag::section_end);
      }
    }
  }

  Expected<Bytes> finish() && {
    if (!m_error.empty()) {
      return fail("vici message: " + m_error);
    }
    return std::move(m_out).finish();
  }

 private:
  void refuse(std::string message) {
    if (m_error.empty()) {
      m_error = std::move(message);
    }
  }
  void tag(Tag t) { m_out.u8(static_cast<std::uint8_t>(t)); }
  void named(Tag t, const std::string& name) {
    if (name.empty() || name.size() > 255) {
      refuse(fmt::format("a name of {} bytes, 1 to 255 are possible", name.size()));
      return;
    }
    tag(t);
    m_out.u8(static_cast<std::uint8_t>(name.size()));
    m_out.bytes(as_bytes(name));
  }
  void value(const std::string& bytes, const std::string& name) {
    if (bytes.size() > 65535) {
      refuse(fmt::format("the value of '{}' has {} bytes, at most 65535 are possible", name, bytes.size()));
      return;
    }
    m_out.u16(static_cast<std::uint16_t>(bytes.size()));
    m_out.bytes(as_bytes(bytes));
  }

  Writer m_out;
  std::string m_error;
};

// One message, without recursion: the sections that are open stand on a stack of our own.
class Decoder {
 public:
  explicit Decoder(ByteView bytes) : m_in(bytes) {}

  Expected<Message> run() {
    m_open.emplace_back();
    while (!m_in.empty()) {
      if (auto done = element(); !done) {
        return std::unexpected(done.error());
      }
    }
    if (m_open.size() != 1) {
      return refuse("a section is not closed");
    }
    if (auto unique = check_unique(m_open.back().content); !unique) {
      return std::unexpected(unique.error());
    }
    return std::move(m_open.back().content);
  }

 private:
  struct Open {
    std::string name;
    Message content;
  };

  static std::unexpected<Error> refuse(std::string_view what) {
    return fail(fmt::format("vici message: {}", what));
  }

  Expected<> element() {
    switch (static_cast<Tag>(m_in.u8())) {
      case Tag::section_start:
        return start_section();
      case Tag::section_end:
        return end_section();
      case Tag::key_value:
        return key_value();
      case Tag::list_start:
        return list();
      case Tag::list_item:
      case Tag::list_end:
        return refuse("a list item or end outside of a list");
    }
    return refuse("an element of unknown type");
  }

  Expected<std::string> name() {
    const ByteView bytes = m_in.take(m_in.u8());
    if (!m_in.ok()) {
      return refuse("it ends within a name");
    }
    if (bytes.empty()) {
      return refuse("an empty name");
    }
    return as_text(bytes);
  }

  Expected<std::string> value() {
    const ByteView bytes = m_in.take(m_in.u16());
    if (!m_in.ok()) {
      return refuse("it ends within a value");
    }
    return as_text(bytes);
  }

  Expected<> start_section() {
    auto section_name = name();
    if (!section_name) {
      return std::unexpected(section_name.error());
    }
    if (m_open.size() > max_section_depth) {
      return refuse("sections are nested too deep");
    }
    m_open.push_back({std::move(*section_name), {}});
    return {};
  }

  Expected<> end_section() {
    if (m_open.size() == 1) {
      return refuse("the end of a section that was not opened");
    }
    Open closed = std::move(m_open.back());
    m_open.pop_back();
    if (auto unique = check_unique(closed.content); !unique) {
      return unique;
    }
    m_open.back().content.append({std::move(closed.name), std::move(closed.content)});
    return {};
  }

  Expected<> key_value() {
    auto key = name();
    if (!key) {
      return std::unexpected(key.error());
    }
    auto content = value();
    if (!content) {
      return std::unexpected(content.error());
    }
    m_open.back().content.append({std::move(*key), std::move(*content)});
    return {};
  }

  Expected<> list() {
    auto list_name = name();
    if (!list_name) {
      return std::unexpected(list_name.error());
    }
    std::vector<std::string> items;
    while (true) {
      const auto tag = static_cast<Tag>(m_in.u8());
      if (!m_in.ok()) {
        return refuse("it ends within a list");
      }
      if (tag == Tag::list_end) {
        break;
      }
      if (tag != Tag::list_item) {
        return refuse("something else than items in a list");
      }
      auto item = value();
      if (!item) {
        return std::unexpected(item.error());
      }
      items.push_back(std::move(*item));
    }
    m_open.back().content.append({std::move(*list_name), std::move(items)});
    return {};
  }

  static Expected<> check_unique(const Message& section) {
    std::vector<std::string_view> names;
    names.reserve(section.elements().size());
    for (const Element& e : section.elements()) {
      names.push_back(e.name);
    }
    std::ranges::sort(names);
    if (std::ranges::adjacent_find(names) != names.end()) {
      return refuse("a name stands twice in a section");
    }
    return {};
  }

  Reader m_in;
  std::vector<Open> m_open;
};

}  // namespace

Expected<Bytes> encode(const Message& message) {
  Encoder encoder;
  encoder.message(message, 0);
  return std::move(encoder).finish();
}

Expected<Message> decode(ByteView bytes) {
  return Decoder(bytes).run();
}

}  // namespace espgate::host::vici
