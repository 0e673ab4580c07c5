// Tells IKE when a Child SA has carried what it may: the engine counts, IKE replaces.
#pragma once

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>
#include <functional>
#include <map>

#include "ike/stack.h"
#include "offload/data_path.h"

namespace espgate::host::daemon {

class VolumeWatch {
 public:
  using OnExpired = std::function<void(ike::ChildSaId id, bool hard)>;

  // `data_path` must outlive the watch.
  VolumeWatch(asio::io_context& io, offload::DataPath& data_path) : m_data_path(data_path), m_timer(io) {}
  // To be set before the first Child SA.
  void on_expired(OnExpired on_expired) { m_on_expired = std::move(on_expired); }

  // Nothing for a Child SA without such limits.
  void add(const ike::ChildSa& sa);
  void remove(ike::ChildSaId id) { m_limits.erase(id); }
  // Looks at the counters once; a timer does it every second while there is something to watch.
  void look();

 private:
  struct Limits {
    ike::VolumeLimit bytes;
    ike::VolumeLimit packets;
    bool soft_told = false;
  };
  void arm();

  offload::DataPath& m_data_path;
  asio::steady_timer m_timer;
  OnExpired m_on_expired;
  std::map<ike::ChildSaId, Limits> m_limits;
  bool m_armed = false;
};

}  // namespace espgate::host::daemon
