#include "wire/names.h"

#include <utility>

namespace espgate::ike::wire {

std::string to_string(NotifyType type) {
  switch (type) {
#define NOTIFY(name, value, text) \
  case NotifyType::name:          \
    return text;
#include "notifies.def"
#undef NOTIFY
  }
  return "notify " + std::to_string(std::to_underlying(type));
}

std::string to_string(ExchangeType type) {
  switch (type) {
    case ExchangeType::ike_sa_init:
      return "IKE_SA_INIT";
    case ExchangeType::ike_auth:
      return "IKE_AUTH";
    case ExchangeType::create_child_sa:
      return "CREATE_CHILD_SA";
    case ExchangeType::informational:
      return "INFORMATIONAL";
  }
  return "exchange " + std::to_string(std::to_underlying(type));
}

}  // namespace espgate::ike::wire
