#include "offload/xfrm/xfrm.h"

#include <fmt/format.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <map>
#include <set>
#include <utility>

#include "xfrm/channel.h"
#include "xfrm/decode.h"
#include "xfrm/encode.h"
#include "xfrm/errno_text.h"
#include "xfrm/requests.h"

namespace espgate::offload::xfrm {

namespace {

// How a policy's index is made up, from the top: the tag's low byte, a number of ours, and the direction,
// which the kernel wants in the last three bits. It honours the index that is asked for when no other policy
// has it.
constexpr unsigned index_tag_shift = 24;
constexpr unsigned index_direction_bits = 3;
constexpr std::uint32_t index_numbers = 1U << (index_tag_shift - index_direction_bits);

constexpr std::uint32_t lowest_spi = 256;  // RFC 4303 section 2.1
// Of one call of poll_events(), so that a storm of events does not keep the caller for ever.
constexpr int events_per_poll = 256;

std::unexpected<Error> refused(const std::string& what, const Outcome& outcome) {
  return fail(fmt::format("the kernel refused {}: {}", what, outcome.reason));
}

// A state on the loopback address with keys of zeros, for a question only.
State probe_state(const Suite& suite, std::uint32_t spi, std::uint32_t reqid) {
  constexpr std::uint32_t loopback = 0x7f000001;
  State state;
  state.id = {.destination = IpAddress::v4(loopback), .spi = spi, .protocol = Protocol::esp, .mark = {}};
  if (suite.encryption == Encryption::none) {
    state.id.protocol = Protocol::ah;
  }
  state.source = IpAddress::v4(loopback);
  state.direction = driver::Direction::inbound;
  state.mode = driver::Mode::transport;
  state.reqid = reqid;
  state.suite = suite;
  const EncryptionInfo* encryption = info(suite.encryption);
  const IntegrityInfo* integrity = info(suite.integrity);
  state.encryption_key = Secret(encryption == nullptr ? 0 : suite.key_bits / 8U + encryption->salt_bytes);
  state.integrity_key = Secret(integrity == nullptr ? 0 : integrity->key_bits / 8U);
  return state;
}

// Somewhere among the SPIs, so that a probe meets no SA.
Expected<std::uint32_t> random_spi() {
  std::array<std::uint8_t, 4> bytes{};
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) {
    return fail("cannot draw an SPI: OpenSSL's random generator failed");
  }
  return load_be32(bytes) | 0x80000000U;
}

}  // namespace

class Xfrm::Implementation {
 public:
  Implementation(std::unique_ptr<Channel> requests, std::unique_ptr<Channel> events, Tag tag)
      : m_requests(std::move(requests)), m_events(std::move(events)), m_tag(tag), m_event_buffer(65536) {}

  Tag tag() const { return m_tag; }
  int event_descriptor() const { return m_events->descriptor(); }

  Expected<> reserve_indexes();
  Expected<> install(std::span<const State> states, std::span<const Policy> policies);
  std::vector<Expected<>> replace(std::span<const Policy> policies);
  std::vector<Expected<>> remove(std::span<const PolicyId> policies, std::span<const StateId> states);
  Expected<KernelState> state(const StateId& id);
  Expected<std::vector<KernelState>> states();
  Expected<std::vector<KernelPolicy>> policies();
  Expected<std::uint32_t> allocate_spi(const SpiRequest& request);
  Expected<CleanUp> clean_up();
  Expected<Differences> resync();
  Expected<std::vector<SuiteSupport>> probe(std::span<const Suite> suites);
  Expected<std::vector<Event>> poll_events();

  bool owns(const KernelState& state) const { return m_tag.owns_reqid(state.reqid); }
  bool owns(const KernelPolicy& policy) const {
    return within_band(policy.priority) && (policy.index >> index_tag_shift == (m_tag.value & 0xffU) ||
                                            std::ranges::any_of(policy.templates, [this](const Template& t) {
                                              return m_tag.owns_reqid(t.reqid);
                                            }));
  }

 private:
  static bool within_band(std::uint32_t priority) {
    return priority >= first_priority && priority - first_priority < priority_count;
  }
  Expected<> check_ours(const State& state) const;
  Expected<> check_ours(const Policy& policy) const;
  std::uint32_t next_index(PolicyDirection direction);
  void note_gone(const Event& event);

