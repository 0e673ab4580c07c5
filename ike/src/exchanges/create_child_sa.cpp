#include "exchanges/create_child_sa.h"

namespace espgate::ike {

Reply answer_create_child_sa(IkeSa& sa, const Incoming& /*request*/) {
  sa.environment().counters.count(Reason::no_additional_sas);
  return {{wire::NotifyPayload{.notify = wire::NotifyType::no_additional_sas}}, std::nullopt};
}

}  // namespace espgate::ike
