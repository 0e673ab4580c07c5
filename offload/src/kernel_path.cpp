#include "offload/kernel_path.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <ranges>
#include <utility>

#include "kernel_policies.h"
#include "kernel_selectors.h"

namespace espgate::offload {

namespace {

using driver::Direction;

constexpr std::uint16_t highest_number = std::numeric_limits<std::uint16_t>::max();

xfrm::StateId id_of(const KernelSaSpec& spec, Direction direction) {
  const bool outbound = direction == Direction::outbound;
  return {.destination = outbound ? spec.remote_address : spec.local_address,
          .spi = outbound ? spec.outbound_spi : spec.inbound_spi,
          .protocol = spec.protocol,
          .mark = {}};
}

xfrm::Template template_of(const KernelSaSpec& spec, std::uint32_t reqid, Direction direction) {
  const bool outbound = direction == Direction::outbound;
  return {.source = outbound ? spec.local_address : spec.remote_address,
          .destination = outbound ? spec.remote_address : spec.local_address,
          .protocol = spec.protocol,
          .mode = driver::Mode::tunnel,
          .reqid = reqid,
          .optional = false};
}

}  // namespace

Expected<std::unique_ptr<KernelPath>> KernelPath::open() {
  auto kernel = xfrm::Xfrm::open();
  if (!kernel) {
    return std::unexpected(kernel.error());
  }
  return std::make_unique<KernelPath>(*std::move(kernel));
}

KernelPath::~KernelPath() {
  for (auto& [id, sa] : m_sas) {
    remove_state(sa, Direction::outbound);
    remove_state(sa, Direction::inbound);
  }
}

Expected<xfrm::CleanUp> KernelPath::release() {
  auto kernel = xfrm::Xfrm::open();
  if (!kernel) {
    return std::unexpected(kernel.error());
  }
  return (*kernel)->clean_up();
}

// ---- The SPD

// Those that the entries in force and live SAs of vanished entries have.
std::set<std::uint16_t> KernelPath::used_numbers() const {
  std::set<std::uint16_t> used;
  for (const auto& [name, entry] : m_entries) {
    used.insert(entry.number);
  }
  for (const auto& [id, sa] : m_sas) {
    used.insert(static_cast<std::uint16_t>(sa.reqid & highest_number));
  }
  return used;
}

Expected<KernelPath::Entries> KernelPath::make_entries(std::span<const SpdEntry> entries) const {
  // Numbers of the old and of the new SPD are taken at the same time.
  if (entries.size() + m_entries.size() + m_sas.size() >= highest_number) {
    return fail(
        fmt::format("an SPD of {} entries is more than the kernel's reqids tell apart; use fewer children",
                    entries.size()));
  }
  Entries made;
  std::set<xfrm::PolicyId> taken;
  const std::set<std::uint16_t> used = used_numbers();
  std::uint16_t last_number = 0;
  std::uint32_t position = 0;
  for (const SpdEntry& spd : entries) {
    Entry entry{.position = position++, .number = 0, .spd = spd, .policies = {}};
    const auto before = m_entries.find(spd.name);
    if (before != m_entries.end()) {
      entry.number = before->second.number;
    } else {
      do {
        ++last_number;
      } while (used.contains(last_number));
      entry.number = last_number;
    }
    auto policies = wanted(entry, [&taken](const xfrm::PolicyId& id) { return taken.contains(id); });
    if (!policies) {
      return fail(fmt::format("{}: {}", spd.name, policies.error().message));
    }
    entry.policies = *std::move(policies);
    for (const auto& [id, policy] : entry.policies) {
      taken.insert(id);
    }
    if (!made.emplace(spd.name, std::move(entry)).second) {
      return fail(fmt::format("there are two SPD entries named {}", spd.name));
    }
  }
  return made;
}

Expected<> KernelPath::load(std::span<const SpdEntry> entries) {
  auto made = make_entries(entries);
  if (!made) {
    return std::unexpected(made.error());
  }
  Policies from;
  Policies to;
  for (const auto& [name, entry] : m_entries) {
    from.insert(entry.policies.begin(), entry.policies.end());
  }
  for (const auto& [name, entry] : *made) {
    to.insert(entry.policies.begin(), entry.policies.end());
  }
  if (auto changed = change(from, to); !changed) {
    return changed;
  }
  m_entries = *std::move(made);
  m_owners.clear();
  for (const auto& [name, entry] : m_entries) {
    set_owner(entry.policies, name);
  }
  // After ours stand, so that there is no moment without them.
  if (!m_cleaned) {
    if (const auto cleaned = m_kernel->clean_up(); !cleaned) {
      return std::unexpected(cleaned.error());
    }
    m_cleaned = true;
  }
  return {};
}

Expected<KernelPath::Policies> KernelPath::wanted(const Entry& entry, const IsTaken& taken) const {
  PolicyBuilder builder(entry.position, taken);
  const auto ids = m_by_name.find(entry.spd.name);
  static const std::set<std::uint32_t> none;
  // The newest first: of several for the same traffic it is the one to send with.
  for (const std::uint32_t id : std::views::reverse(ids == m_by_name.end() ? none : ids->second)) {
    const Sa& sa = m_sas.at(id);
    const std::pair<Direction, bool> halves[] = {{Direction::outbound, sa.outbound_there},
                                                 {Direction::inbound, sa.inbound_there}};
    for (const auto& [direction, there] : halves) {
      if (!there) {
        continue;
      }
      if (auto added =
              builder.add_sa(sa.spec.selectors, direction, template_of(sa.spec, sa.reqid, direction));
          !added) {
        return std::unexpected(added.error());
      }
    }
  }
  const bool to_engine =
      entry.spd.action == Action::protect && entry.spd.placement != SaPlacement::kernel_only;
  if (auto added =
          builder.add_entry(entry.spd, to_engine ? m_engine_device : 0, m_kernel->tag().reqid(entry.number));
      !added) {
    return std::unexpected(added.error());
  }
  return builder.take();
}

Expected<> KernelPath::change(const Policies& from, const Policies& to) {
  std::vector<xfrm::Policy> put;
  std::vector<xfrm::PolicyId> drop;
  for (const auto& [id, policy] : to) {
    const auto old = from.find(id);
    if (old == from.end() || !same(old->second, policy)) {
      put.push_back(policy);
    }
  }
  for (const auto& [id, policy] : from) {
    if (!to.contains(id)) {
      drop.push_back(id);
    }
  }
  const auto results = m_kernel->replace(put);
  const auto failed = std::ranges::find_if(results, [](const Expected<>& result) { return !result; });
  if (failed == results.end()) {
    // One that cannot be removed does no harm that the others do not do better: it is of our own making, and
    // the next start finds it by its tag.
    m_kernel->remove(drop, {});
    return {};
  }
  std::vector<xfrm::Policy> back;
  std::vector<xfrm::PolicyId> added;
  for (std::size_t i = 0; i < put.size(); ++i) {
    if (!results[i]) {
      continue;
    }
    if (const auto old = from.find(put[i].id); old != from.end()) {
      back.push_back(old->second);
    } else {
      added.push_back(put[i].id);
    }
  }
  m_kernel->replace(back);
  m_kernel->remove(added, {});
  return *failed;
}

void KernelPath::set_owner(const Policies& policies, const std::string& name) {
  for (const auto& [id, policy] : policies) {
    if (name.empty()) {
      m_owners.erase(id);
    } else {
      m_owners.insert_or_assign(id, name);
    }
  }
}

Expected<> KernelPath::refresh(const std::string& name) {
  const auto found = m_entries.find(name);
  if (found == m_entries.end()) {
    return {};  // its policies went with the SPD that it stood in
  }
  Entry& entry = found->second;
  auto policies = wanted(entry, [this, &name](const xfrm::PolicyId& id) {
    const auto owner = m_owners.find(id);
    return owner != m_owners.end() && owner->second != name;
  });
  if (!policies) {
    return std::unexpected(policies.error());
  }
  if (auto changed = change(entry.policies, *policies); !changed) {
    return changed;
  }
  set_owner(entry.policies, "");
  entry.policies = *std::move(policies);
  set_owner(entry.policies, name);
  return {};
}

// ---- Child SAs

Expected<> KernelPath::offers(const xfrm::Suite& suite) {
  if (auto pair = xfrm::check_suite(suite); !pair) {
    return pair;
  }
  auto known = std::ranges::find(m_suites, suite, &xfrm::SuiteSupport::suite);
  if (known == m_suites.end()) {
    auto probed = m_kernel->probe(std::span(&suite, 1));
    if (!probed) {
      return std::unexpected(probed.error());
    }
    known = m_suites.insert(m_suites.end(), std::move(probed->front()));
  }
  if (!known->offered) {
    return fail(fmt::format("it does not offer {}: {}", to_string(suite), known->reason));
  }
  return {};
}

Expected<> KernelPath::offers_esp() {
  return offers({xfrm::Encryption::aes_gcm_16, 128, xfrm::Integrity::none});
}

Expected<> KernelPath::can_carry(const KernelSaSpec& spec) {
  if (auto offered = offers(spec.suite); !offered) {
    return offered;
  }
  if (spec.replay_window > xfrm::largest_xfrm_window) {
    return fail(fmt::format("it has replay windows of up to {} packets, not {}", xfrm::largest_xfrm_window,
                            spec.replay_window));
  }
  if (spec.esn && spec.replay_window == 0) {
    return fail("it has no extended sequence numbers without a replay window");
  }
  for (const Selector& row : spec.selectors) {
    if (const auto outbound = to_kernel_selectors(row, Direction::outbound); !outbound) {
      return std::unexpected(outbound.error());
    }
  }
  return {};
}

Expected<> KernelPath::add_state(Sa& sa, Direction direction) {
  const bool outbound = direction == Direction::outbound;
  KernelSaSpec& spec = sa.spec;
  xfrm::State state;
  state.id = id_of(spec, direction);
  state.source = outbound ? spec.local_address : spec.remote_address;
  state.direction = direction;
  state.mode = driver::Mode::tunnel;
  state.reqid = sa.reqid;
  state.suite = spec.suite;
  state.encryption_key = std::move(outbound ? spec.outbound_key : spec.inbound_key);
  state.integrity_key = std::move(outbound ? spec.outbound_integrity_key : spec.inbound_integrity_key);
  state.esn = spec.esn;
  state.replay_window = spec.replay_window;
  if (outbound) {
    state.encapsulation = spec.encapsulation;
  }
  state.lifetime.volume = spec.lifetime;
  if (auto installed = m_kernel->install(std::span(&state, 1), {}); !installed) {
    return installed;
  }
  m_by_state.emplace(state.id, spec.id);
  (outbound ? sa.outbound_there : sa.inbound_there) = true;
  return {};
}

Expected<> KernelPath::install(KernelSaSpec spec) {
  if (auto kind = can_carry(spec); !kind) {
    return kind;
  }
  const auto entry = m_entries.find(spec.name);
  if (entry == m_entries.end()) {
    return fail(fmt::format("there is no SPD entry {}", spec.name));
  }
  if (m_sas.contains(spec.id)) {
    return fail(fmt::format("Child SA {} is installed already", spec.id));
  }
  const std::string name = spec.name;
  const std::uint32_t id = spec.id;
  const bool sends = !spec.receive_only;
  Sa& sa = m_sas
               .emplace(id, Sa{.spec = std::move(spec),
                               .reqid = m_kernel->tag().reqid(entry->second.number),
                               .inbound_there = false,
                               .outbound_there = false,
                               .last = {}})
               .first->second;
  m_inbound_spis.insert(sa.spec.inbound_spi);
  m_by_name[name].insert(id);
  Expected<> result = add_state(sa, Direction::inbound);
  if (result && sends) {
    result = add_state(sa, Direction::outbound);
  }
  if (result) {
    result = refresh(name);
  }
  if (!result) {
    remove(id);
  }
  return result;
}

Expected<> KernelPath::use_outbound(std::uint32_t id) {
  const auto found = m_sas.find(id);
  if (found == m_sas.end() || !found->second.spec.receive_only) {
    return {};
  }
  found->second.spec.receive_only = false;
  if (auto added = add_state(found->second, Direction::outbound); !added) {
    return added;
  }
  return refresh(found->second.spec.name);
}

void KernelPath::stop_outbound(std::uint32_t id) {
  const auto found = m_sas.find(id);
  if (found == m_sas.end()) {
    return;
  }
  Sa& sa = found->second;
  // The policies first: they must not lead to what is not there.
  const bool there = std::exchange(sa.outbound_there, false);
  if (auto refreshed = refresh(sa.spec.name); !refreshed) {
    // A template without a state holds packets back, which is the safe side.
    ++m_trouble;
  }
  sa.outbound_there = there;
  remove_state(sa, Direction::outbound);
}

void KernelPath::remove(std::uint32_t id) {
  const auto found = m_sas.find(id);
  if (found == m_sas.end()) {
    return;
  }
  Sa sa = std::move(found->second);
  m_sas.erase(found);
  m_inbound_spis.erase(sa.spec.inbound_spi);
  if (const auto ids = m_by_name.find(sa.spec.name); ids != m_by_name.end()) {
    ids->second.erase(id);
    if (ids->second.empty()) {
      m_by_name.erase(ids);
    }
  }
  if (auto refreshed = refresh(sa.spec.name); !refreshed) {
    ++m_trouble;
  }
  remove_state(sa, Direction::outbound);
  remove_state(sa, Direction::inbound);
}

void KernelPath::remove_state(Sa& sa, Direction direction) {
  bool& there = direction == Direction::outbound ? sa.outbound_there : sa.inbound_there;
  if (!std::exchange(there, false)) {
    return;
  }
  const xfrm::StateId id = id_of(sa.spec, direction);
  m_by_state.erase(id);
  if (direction == Direction::outbound && !sa.spec.receive_only) {
    if (const auto state = m_kernel->state(id)) {
      sa.last.packets_out = state->packets;
      sa.last.bytes_out = state->bytes;
      sa.last.outbound_sequence = state->outbound_sequence;
    }
  }
  for (const Expected<>& removed : m_kernel->remove({}, std::span(&id, 1))) {
    m_trouble += removed ? 0U : 1U;
  }
}

std::map<std::uint32_t, KernelSaCounters> KernelPath::counters() {
  std::map<std::uint32_t, KernelSaCounters> all;
  for (const auto& [id, sa] : m_sas) {
    all.emplace(id, sa.last);
  }
  const auto states = all.empty() ? Expected<std::vector<xfrm::KernelState>>() : m_kernel->states();
  if (!states) {
    return all;
  }
  for (const xfrm::KernelState& state : *states) {
    const auto known = m_by_state.find(state.id);
    if (known == m_by_state.end()) {
      continue;
    }
    KernelSaCounters& counters = all[known->second];
    const auto sa = m_sas.find(known->second);
    if (sa != m_sas.end() && id_of(sa->second.spec, Direction::outbound) == state.id) {
      counters.packets_out = state.packets;
      counters.bytes_out = state.bytes;
      counters.outbound_sequence = state.outbound_sequence;
    } else {
      counters.packets_in = state.packets;
      counters.bytes_in = state.bytes;
      counters.inbound_sequence = state.inbound_sequence;
      counters.replay_drops = state.replay_drops;
      counters.integrity_drops = state.integrity_drops;
    }
  }
  return all;
}

// ---- What the kernel tells

void KernelPath::state_gone(const xfrm::StateId& id) {
  const auto known = m_by_state.find(id);
  if (known == m_by_state.end()) {
    return;
  }
  if (const auto sa = m_sas.find(known->second); sa != m_sas.end()) {
    const bool outbound = id_of(sa->second.spec, Direction::outbound) == id;
    (outbound ? sa->second.outbound_there : sa->second.inbound_there) = false;
  }
  m_by_state.erase(known);
}

void KernelPath::take_event(const xfrm::Event& event, std::vector<KernelNotice>& notices, bool& look) {
  if (const auto* expire = std::get_if<xfrm::Expire>(&event)) {
    const auto known = m_by_state.find(expire->id);
    if (known != m_by_state.end()) {
      notices.emplace_back(KernelSaExpired{.id = known->second, .hard = expire->hard});
      if (expire->hard) {
        state_gone(expire->id);
      }
    }
  } else if (const auto* acquire = std::get_if<xfrm::Acquire>(&event)) {
    for (const auto& [name, entry] : m_entries) {
      if (m_kernel->tag().reqid(entry.number) == acquire->wanted.reqid) {
        notices.emplace_back(KernelSaWanted{.name = name});
      }
    }
  } else if (const auto* change = std::get_if<xfrm::ForeignChange>(&event)) {
    using What = xfrm::ForeignChange::What;
    look = look || (change->what != What::state_added && change->what != What::policy_added);
  } else if (std::holds_alternative<xfrm::EventsLost>(event)) {
    look = true;
  }
}

Expected<> KernelPath::look_again(std::vector<KernelNotice>& notices) {
  const auto differences = m_kernel->resync();
  if (!differences) {
    return std::unexpected(differences.error());
  }
  for (const xfrm::StateId& id : differences->states_missing) {
    if (const auto known = m_by_state.find(id); known != m_by_state.end()) {
      notices.emplace_back(KernelSaExpired{.id = known->second, .hard = true});
      state_gone(id);
    }
  }
  std::vector<xfrm::Policy> missing;
  for (const auto& [name, entry] : m_entries) {
    for (const xfrm::PolicyId& id : differences->policies_missing) {
      if (const auto policy = entry.policies.find(id); policy != entry.policies.end()) {
        missing.push_back(policy->second);
      }
    }
  }
  for (const Expected<>& put : m_kernel->replace(missing)) {
    if (!put) {
      return put;
    }
    ++m_policies_restored;
  }
  return {};
}

Expected<std::vector<KernelNotice>> KernelPath::poll() {
  const auto events = m_kernel->poll_events();
  if (!events) {
    return std::unexpected(events.error());
  }
  std::vector<KernelNotice> notices;
  bool look = false;
  for (const xfrm::Event& event : *events) {
    take_event(event, notices, look);
  }
  if (look) {
    if (auto looked = look_again(notices); !looked) {
      return std::unexpected(looked.error());
    }
  }
  return notices;
}

}  // namespace espgate::offload