  Requests m_requests;
  std::unique_ptr<Channel> m_events;
  Tag m_tag;
  Secret m_event_buffer;  // notices of states hold their keys
  // What this object installed and did not remove.
  std::set<StateId> m_states;
  std::map<PolicyId, std::uint32_t> m_policies;  // with their index
  std::set<std::uint32_t> m_indexes;
  std::uint32_t m_next_number = 1;
};

Expected<> Xfrm::Implementation::check_ours(const State& state) const {
  if (!m_tag.owns_reqid(state.reqid)) {
    return fail(fmt::format("{}: the reqid {:#x} does not carry the tag {:#x}", to_string(state.id),
                            state.reqid, m_tag.value));
  }
  return check(state);
}

Expected<> Xfrm::Implementation::check_ours(const Policy& policy) const {
  if (!within_band(policy.priority)) {
    return fail(
        fmt::format("{}: the priority {} lies outside our band", to_string(policy.id), policy.priority));
  }
  for (const Template& t : policy.templates) {
    if (!m_tag.owns_reqid(t.reqid)) {
      return fail(fmt::format("{}: the reqid {:#x} of a template does not carry the tag {:#x}",
                              to_string(policy.id), t.reqid, m_tag.value));
    }
  }
  return check(policy);
}

std::uint32_t Xfrm::Implementation::next_index(PolicyDirection direction) {
  while (true) {
    const std::uint32_t index = ((m_tag.value & 0xffU) << index_tag_shift) |
                                (m_next_number << index_direction_bits) |
                                static_cast<std::uint32_t>(direction);
    m_next_number = (m_next_number + 1) % index_numbers;
    if (m_indexes.insert(index).second) {
      return index;
    }
  }
}

// What an earlier run left has indexes too, and the kernel would give us others in their place, without our
// tag.
Expected<> Xfrm::Implementation::reserve_indexes() {
  const auto left = policies();
  if (!left) {
    return std::unexpected(left.error());
  }
  for (const KernelPolicy& policy : *left) {
    m_indexes.insert(policy.index);
  }
  return {};
}

Expected<> Xfrm::Implementation::install(std::span<const State> states, std::span<const Policy> policies) {
  std::vector<Message> messages;
  messages.reserve(states.size() + policies.size());
  std::vector<std::uint32_t> indexes;
  for (const State& state : states) {
    if (auto checked = check_ours(state); !checked) {
      return checked;
    }
    messages.push_back(encode_new_state(state));
  }
  for (const Policy& policy : policies) {
    if (auto checked = check_ours(policy); !checked) {
      return checked;
    }
  }
  if (m_indexes.size() + policies.size() >= index_numbers) {
    return fail(fmt::format("{} policies are more than this daemon can mark as its own",
                            m_indexes.size() + policies.size()));
  }
  for (const Policy& policy : policies) {
    indexes.push_back(next_index(policy.id.direction));
    messages.push_back(encode_new_policy(policy, false, indexes.back()));
  }

  const std::vector<Outcome> outcomes = m_requests.apply(messages);
  std::vector<Message> undo;
  Expected<> result;
  for (std::size_t i = outcomes.size(); i-- > 0;) {
    const bool is_state = i < states.size();
    const auto what = is_state ? to_string(states[i].id) : to_string(policies[i - states.size()].id);
    if (!outcomes[i].ok()) {
      result = refused("to install " + what, outcomes[i]);
    }
    // An answer that did not come may be lost: what it was for is removed alike.
    if (outcomes[i].ok() || outcomes[i].code == ETIMEDOUT) {
      undo.push_back(is_state ? encode_delete_state(states[i].id)
                              : encode_delete_policy(policies[i - states.size()].id));
    }
  }
  if (!result) {
    m_requests.apply(undo);
    for (const std::uint32_t index : indexes) {
      m_indexes.erase(index);
    }
    return result;
  }
  for (const State& state : states) {
    m_states.insert(state.id);
  }
  for (std::size_t i = 0; i < policies.size(); ++i) {
    m_policies.emplace(policies[i].id, indexes[i]);
  }
  return {};
}

