#include "vici/message.h"

#include <algorithm>

#include "base/secret.h"

namespace espgate::host::vici {

Message::Message() = default;
Message::Message(const Message&) = default;
Message::Message(Message&&) noexcept = default;
Message& Message::operator=(const Message&) = default;
Message& Message::operator=(Message&&) noexcept = default;
Message::~Message() = default;

Message& Message::set(std::string_view name, std::string value) {
  place(name).content = std::move(value);
  return *this;
}

Message& Message::set_number(std::string_view name, std::uint64_t value) {
  return set(name, std::to_string(value));
}

Message& Message::set_list(std::string_view name, std::vector<std::string> items) {
  place(name).content = std::move(items);
  return *this;
}

Message& Message::section(std::string_view name) {
  Element& element = place(name);
  if (!std::holds_alternative<Message>(element.content)) {
    element.content = Message();
  }
  return std::get<Message>(element.content);
}

const std::string* Message::find(std::string_view name) const {
  const Element* element = look_up(name);
  return element == nullptr ? nullptr : std::get_if<std::string>(&element->content);
}

const std::vector<std::string>* Message::find_list(std::string_view name) const {
  const Element* element = look_up(name);
  return element == nullptr ? nullptr : std::get_if<std::vector<std::string>>(&element->content);
}

const Message* Message::find_section(std::string_view name) const {
  const Element* element = look_up(name);
  return element == nullptr ? nullptr : std::get_if<Message>(&element->content);
}

std::string_view Message::value(std::string_view name) const {
  const std::string* found = find(name);
  return found == nullptr ? std::string_view{} : std::string_view(*found);
}

bool Message::empty() const {
  return m_elements.empty();
}

void Message::append(Element element) {
  m_elements.push_back(std::move(element));
}

void Message::wipe() {
  const auto wipe_text = [](std::string& text) {
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): characters to bytes.
    espgate::wipe({reinterpret_cast<std::uint8_t*>(text.data()), text.size()});
    text.clear();
  };
  for (Element& element : m_elements) {
    if (auto* text = std::get_if<std::string>(&element.content)) {
      wipe_text(*text);
    } else if (auto* list = std::get_if<std::vector<std::string>>(&element.content)) {
      std::ranges::for_each(*list, wipe_text);
    } else if (auto* section = std::get_if<Message>(&element.content)) {
      section->wipe();
    }
  }
}

bool Message::operator==(const Message&) const = default;

Element& Message::place(std::string_view name) {
  const auto found = std::ranges::find(m_elements, name, &Element::name);
  if (found != m_elements.end()) {
    return *found;
  }
  m_elements.push_back({std::string(name), {}});
  return m_elements.back();
}

const Element* Message::look_up(std::string_view name) const {
  const auto found = std::ranges::find(m_elements, name, &Element::name);
  return found == m_elements.end() ? nullptr : &*found;
}

}  // namespace espgate::host::vici
