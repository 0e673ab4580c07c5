// Carries the Child SAs that IKE negotiates: the stack's ChildSaHandler on the engine and on the kernel. Each
// Child SA is placed as a whole, by its entry's hw_offload and by what each of the two can do.
#pragma once

#include <asio/io_context.hpp>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "daemon/key_log.h"
#include "daemon/placement.h"
#include "daemon/volume_watch.h"
#include "ike/stack.h"

namespace espgate::host::daemon {

// Where a Child SA is.
struct Placed {
  bool in_kernel = false;
  std::uint32_t inbound_spi = 0;
  std::string reason;  // why it is not in the engine; empty when it is
};

class ChildSaCarrier final : public ike::ChildSaHandler {
 public:
  using OnExpired = std::function<void(ike::ChildSaId id, bool hard)>;

  // `key_log` may be nullptr. All must outlive the carrier.
  ChildSaCarrier(asio::io_context& io, Carriers carriers, VolumeWatch& volumes, KeyLog* key_log)
      : m_io(io), m_carriers(std::move(carriers)), m_volumes(volumes), m_key_log(key_log) {}
  ChildSaCarrier(const ChildSaCarrier&) = delete;
  ChildSaCarrier& operator=(const ChildSaCarrier&) = delete;
  ~ChildSaCarrier() override { *m_alive = false; }

  // Told from the event loop of a Child SA that cannot go on. To be set before the first one.
  void on_expired(OnExpired on_expired) { m_on_expired = std::move(on_expired); }

  Expected<std::uint32_t> allocate_spi() override;
  void release_spi(std::uint32_t spi) override;
  Expected<> install(const ike::ChildSa& sa) override;
  void use_outbound(ike::ChildSaId id) override;
  void stop_outbound(ike::ChildSaId id) override;
  // The outer header is fixed when an SA is installed.
  bool move(ike::ChildSaId id, const ike::Endpoint& local, const ike::Endpoint& remote) override;
  void remove(ike::ChildSaId id) override;

  // nullptr when it is not carried (any more).
  const Placed* placed(ike::ChildSaId id) const;
  const std::map<ike::ChildSaId, Placed>& all() const { return m_placed; }
  // "engine software", "kernel"
  std::string where(const Placed& placed) const;
  // Counters of all Child SAs, by id. Those in an engine that does not answer are missing.
  std::map<ike::ChildSaId, offload::ChildSaStatistics> statistics();
  const Carriers& carriers() const { return m_carriers; }

 private:
  Expected<> to_engine(const ike::ChildSa& sa, const offload::SpdEntry* entry);
  Expected<> to_kernel(const ike::ChildSa& sa, const offload::SpdEntry* entry) const;
  void announce(const ike::ChildSa& sa, const Placed& placed) const;

  asio::io_context& m_io;
  Carriers m_carriers;
  VolumeWatch& m_volumes;
  KeyLog* m_key_log;
  OnExpired m_on_expired;
  std::map<ike::ChildSaId, Placed> m_placed;
  // Shared with what is posted on the loop, which may outlive the carrier.
  std::shared_ptr<bool> m_alive = std::make_shared<bool>(true);
};

}  // namespace espgate::host::daemon