std::vector<Expected<>> Xfrm::Implementation::replace(std::span<const Policy> policies) {
  std::vector<Expected<>> results(policies.size());
  std::vector<Message> messages;
  std::vector<std::size_t> positions;
  std::vector<std::uint32_t> indexes;
  for (std::size_t i = 0; i < policies.size(); ++i) {
    if (auto checked = check_ours(policies[i]); !checked) {
      results[i] = checked;
      continue;
    }
    const auto known = m_policies.find(policies[i].id);
    indexes.push_back(known == m_policies.end() ? next_index(policies[i].id.direction) : known->second);
    messages.push_back(encode_new_policy(policies[i], true, indexes.back()));
    positions.push_back(i);
  }
  const std::vector<Outcome> outcomes = m_requests.apply(messages);
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    const Policy& policy = policies[positions[i]];
    if (outcomes[i].ok()) {
      m_policies.emplace(policy.id, indexes[i]);
    } else {
      results[positions[i]] = refused("to replace the " + to_string(policy.id), outcomes[i]);
      if (!m_policies.contains(policy.id)) {
        m_indexes.erase(indexes[i]);
      }
    }
  }
  return results;
}

std::vector<Expected<>> Xfrm::Implementation::remove(std::span<const PolicyId> policies,
                                                     std::span<const StateId> states) {
  std::vector<Expected<>> results(policies.size() + states.size());
  std::vector<Message> messages;
  std::vector<std::size_t> positions;
  for (std::size_t i = 0; i < policies.size(); ++i) {
    if (m_policies.contains(policies[i])) {
      messages.push_back(encode_delete_policy(policies[i]));
      positions.push_back(i);
    } else {
      results[i] = fail(fmt::format("the {} is not one that this daemon installed", to_string(policies[i])));
    }
  }
  for (std::size_t i = 0; i < states.size(); ++i) {
    if (m_states.contains(states[i])) {
      messages.push_back(encode_delete_state(states[i]));
      positions.push_back(policies.size() + i);
    } else {
      results[policies.size() + i] =
          fail(fmt::format("{} is not one that this daemon installed", to_string(states[i])));
    }
  }
  const std::vector<Outcome> outcomes = m_requests.apply(messages);
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    const std::size_t at = positions[i];
    const bool is_policy = at < policies.size();
    const bool gone = outcomes[i].ok() || outcomes[i].code == ENOENT || outcomes[i].code == ESRCH;
    if (!gone) {
      results[at] = refused("to remove " + (is_policy ? "the " + to_string(policies[at])
                                                      : to_string(states[at - policies.size()])),
                            outcomes[i]);
    } else if (is_policy) {
      if (const auto known = m_policies.find(policies[at]); known != m_policies.end()) {
        m_indexes.erase(known->second);
        m_policies.erase(known);
      }
    } else {
      m_states.erase(states[at - policies.size()]);
    }
  }
  return results;
}

Expected<KernelState> Xfrm::Implementation::state(const StateId& id) {
  std::optional<KernelState> found;
  const Outcome outcome = m_requests.ask(encode_get_state(id), [&found](const Received& message) {
    if (auto decoded = decode_state(message)) {
      found = std::move(decoded);
    }
  });
  if (!outcome.ok()) {
    return refused("to show " + to_string(id), outcome);
  }
  if (!found) {
    return fail(fmt::format("the kernel shows {} in a way that cannot be read", to_string(id)));
  }
  return *std::move(found);
}

// What cannot be read (IPComp, policies of sockets) is none of ours.
Expected<std::vector<KernelState>> Xfrm::Implementation::states() {
  std::vector<KernelState> found;
  const Outcome outcome = m_requests.dump(
      encode_dump_states, [&found] { found.clear(); },
      [&found](const Received& message) {
        if (auto state = decode_state(message)) {
          found.push_back(*std::move(state));
        }
      });
  if (!outcome.ok()) {
    return refused("to list its SAs", outcome);
  }
  return found;
}

Expected<std::vector<KernelPolicy>> Xfrm::Implementation::policies() {
  std::vector<KernelPolicy> found;
  const Outcome outcome = m_requests.dump(
      encode_dump_policies, [&found] { found.clear(); },
      [&found](const Received& message) {
        if (auto policy = decode_policy(message)) {
          found.push_back(*std::move(policy));
        }
      });
  if (!outcome.ok()) {
    return refused("to list its policies", outcome);
  }
  return found;
}

