#include "config/distinguished_name.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/objects.h>

#include "base/reader.h"

namespace espgate::ike {
namespace {

constexpr std::size_t max_name_size = 4096;
constexpr int max_name_parts = 64;
constexpr std::uint8_t sequence = 0x30;
constexpr std::uint8_t set = 0x31;
constexpr std::uint8_t object_id = 0x06;

struct Element {
  std::uint8_t tag = 0;
  ByteView body;
};

// The next element in DER: lengths definite and as short as can be.
std::optional<Element> next(Reader& reader) {
  Element element{.tag = reader.u8(), .body = {}};
  std::size_t length = reader.u8();
  if (length == 0x81) {
    length = reader.u8();
    if (length < 0x80) {
      return std::nullopt;
    }
  } else if (length == 0x82) {
    length = reader.u16();
    if (length < 0x100) {
      return std::nullopt;
    }
  } else if (length > 0x7f) {
    return std::nullopt;
  }
  element.body = reader.take(length);
  return reader.ok() ? std::optional(element) : std::nullopt;
}

// Attribute = SEQUENCE { type OBJECT IDENTIFIER, value ANY }
bool attribute_valid(const Element& attribute) {
  Reader inside(attribute.body);
  const auto type = next(inside);
  const auto value = next(inside);
  return attribute.tag == sequence && type && type->tag == object_id && !type->body.empty() && value &&
         inside.empty();
}

// Name = SEQUENCE OF SET OF Attribute
bool name_valid(ByteView der) {
  Reader reader(der);
  const auto name = next(reader);
  if (der.size() > max_name_size || !name || name->tag != sequence || !reader.empty()) {
    return false;
  }
  Reader parts(name->body);
  int count = 0;
  while (!parts.empty()) {
    const auto part = next(parts);
    if (!part || part->tag != set || part->body.empty() || ++count > max_name_parts) {
      return false;
    }
    Reader attributes(part->body);
    while (!attributes.empty()) {
      const auto attribute = next(attributes);
      if (!attribute || !attribute_valid(*attribute)) {
        return false;
      }
    }
  }
  return true;
}

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(' ');
  return first == std::string_view::npos ? std::string_view{}
                                         : text.substr(first, text.find_last_not_of(' ') - first + 1);
}

// Names of strongSwan's that OpenSSL knows by another one.
int type_from_text(std::string_view type) {
  if (type == "E" || type == "Email") {
    return NID_pkcs9_emailAddress;
  }
  if (type == "G") {
    return NID_givenName;
  }
  if (type == "S") {
    return NID_surname;
  }
  if (type == "D") {
    return NID_description;
  }
  return OBJ_txt2nid(std::string(type).c_str());
}

std::string_view value_of(const X509_NAME_ENTRY* entry) {
  const ASN1_STRING* value = X509_NAME_ENTRY_get_data(entry);
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): bytes to characters.
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(value)),
          static_cast<std::size_t>(ASN1_STRING_length(value))};
}

NamePtr single(const X509_NAME_ENTRY* entry) {
  NamePtr name(X509_NAME_new());
  require(name != nullptr && X509_NAME_add_entry(name.get(), entry, -1, 0) == 1, "distinguished name");
  return name;
}

std::string readable(const X509_NAME_ENTRY* entry) {
  std::uint8_t* utf8 = nullptr;
  const int size = ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(entry));
  if (size < 0) {
    ERR_clear_error();
    return "?";
  }
  std::string text;
  for (const std::uint8_t byte : ByteView(utf8, static_cast<std::size_t>(size))) {
    const bool plain = byte >= 0x20 && byte < 0x7f && byte != ',' && byte != '=' && byte != '\\';
    text += plain ? std::string(1, static_cast<char>(byte)) : fmt::format("\\{:02x}", byte);
  }
  OPENSSL_free(utf8);
  return text;
}

}  // namespace

