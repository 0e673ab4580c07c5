#include "wire/sa_payload.h"

#include <utility>

#include "base/reader.h"

namespace espgate::ike::wire {
namespace {

constexpr std::size_t proposal_header_size = 8;
constexpr std::size_t transform_header_size = 8;
// "Last Substruc": 0 for the last one, otherwise these.
constexpr std::uint8_t more_proposals = 2;
constexpr std::uint8_t more_transforms = 3;
constexpr std::uint16_t short_form_bit = 0x8000;

bool attributes_valid(ByteView bytes) {
  Reader reader(bytes);
  while (reader.ok() && !reader.empty()) {
    const std::uint16_t type = reader.u16();
    const std::uint16_t length_or_value = reader.u16();
    if ((type & short_form_bit) == 0) {
      reader.skip(length_or_value);
    }
  }
  return reader.ok();
}

bool transforms_valid(ByteView bytes, std::size_t count) {
  Reader reader(bytes);
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint8_t last = reader.u8();
    reader.skip(1);
    const std::size_t length = reader.u16();
    reader.skip(4);
    if (!reader.ok() || length < transform_header_size || last != (i + 1 == count ? 0 : more_transforms) ||
        !attributes_valid(reader.take(length - transform_header_size)) || !reader.ok()) {
      return false;
    }
  }
  return reader.empty();
}

std::vector<Attribute> parse_attributes(ByteView bytes) {
  std::vector<Attribute> attributes;
  Reader reader(bytes);
  while (!reader.empty()) {
    Attribute attribute;
    const std::uint16_t type = reader.u16();
    const std::uint16_t length_or_value = reader.u16();
    attribute.type = type & static_cast<std::uint16_t>(~short_form_bit);
    attribute.is_short = (type & short_form_bit) != 0;
    if (attribute.is_short) {
      attribute.value = length_or_value;
    } else {
      const ByteView data = reader.take(length_or_value);
      attribute.data.assign(data.begin(), data.end());
    }
    attributes.push_back(std::move(attribute));
  }
  return attributes;
}

void encode_transform(Writer& out, const Transform& transform, bool last) {
  const std::size_t start = out.size();
  out.u8(last ? 0 : more_transforms);
  out.u8(0);
  out.u16(0);
  out.u8(std::to_underlying(transform.type));
  out.u8(0);
  out.u16(transform.id);
  for (const Attribute& attribute : transform.attributes) {
    if (attribute.is_short) {
      out.u16(attribute.type | short_form_bit);
      out.u16(attribute.value);
    } else {
      out.u16(attribute.type);
      out.u16(static_cast<std::uint16_t>(attribute.data.size()));
      out.bytes(attribute.data);
    }
  }
  out.patch_u16(start + 2, static_cast<std::uint16_t>(out.size() - start));
}

}  // namespace

std::optional<std::uint16_t> Transform::key_bits() const {
  if (attributes.empty()) {
    return std::uint16_t{0};
  }
  const Attribute& only = attributes.front();
  if (attributes.size() != 1 || only.type != key_length_attribute || !only.is_short || only.value == 0) {
    return std::nullopt;
  }
  return only.value;
}

Result<> SaPayload::validate(ByteView body, const Limits& limits) {
  const std::unexpected malformed(Reason::sa_malformed);
  Reader reader(body);
  std::size_t proposals = 0;
  for (bool last = false; !last;) {
    const std::uint8_t more = reader.u8();
    reader.skip(1);
    const std::size_t length = reader.u16();
    reader.skip(2);
    const std::size_t spi_size = reader.u8();
    const std::size_t transforms = reader.u8();
    if (!reader.ok() || (more != 0 && more != more_proposals) || length < proposal_header_size + spi_size ||
        transforms == 0 || transforms > limits.max_transforms || ++proposals > limits.max_proposals) {
      return malformed;
    }
    reader.skip(spi_size);
    if (!transforms_valid(reader.take(length - proposal_header_size - spi_size), transforms) ||
        !reader.ok()) {
      return malformed;
    }
    last = more == 0;
  }
  if (!reader.empty()) {
    return malformed;
  }
  return {};
}

SaPayload SaPayload::parse(PayloadType /*type*/, ByteView body) {
  SaPayload payload;
  Reader reader(body);
  while (!reader.empty()) {
    Proposal& proposal = payload.proposals.emplace_back();
    reader.skip(4);
    proposal.number = reader.u8();
    proposal.protocol = Protocol{reader.u8()};
    const std::size_t spi_size = reader.u8();
    const std::size_t transforms = reader.u8();
    const ByteView spi = reader.take(spi_size);
    proposal.spi.assign(spi.begin(), spi.end());
    for (std::size_t i = 0; i < transforms; ++i) {
      Transform& transform = proposal.transforms.emplace_back();
      reader.skip(2);
      const std::size_t length = reader.u16();
      transform.type = TransformType{reader.u8()};
      reader.skip(1);
      transform.id = reader.u16();
      transform.attributes = parse_attributes(reader.take(length - transform_header_size));
    }
  }
  return payload;
}

void SaPayload::encode(Writer& out) const {
  for (std::size_t i = 0; i < proposals.size(); ++i) {
    const Proposal& proposal = proposals[i];
    const std::size_t start = out.size();
    out.u8(i + 1 == proposals.size() ? 0 : more_proposals);
    out.u8(0);
    out.u16(0);
    out.u8(proposal.number);
    out.u8(std::to_underlying(proposal.protocol));
    out.u8(static_cast<std::uint8_t>(proposal.spi.size()));
    out.u8(static_cast<std::uint8_t>(proposal.transforms.size()));
    out.bytes(proposal.spi);
    for (std::size_t t = 0; t < proposal.transforms.size(); ++t) {
      encode_transform(out, proposal.transforms[t], t + 1 == proposal.transforms.size());
    }
    out.patch_u16(start + 2, static_cast<std::uint16_t>(out.size() - start));
  }
}

}  // namespace espgate::ike::wire