Expected<std::uint32_t> Xfrm::Implementation::allocate_spi(const SpiRequest& request) {
  if (!m_tag.owns_reqid(request.reqid)) {
    return fail(
        fmt::format("the reqid {:#x} of an SPI does not carry the tag {:#x}", request.reqid, m_tag.value));
  }
  std::optional<KernelState> larval;
  const Outcome outcome =
      m_requests.ask(encode_allocate_spi(request, lowest_spi, UINT32_MAX),
                     [&larval](const Received& message) { larval = decode_state(message); });
  if (!outcome.ok()) {
    return refused("to allocate an SPI", outcome);
  }
  if (!larval || larval->id.spi < lowest_spi) {
    return fail("the kernel allocated an SPI and does not say which");
  }
  return larval->id.spi;
}

Expected<CleanUp> Xfrm::Implementation::clean_up() {
  const auto all_policies = policies();
  const auto all_states = states();
  if (!all_policies || !all_states) {
    return std::unexpected(all_policies ? all_states.error() : all_policies.error());
  }
  std::vector<Message> messages;
  std::vector<std::string> names;
  CleanUp removed;
  for (const KernelPolicy& policy : *all_policies) {
    if (owns(policy) && !m_policies.contains(policy.id)) {
      messages.push_back(encode_delete_policy(policy.id));
      names.push_back("the " + to_string(policy.id));
      ++removed.policies;
    }
  }
  for (const KernelState& state : *all_states) {
    if (owns(state) && !m_states.contains(state.id)) {
      messages.push_back(encode_delete_state(state.id));
      names.push_back(to_string(state.id));
      ++removed.states;
    }
  }
  const std::vector<Outcome> outcomes = m_requests.apply(messages);
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    if (!outcomes[i].ok() && outcomes[i].code != ENOENT && outcomes[i].code != ESRCH) {
      return refused("to remove what an earlier run left, " + names[i], outcomes[i]);
    }
  }
  return removed;
}

Expected<Differences> Xfrm::Implementation::resync() {
  const auto all_policies = policies();
  const auto all_states = states();
  if (!all_policies || !all_states) {
    return std::unexpected(all_policies ? all_states.error() : all_policies.error());
  }
  Differences result;
  std::set<StateId> present_states;
  std::set<PolicyId> present_policies;
  for (const KernelState& state : *all_states) {
    present_states.insert(state.id);
    if (owns(state) && !m_states.contains(state.id)) {
      result.states_unknown.push_back(state.id);
    }
  }
  for (const KernelPolicy& policy : *all_policies) {
    present_policies.insert(policy.id);
    if (owns(policy) && !m_policies.contains(policy.id)) {
      result.policies_unknown.push_back(policy.id);
    }
  }
  std::ranges::set_difference(m_states, present_states, std::back_inserter(result.states_missing));
  for (const StateId& id : result.states_missing) {
    m_states.erase(id);
  }
  for (const auto& [id, index] : m_policies) {
    if (!present_policies.contains(id)) {
      result.policies_missing.push_back(id);
      m_indexes.erase(index);
    }
  }
  for (const PolicyId& id : result.policies_missing) {
    m_policies.erase(id);
  }
  return result;
}

Expected<std::vector<SuiteSupport>> Xfrm::Implementation::probe(std::span<const Suite> suites) {
  const auto first_spi = random_spi();
  if (!first_spi) {
    return std::unexpected(first_spi.error());
  }
  std::vector<Message> messages;
  std::vector<SuiteSupport> results;
  std::uint32_t spi = *first_spi;
  for (const Suite& suite : suites) {
    if (auto checked = check_suite(suite); !checked) {
      return std::unexpected(checked.error());
    }
    const State state = probe_state(suite, spi, m_tag.reqid(0));
    // SPIs stay clear of the reserved ones when they wrap.
    spi = (spi + 1) | 0x80000000U;
    messages.push_back(encode_new_state(state));
    messages.push_back(encode_delete_state(state.id));
    results.push_back({.suite = suite, .offered = false, .reason = {}});
  }
  const std::vector<Outcome> outcomes = m_requests.apply(messages);
  for (std::size_t i = 0; i < results.size(); ++i) {
    const Outcome& added = outcomes[2 * i];
    if (added.code == EPERM || added.code == ETIMEDOUT) {
      return refused("to say which algorithms it has", added);
    }
    if (added.ok() && !outcomes[2 * i + 1].ok()) {
      return refused("to remove the probe for " + to_string(results[i].suite), outcomes[2 * i + 1]);
    }
    results[i].offered = added.ok();
    results[i].reason = added.reason;
  }
  return results;
}

