// KernelPath: Child SAs that the kernel's XFRM carries, and the SPD as policies of the kernel. They hold
// whoever carries an SA: what an entry protects goes into the kernel's SAs, or to the device that leads to
// the engine, or nowhere, and nothing that an entry protects comes in from outside in the clear. Policies are
// there as long as the SPD is, not as long as an SA or the daemon.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/error.h"
#include "base/secret.h"
#include "offload/spd.h"
#include "offload/xfrm/xfrm.h"

namespace espgate::offload {

// A Child SA for the kernel: both directions or neither. Keys as xfrm::State takes them.
struct KernelSaSpec {
  std::uint32_t id = 0;  // chosen by the caller, unique
  std::string name;      // of the SPD entry that it serves
  xfrm::Protocol protocol = xfrm::Protocol::esp;
  xfrm::Suite suite;
  bool esn = false;
  std::uint32_t inbound_spi = 0;
  std::uint32_t outbound_spi = 0;
  Secret inbound_key;
  Secret outbound_key;
  Secret inbound_integrity_key;
  Secret outbound_integrity_key;
  IpAddress local_address;
  IpAddress remote_address;
  // Of what is sent. What comes in UDP is handed to the kernel without it, see EspDemux of the daemon.
  std::optional<driver::UdpEncapsulation> encapsulation;
  std::vector<Selector> selectors;
  std::uint32_t replay_window = driver::default_replay_window;  // packets
  driver::Lifetime lifetime;                                    // of each direction
  bool receive_only = false;
};

struct KernelSaCounters {
  std::uint64_t packets_in = 0;
  std::uint64_t bytes_in = 0;
  std::uint64_t packets_out = 0;
  std::uint64_t bytes_out = 0;
  std::uint64_t outbound_sequence = 0;  // last number used
  std::uint64_t inbound_sequence = 0;   // highest number received
  std::uint64_t replay_drops = 0;
  std::uint64_t integrity_drops = 0;
};

// A limit of the kernel's SA was reached, or the SA was taken away: then it is `hard`.
struct KernelSaExpired {
  std::uint32_t id = 0;
  bool hard = false;
};
// A packet hit an entry without an SA.
struct KernelSaWanted {
  std::string name;  // of the SPD entry
};
using KernelNotice = std::variant<KernelSaExpired, KernelSaWanted>;

class KernelPath {
 public:
  // Fails where the kernel has no XFRM at all; one without ESP holds policies alone.
  static Expected<std::unique_ptr<KernelPath>> open();
  explicit KernelPath(std::unique_ptr<xfrm::Xfrm> kernel) : m_kernel(std::move(kernel)) {}
  KernelPath(const KernelPath&) = delete;
  KernelPath& operator=(const KernelPath&) = delete;
  // States go; policies stay, so that nothing passes in the clear while no daemon is there.
  ~KernelPath();

  // Protected packets may leave the policies through this device (its index), to the engine behind it.
  void set_engine_device(unsigned interface) { m_engine_device = interface; }
  // Puts the SPD in force; an error changes nothing. The first success removes what an earlier run left.
  Expected<> load(std::span<const SpdEntry> entries);
  // Removes every policy and state with our tag: what load() leaves behind, when an operator says so.
  static Expected<xfrm::CleanUp> release();

  // Whether the kernel offers ESP at all, and why not.
  Expected<> offers_esp();
  // Whether a Child SA of this kind could be carried. Keys, SPIs and addresses are not looked at. The kernel
  // is asked once for each suite, since it may look for modules.
  Expected<> can_carry(const KernelSaSpec& spec);
  // On any error nothing is installed.
  Expected<> install(KernelSaSpec spec);
  Expected<> use_outbound(std::uint32_t id);
  void stop_outbound(std::uint32_t id);
  void remove(std::uint32_t id);

  bool carries(std::uint32_t id) const { return m_sas.contains(id); }
  // The SPD entry of a Child SA that it carries.
  const std::string& name_of(std::uint32_t id) const { return m_sas.at(id).spec.name; }
  // Whether packets with this SPI are the kernel's to take.
  bool receives(std::uint32_t spi) const { return m_inbound_spis.contains(spi); }
  std::map<std::uint32_t, KernelSaCounters> counters();

  // Readable when poll() has work.
  int event_descriptor() const { return m_kernel->event_descriptor(); }
  // What the kernel told. Policies of ours that somebody removed are put back.
  Expected<std::vector<KernelNotice>> poll();
  std::uint64_t policies_restored() const { return m_policies_restored; }
  // Requests to remove or to narrow that the kernel refused. What stays is on the safe side: it blocks.
  std::uint64_t requests_failed() const { return m_trouble; }

 private:
  using Policies = std::map<xfrm::PolicyId, xfrm::Policy>;
  struct Entry {
    std::uint32_t position = 0;
    std::uint16_t number = 0;  // for the reqid; kept over reloads
    SpdEntry spd;
    Policies policies;  // in the kernel
  };
  struct Sa {
    KernelSaSpec spec;  // with the keys of what is not in the kernel yet
    std::uint32_t reqid = 0;
    bool inbound_there = false;
    bool outbound_there = false;
    KernelSaCounters last;  // of an outbound state that is gone
  };

  using Entries = std::map<std::string, Entry>;

  Expected<> offers(const xfrm::Suite& suite);
  Expected<Entries> make_entries(std::span<const SpdEntry> entries) const;
  std::set<std::uint16_t> used_numbers() const;
  // Whether another entry has this policy.
  using IsTaken = std::function<bool(const xfrm::PolicyId& id)>;
  // Policies of one entry, its SAs' among them.
  Expected<Policies> wanted(const Entry& entry, const IsTaken& taken) const;
  void set_owner(const Policies& policies, const std::string& name);
  // All or nothing.
  Expected<> change(const Policies& from, const Policies& to);
  Expected<> refresh(const std::string& name);
  Expected<> add_state(Sa& sa, driver::Direction direction);
  void remove_state(Sa& sa, driver::Direction direction);
  void state_gone(const xfrm::StateId& id);
  void take_event(const xfrm::Event& event, std::vector<KernelNotice>& notices, bool& look);
  Expected<> look_again(std::vector<KernelNotice>& notices);

  std::unique_ptr<xfrm::Xfrm> m_kernel;
  std::vector<xfrm::SuiteSupport> m_suites;
  unsigned m_engine_device = 0;
  bool m_cleaned = false;
  Entries m_entries;  // by name
  std::map<xfrm::PolicyId, std::string> m_owners;
  std::map<std::uint32_t, Sa> m_sas;
  std::map<std::string, std::set<std::uint32_t>> m_by_name;  // ids of an entry's SAs
  std::set<std::uint32_t> m_inbound_spis;
  std::map<xfrm::StateId, std::uint32_t> m_by_state;
  std::uint64_t m_policies_restored = 0;
  std::uint64_t m_trouble = 0;
};

}  // namespace espgate::offload
