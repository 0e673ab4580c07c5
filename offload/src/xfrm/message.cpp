#include "xfrm/message.h"

#include <libmnl/libmnl.h>

#include <algorithm>
#include <string>

namespace espgate::offload::xfrm {

Message::Message(std::uint16_t type, std::uint16_t flags) {
  nlmsghdr* header = mnl_nlmsg_put_header(m_bytes.span().data());
  header->nlmsg_type = type;
  header->nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | flags);
}

void* Message::extra_header(std::size_t size) {
  return mnl_nlmsg_put_extra_header(&netlink_header(), size);
}

void Message::put_bytes(std::uint16_t type, ByteView value) {
  m_complete =
      m_complete && mnl_attr_put_check(&netlink_header(), capacity, type, value.size(), value.data());
}

void Message::put_parts(std::uint16_t type, ByteView head, ByteView tail) {
  const std::size_t start = netlink_header().nlmsg_len;
  const std::size_t length = sizeof(nlattr) + head.size() + tail.size();
  if (start + NLMSG_ALIGN(length) > capacity) {
    m_complete = false;
    return;
  }
  // The head goes in with its own length, which then grows over the tail; the buffer behind is zeros.
  put_bytes(type, head);
  std::ranges::copy(tail, m_bytes.span().subspan(start + sizeof(nlattr) + head.size()).begin());
  auto& attribute = *reinterpret_cast<nlattr*>(m_bytes.span().subspan(start).data());
  attribute.nla_len = static_cast<std::uint16_t>(length);
  netlink_header().nlmsg_len = static_cast<std::uint32_t>(start + NLMSG_ALIGN(length));
}

ByteView Message::view() const {
  const auto& header = *reinterpret_cast<const nlmsghdr*>(m_bytes.view().data());
  return m_bytes.view().first(header.nlmsg_len);
}

namespace {

// Messages and attributes begin at multiples of 4.
void skip_padding(Reader& reader, std::size_t length) {
  const std::size_t padding = (4 - length % 4) % 4;
  reader.skip(std::min(padding, reader.remaining()));
}

}  // namespace

bool for_each_message(ByteView datagram, const std::function<void(const Received&)>& visit) {
  Reader reader(datagram);
  while (!reader.empty()) {
    const auto header = take_struct<nlmsghdr>(reader);
    if (!header || header->nlmsg_len < sizeof(nlmsghdr)) {
      return false;
    }
    const ByteView payload = reader.take(header->nlmsg_len - sizeof(nlmsghdr));
    if (!reader.ok()) {
      return false;
    }
    visit({*header, payload});
    skip_padding(reader, header->nlmsg_len);
  }
  return true;
}

bool for_each_attribute(ByteView attributes,
                        const std::function<void(std::uint16_t type, ByteView value)>& visit) {
  Reader reader(attributes);
  while (!reader.empty()) {
    const auto header = take_struct<nlattr>(reader);
    if (!header || header->nla_len < sizeof(nlattr)) {
      return false;
    }
    const ByteView value = reader.take(header->nla_len - sizeof(nlattr));
    if (!reader.ok()) {
      return false;
    }
    visit(static_cast<std::uint16_t>(header->nla_type & NLA_TYPE_MASK), value);
    skip_padding(reader, header->nla_len);
  }
  return true;
}

std::optional<Acknowledgement> parse_acknowledgement(const Received& message) {
  if (message.header.nlmsg_type != NLMSG_ERROR) {
    return std::nullopt;
  }
  Reader reader(message.payload);
  const auto body = take_struct<nlmsgerr>(reader);
  if (!body || body->error > 0 || body->error < -4095) {  // MAX_ERRNO
    return std::nullopt;
  }
  Acknowledgement result{.code = -body->error, .message = {}};
  if ((message.header.nlmsg_flags & NLM_F_ACK_TLVS) == 0) {
    return result;
  }
  // Unless it is capped, the request's own payload stands before the attributes.
  if ((message.header.nlmsg_flags & NLM_F_CAPPED) == 0 && body->msg.nlmsg_len >= sizeof(nlmsghdr)) {
    const std::size_t rest = body->msg.nlmsg_len - sizeof(nlmsghdr);
    reader.skip(rest);
    skip_padding(reader, rest);
  }
  for_each_attribute(reader.take_rest(), [&result](std::uint16_t type, ByteView value) {
    if (type == NLMSGERR_ATTR_MSG) {
      const auto end = std::ranges::find(value, std::uint8_t{0});
      result.message.assign(value.begin(), end);
    }
  });
  return result;
}

}  // namespace espgate::offload::xfrm
