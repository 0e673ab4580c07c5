#include "daemon/event_log.h"

#include <spdlog/spdlog.h>

#include "config/gateway_config.h"

namespace espgate::host::daemon {

void log_event(const ike::Event& event) {
  const std::string because = event.reason.empty() ? "" : ": " + event.reason;
  const std::string child = config::spd_entry_name(event.connection, event.child);
  switch (event.kind) {
    case ike::Event::Kind::ike_up:
      spdlog::info("IKE SA {} #{} is up{}", event.connection, event.ike_sa, because);
      return;
    case ike::Event::Kind::ike_down:
      spdlog::info("IKE SA {} #{} is down{}", event.connection, event.ike_sa, because);
      return;
    case ike::Event::Kind::child_up:
      spdlog::info("Child SA {} #{} is up{}", child, event.child_sa, because);
      return;
    case ike::Event::Kind::child_down:
      spdlog::info("Child SA {} #{} is down{}", child, event.child_sa, because);
      return;
    case ike::Event::Kind::ike_rekeyed:
      spdlog::info("IKE SA {} #{} takes over from #{}", event.connection, event.ike_sa, event.replaced);
      return;
    case ike::Event::Kind::child_rekeyed:
      spdlog::info("Child SA {} #{} takes over from #{}", child, event.child_sa, event.replaced);
      return;
    case ike::Event::Kind::rekey_failed:
      if (event.child_sa != 0) {
        spdlog::warn("rekeying Child SA {} #{} failed and is tried again{}", child, event.child_sa, because);
      } else {
        spdlog::warn("rekeying IKE SA {} #{} failed and is tried again{}", event.connection, event.ike_sa,
                     because);
      }
      return;
    case ike::Event::Kind::initiate_again:
      spdlog::warn("initiating {} begins again as #{}{}", event.connection, event.ike_sa, because);
      return;
    case ike::Event::Kind::initiate_failed:
      spdlog::error("initiating {} failed{}", event.child.empty() ? event.connection : child, because);
      return;
    case ike::Event::Kind::peer_rejected:
      spdlog::warn("a peer was rejected{}{}",
                   event.connection.empty() ? "" : " by connection " + event.connection, because);
      return;
  }
}

}  // namespace espgate::host::daemon
