// Child SAs that have been replaced and deleted by agreement, and that receive for a moment longer: what the
// peer sent with one before it changed over may be overtaken by the message that deletes it.
#pragma once

#include <deque>
#include <optional>

#include "ike/stack.h"

namespace espgate::ike {

class DrainingChildren {
 public:
  // At most `max` drain at a time; beyond that the oldest go early.
  DrainingChildren(ChildSaHandler& handler, std::size_t max) : m_handler(handler), m_max(max) {}
  DrainingChildren(const DrainingChildren&) = delete;
  DrainingChildren& operator=(const DrainingChildren&) = delete;
  // Those that are left leave the data path.
  ~DrainingChildren();

  // The Child SA stops sending now and leaves the data path at `end`, which is not before that of any other.
  void add(ChildSaId id, Instant end);
  std::optional<Instant> deadline() const;
  void remove_due(Instant now);

 private:
  struct Child {
    ChildSaId id;
    Instant end;
  };
  void remove_oldest();

  ChildSaHandler& m_handler;
  const std::size_t m_max;
  std::deque<Child> m_children;
};

}  // namespace espgate::ike
