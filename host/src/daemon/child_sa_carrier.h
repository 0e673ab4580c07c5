// Carries the Child SAs that IKE negotiates: the stack's ChildSaHandler on the data path.
#pragma once

#include "daemon/key_log.h"
#include "ike/stack.h"
#include "offload/data_path.h"

namespace espgate::host::daemon {

class ChildSaCarrier final : public ike::ChildSaHandler {
 public:
  // `key_log` may be nullptr. Both must outlive the carrier.
  ChildSaCarrier(offload::DataPath& data_path, KeyLog* key_log)
      : m_data_path(data_path), m_key_log(key_log) {}

  Expected<std::uint32_t> allocate_spi() override;
  void release_spi(std::uint32_t spi) override;
  Expected<> install(const ike::ChildSa& sa) override;
  void remove(ike::ChildSaId id) override;

 private:
  offload::DataPath& m_data_path;
  KeyLog* m_key_log;
};

}  // namespace espgate::host::daemon
