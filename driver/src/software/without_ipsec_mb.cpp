#include "software/ipsec_mb_gcm.h"

namespace espgate::driver::software {

bool IpsecMbGcm::available() {
  return false;
}

std::unique_ptr<IpsecMbGcm> IpsecMbGcm::create(ByteView /*key*/) {
  return nullptr;
}

}  // namespace espgate::driver::software