// What the kernel removed on its own is not there any more to be removed by us.
void Xfrm::Implementation::note_gone(const Event& event) {
  if (const auto* expire = std::get_if<Expire>(&event); expire != nullptr && expire->hard) {
    m_states.erase(expire->id);
  }
}

Expected<std::vector<Event>> Xfrm::Implementation::poll_events() {
  std::vector<Event> events;
  for (int i = 0; i < events_per_poll; ++i) {
    const auto length = m_events->receive(m_event_buffer.span(), false);
    if (!length && length.error() == EAGAIN) {
      break;
    }
    // A datagram longer than any buffer is as lost as one that found no room.
    if (!length && (length.error() == ENOBUFS || length.error() == ENOSPC)) {
      events.emplace_back(EventsLost{});
      continue;
    }
    if (!length) {
      return fail("cannot read the kernel's XFRM events: " + errno_text(length.error()));
    }
    const ByteView datagram = m_event_buffer.view().first(std::min(*length, m_event_buffer.size()));
    for_each_message(datagram, [&](const Received& message) {
      if (auto event = decode_event(message, m_requests.port())) {
        note_gone(*event);
        events.push_back(*std::move(event));
      }
    });
    wipe(m_event_buffer.span().first(datagram.size()));
  }
  return events;
}

// ---- The public face

Expected<std::unique_ptr<Xfrm>> Xfrm::open(Tag tag) {
  auto requests = open_request_channel();
  if (!requests) {
    return std::unexpected(requests.error());
  }
  auto events = open_event_channel();
  if (!events) {
    return std::unexpected(events.error());
  }
  auto xfrm = std::make_unique<Xfrm>(*std::move(requests), *std::move(events), tag);
  if (auto reserved = xfrm->m_implementation->reserve_indexes(); !reserved) {
    return std::unexpected(reserved.error());
  }
  return xfrm;
}

Xfrm::Xfrm(std::unique_ptr<Channel> requests, std::unique_ptr<Channel> events, Tag tag)
    : m_implementation(std::make_unique<Implementation>(std::move(requests), std::move(events), tag)) {}

Xfrm::~Xfrm() = default;

Tag Xfrm::tag() const {
  return m_implementation->tag();
}
Expected<> Xfrm::install(std::span<const State> states, std::span<const Policy> policies) {
  return m_implementation->install(states, policies);
}
std::vector<Expected<>> Xfrm::replace(std::span<const Policy> policies) {
  return m_implementation->replace(policies);
}
std::vector<Expected<>> Xfrm::remove(std::span<const PolicyId> policies, std::span<const StateId> states) {
  return m_implementation->remove(policies, states);
}
Expected<KernelState> Xfrm::state(const StateId& id) {
  return m_implementation->state(id);
}
Expected<std::vector<KernelState>> Xfrm::states() {
  return m_implementation->states();
}
Expected<std::vector<KernelPolicy>> Xfrm::policies() {
  return m_implementation->policies();
}
bool Xfrm::owns(const KernelState& state) const {
  return m_implementation->owns(state);
}
bool Xfrm::owns(const KernelPolicy& policy) const {
  return m_implementation->owns(policy);
}
Expected<std::uint32_t> Xfrm::allocate_spi(const SpiRequest& request) {
  return m_implementation->allocate_spi(request);
}
Expected<CleanUp> Xfrm::clean_up() {
  return m_implementation->clean_up();
}
Expected<Differences> Xfrm::resync() {
  return m_implementation->resync();
}
Expected<std::vector<SuiteSupport>> Xfrm::probe(std::span<const Suite> suites) {
  return m_implementation->probe(suites);
}
int Xfrm::event_descriptor() const {
  return m_implementation->event_descriptor();
}
Expected<std::vector<Event>> Xfrm::poll_events() {
  return m_implementation->poll_events();
}

}  // namespace espgate::offload::xfrm