NamePtr parse_name(ByteView der) {
  if (!name_valid(der)) {
    return nullptr;
  }
  const std::uint8_t* at = der.data();
  NamePtr name(d2i_X509_NAME(nullptr, &at, static_cast<long>(der.size())));
  ERR_clear_error();
  return at == der.data() + der.size() ? std::move(name) : nullptr;
}

Bytes encode_name(const X509_NAME* name) {
  std::uint8_t* der = nullptr;
  const int size = i2d_X509_NAME(name, &der);
  require(size > 0, "distinguished name");
  Bytes bytes(der, der + size);
  OPENSSL_free(der);
  return bytes;
}

Expected<Bytes> name_from_text(std::string_view text) {
  const NamePtr name(X509_NAME_new());
  require(name != nullptr, "distinguished name");
  std::string_view rest = text.starts_with('/') ? text.substr(1) : text;
  const char separator = text.starts_with('/') ? '/' : ',';
  for (bool more = true; more;) {
    const std::size_t end = rest.find(separator);
    const std::string_view part = trimmed(rest.substr(0, end));
    more = end != std::string_view::npos;
    rest = more ? rest.substr(end + 1) : std::string_view{};
    const std::size_t equals = part.find('=');
    const std::string_view type = trimmed(part.substr(0, equals));
    if (equals == std::string_view::npos) {
      return fail(fmt::format("identity '{}': '{}' is not of the form type=value", text, part));
    }
    const std::string value(trimmed(part.substr(equals + 1)));
    const int nid = type_from_text(type);
    if (nid == NID_undef) {
      return fail(fmt::format("identity '{}': '{}' is no type of a distinguished name", text, type));
    }
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): characters to bytes.
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(value.data());
    // A wildcard stands also where the type asks for a length, as a country does.
    const int encoding = value == "*" ? V_ASN1_UTF8STRING : MBSTRING_UTF8;
    if (value.empty() || X509_NAME_add_entry_by_NID(name.get(), nid, encoding, bytes,
                                                    static_cast<int>(value.size()), -1, 0) != 1) {
      ERR_clear_error();
      return fail(fmt::format("identity '{}': '{}' is no value of the type '{}'", text, value, type));
    }
  }
  return encode_name(name.get());
}

std::string name_to_text(const X509_NAME* name) {
  std::string text;
  for (int i = 0; i < X509_NAME_entry_count(name); ++i) {
    const X509_NAME_ENTRY* entry = X509_NAME_get_entry(name, i);
    const int nid = OBJ_obj2nid(X509_NAME_ENTRY_get_object(entry));
    const std::string_view type = nid == NID_pkcs9_emailAddress ? "E"
                                  : nid == NID_undef            ? "?"
                                                                : OBJ_nid2sn(nid);
    text += fmt::format("{}{}={}", text.empty() ? "" : ", ", type, readable(entry));
  }
  return text;
}

bool same_name(const X509_NAME* a, const X509_NAME* b) {
  return X509_NAME_cmp(a, b) == 0;
}

std::optional<int> match_name(const X509_NAME* pattern, const X509_NAME* name) {
  const int count = X509_NAME_entry_count(pattern);
  if (count != X509_NAME_entry_count(name)) {
    return std::nullopt;
  }
  int exact = 0;
  for (int i = 0; i < count; ++i) {
    const X509_NAME_ENTRY* wanted = X509_NAME_get_entry(pattern, i);
    const X509_NAME_ENTRY* found = X509_NAME_get_entry(name, i);
    if (X509_NAME_ENTRY_set(wanted) != X509_NAME_ENTRY_set(found) ||
        OBJ_cmp(X509_NAME_ENTRY_get_object(wanted), X509_NAME_ENTRY_get_object(found)) != 0) {
      return std::nullopt;
    }
    if (value_of(wanted) == "*") {
      continue;
    }
    if (!same_name(single(wanted).get(), single(found).get())) {
      return std::nullopt;
    }
    ++exact;
  }
  return exact;
}

}  // namespace espgate::ike
