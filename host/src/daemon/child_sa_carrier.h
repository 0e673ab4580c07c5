// Carries the Child SAs that IKE negotiates: the stack's ChildSaHandler on the data path.
#pragma once

#include "daemon/key_log.h"
#include "daemon/volume_watch.h"
#include "ike/stack.h"
#include "offload/data_path.h"

namespace espgate::host::daemon {

class ChildSaCarrier final : public ike::ChildSaHandler {
 public:
  // `key_log` may be nullptr. All must outlive the carrier.
  ChildSaCarrier(offload::DataPath& data_path, VolumeWatch& volumes, KeyLog* key_log)
      : m_data_path(data_path), m_volumes(volumes), m_key_log(key_log) {}

  Expected<std::uint32_t> allocate_spi() override;
  void release_spi(std::uint32_t spi) override;
  Expected<> install(const ike::ChildSa& sa) override;
  void use_outbound(ike::ChildSaId id) override;
  // The engine's outer header is fixed when an SA is installed.
  bool move(ike::ChildSaId id, const ike::Endpoint& local, const ike::Endpoint& remote) override;
  void remove(ike::ChildSaId id) override;

 private:
  offload::DataPath& m_data_path;
  VolumeWatch& m_volumes;
  KeyLog* m_key_log;
};

}  // namespace espgate::host::daemon
