// The Child SAs of one IKE SA, and when something is due for them.
#pragma once

#include <string_view>
#include <vector>

#include "sa/environment.h"
#include "wire/sa_payload.h"

namespace espgate::ike {

struct Child {
  ChildSaView view;
  ChildSaId replaces = 0;  // 0: none
  bool receive_only = false;
  // A newer one carries its traffic. Who asked for that one deletes this one (RFC 7296 section 2.8).
  bool replaced = false;
  // Lost against another replacement of the same Child SA; it never sends.
  bool redundant = false;
};

class ChildTable {
 public:
  explicit ChildTable(Environment& environment) : m_environment(environment) {}
  ChildTable(const ChildTable&) = delete;
  ChildTable& operator=(const ChildTable&) = delete;
  // Those that are left leave the data path.
  ~ChildTable();

  Expected<> install(const ChildSa& sa, const Lifetime& lifetime);
  struct Removed {
    Child child;
    // What had waited for it to go, and sends from now on; 0 when there is none.
    ChildSaId heir = 0;
  };
  // Out of the table and the data path; nullopt when there is no such Child SA.
  std::optional<Removed> remove(ChildSaId id);
  // All of them go to another IKE SA; in the data path nothing changes.
  void move_to(ChildTable& other);

  Child* find(ChildSaId id);
  const Child* find(ChildSaId id) const;
  // By the SPI that the peer receives with.
  Child* find_by_outbound_spi(wire::Protocol protocol, std::uint32_t spi);
  // Whether there is one of this name that is not about to go.
  bool has(std::string_view name) const;
  const std::vector<Child>& all() const { return m_children; }
  bool empty() const { return m_children.empty(); }

  // Times at which a Child SA is to be replaced or deleted.
  std::optional<Instant> deadline() const;
  Child* due(Instant now);

 private:
  Environment& m_environment;
  std::vector<Child> m_children;
};

}  // namespace espgate::ike
