// What differential traffic has exercised, by name, against the list of all that it must.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "driver/engine.h"
#include "support/harness.h"

namespace espgate::driver::test {

class Coverage {
 public:
  // A name that is not on the list fails the test: the list would be incomplete.
  void hit(const std::string& name, std::size_t times = 1);
  void add(const Coverage& other);

  // By the reference's answer. `sa` is the one that carried the packet, null when none did.
  void outbound(const Packet& packet, const Outcome& outcome, const OutboundSa* sa);
  // `sequence` counts for packets that the peer of `sa` sent and nobody touched; else `sa` is null.
  void inbound(const Packet& packet, const Outcome& outcome, const InboundSa* sa, std::uint64_t sequence);
  void event(const Event& event);

  std::size_t count(const std::string& name) const;
  std::size_t points() const { return all().size(); }
  // Names on the list that were never hit.
  std::vector<std::string> missing() const;
  static const std::vector<std::string>& all();

 private:
  void window(const InboundSa& sa, const Outcome& outcome, std::uint64_t sequence);

  std::map<std::string, std::size_t> m_counts;
  // Of each inbound SA: the highest number that was accepted; and who carried the last packet that was ok.
  std::map<std::uint32_t, std::uint64_t> m_tops;
  std::array<std::string, 2> m_last;
};

}  // namespace espgate::driver::test
