// Xfrm: the kernel's ESP and AH of one network namespace, over netlink. What this object installs carries its
// tag (in the reqid of states, in the index and the band of priorities of policies), and nothing else is ever
// removed.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "offload/xfrm/event.h"
#include "offload/xfrm/policy.h"
#include "offload/xfrm/state.h"

namespace espgate::offload::xfrm {

// One per daemon of a namespace. Two bytes: the upper half of every reqid; the low byte marks policies.
struct Tag {
  std::uint16_t value = 0xe591;

  // `number` is the caller's own, 1 to 65535.
  std::uint32_t reqid(std::uint16_t number) const { return (std::uint32_t{value} << 16) | number; }
  bool owns_reqid(std::uint32_t reqid) const { return (reqid >> 16) == value; }
  bool operator==(const Tag&) const = default;
};

// Priorities of our policies: first_priority and the 2^24 - 1 after it. What an operator installs by hand
// with a lower number goes before us, as intended.
inline constexpr std::uint32_t first_priority = 0x00100000;
inline constexpr std::uint32_t priority_count = 1U << 24;

struct SuiteSupport {
  Suite suite;
  bool offered = false;
  std::string reason;  // the kernel's, when it is not
};

struct CleanUp {
  std::size_t states = 0;
  std::size_t policies = 0;
};

// What a comparison with the kernel found.
struct Differences {
  std::vector<StateId> states_missing;  // we installed them, somebody removed them
  std::vector<PolicyId> policies_missing;
  std::vector<StateId> states_unknown;  // they carry our tag, we do not know them
  std::vector<PolicyId> policies_unknown;

  bool empty() const {
    return states_missing.empty() && policies_missing.empty() && states_unknown.empty() &&
           policies_unknown.empty();
  }
};

struct SpiRequest {
  IpAddress source;
  IpAddress destination;
  Protocol protocol = Protocol::esp;
  driver::Mode mode = driver::Mode::tunnel;
  std::uint32_t reqid = 0;
};

// One name and value of the kernel's /proc/net/xfrm_stat.
struct KernelCounter {
  std::string name;
  std::uint64_t value = 0;
};

class Channel;

class Xfrm {
 public:
  // Opens both sockets in the namespace of the calling thread; it needs CAP_NET_ADMIN.
  static Expected<std::unique_ptr<Xfrm>> open(Tag tag = {});
  // On channels of the caller's: `requests` for what we ask, `events` for what the kernel tells.
  Xfrm(std::unique_ptr<Channel> requests, std::unique_ptr<Channel> events, Tag tag);
  Xfrm(const Xfrm&) = delete;
  Xfrm& operator=(const Xfrm&) = delete;
  ~Xfrm();

  Tag tag() const;

  // All or nothing, states first: when one fails, what was installed before is removed, and the error is the
  // first one. reqids must carry the tag and priorities lie within the band.
  Expected<> install(std::span<const State> states, std::span<const Policy> policies);
  // Replaces policies of the same id, installs those that are not there; on an error what succeeded stays.
  // One result for each.
  std::vector<Expected<>> replace(std::span<const Policy> policies);
  // One result for each, states after policies. What is not there any more is no error; what is not ours is.
  std::vector<Expected<>> remove(std::span<const PolicyId> policies, std::span<const StateId> states);

  Expected<KernelState> state(const StateId& id);
  // Of the whole namespace, others' included.
  Expected<std::vector<KernelState>> states();
  Expected<std::vector<KernelPolicy>> policies();
  bool owns(const KernelState& state) const;
  bool owns(const KernelPolicy& policy) const;

  // Reserves an SPI of 256 or higher with a larval state, which goes away by itself after
  // net.core.xfrm_acq_expires seconds, or when a state is installed in its place.
  Expected<std::uint32_t> allocate_spi(const SpiRequest& request);

  // Removes everything that carries the tag and that this object did not install: what a crashed run left.
  Expected<CleanUp> clean_up();
  // Compares what this object installed with what is there; what is missing is forgotten.
  Expected<Differences> resync();

  // Tries every suite with a state of its own on the loopback address, which is removed at once.
  Expected<std::vector<SuiteSupport>> probe(std::span<const Suite> suites = all_suites());

  // Readable when events wait.
  int event_descriptor() const;
  // What waits, at most a few hundred; does not block.
  Expected<std::vector<Event>> poll_events();

 private:
  class Implementation;
  std::unique_ptr<Implementation> m_implementation;
};

// Creates an XFRM interface (route-based VPN): packets routed to it meet the policies with this if_id alone.
// Fails with the kernel's reason, for example when it has no such interfaces. `underlying` is an interface
// index or 0.
Expected<> create_xfrm_interface(std::string_view name, std::uint32_t if_id, std::uint32_t underlying = 0);

// The counters of the namespace of the calling thread.
Expected<std::vector<KernelCounter>> read_kernel_counters();

}  // namespace espgate::offload::xfrm
