// SA table rows as the hardware takes them, hash powers included.
#pragma once

#include <cstdint>
#include <optional>

#include "card/shadow.h"
#include "driver/sa.h"

namespace espgate::driver::card {

// nullopt when OpenSSL fails to compute the hash powers. The SA has passed check().
std::optional<Shadow> row_of(const OutboundSa& sa);
std::optional<Shadow> row_of(const InboundSa& sa);
// An outbound row of which only the lease means anything.
Shadow row_of_lease(std::uint64_t lease_limit, std::uint64_t lease_low);

}  // namespace espgate::driver::card
