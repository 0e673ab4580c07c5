// Two gateways in one process and on one event loop: configuration, IKE stack, carrier and data path with the
// software engine are the real ones; the network between them and the host's routes are not.
#pragma once

#include <gtest/gtest.h>

#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <memory>
#include <set>
#include <string>

#include "daemon/child_sa_carrier.h"
#include "daemon/configuration.h"
#include "daemon/ike_driver.h"
#include "daemon/packet_pump.h"
#include "temp_dir.h"

namespace espgate::host::daemon {

class RecordedRoutes final : public HostRoutes {
 public:
  Expected<> add(const IpRange& destination, const IpAddress& peer) override {
    if (destination.contains(peer)) {
      return fail("cannot route " + destination.to_string());
    }
    routes.insert(destination.to_string());
    return {};
  }
  void remove(const IpRange& destination) override { routes.erase(routes.find(destination.to_string())); }
  Expected<bool> is_local(const IpAddress& address) override { return address.to_string() != "203.0.113.99"; }

  std::multiset<std::string> routes;
};

class TestGateway {
 public:
  TestGateway(asio::io_context& io, const std::string& config_path)
      : pump(io, *driver::make_software_engine()),
        volumes(io, pump.data_path()),
        carrier(io, carriers(), volumes, nullptr),
        ike(io, ike::Stack::create(*random, carrier)),
        configuration(config_path, ike, carriers(), routes) {
    volumes.on_expired([this](ike::ChildSaId id, bool hard) { ike.child_expired(id, hard); });
  }

  Carriers carriers() {
    return {.engine = pump.data_path(), .kernel = nullptr, .no_kernel = "this test has none"};
  }

  std::unique_ptr<ike::Random> random = ike::make_system_random();
  RecordedRoutes routes;
  PacketPump pump;
  VolumeWatch volumes;
  ChildSaCarrier carrier;
  IkeDriver ike;
  Configuration configuration;
};

struct PairConfig {
  std::string here;  // address
  std::string there;
  std::string local_ts = "10.1.0.0/24";
  std::string remote_ts = "10.2.0.0/24";
  std::string secret = "shared by both";
  std::string child_extra = {};
  std::string child = "net";
};

inline std::string config_text(const PairConfig& c) {
  return "connections { site {\nlocal_addrs = " + c.here + "\nremote_addrs = " + c.there +
         "\nproposals = aes128gcm16-prfsha256-x25519\nlocal { auth = psk\n id = " + c.here +
         " }\nremote { auth = psk\n id = " + c.there + " }\nchildren { " + c.child +
         " {\nlocal_ts = " + c.local_ts + "\nremote_ts = " + c.remote_ts +
         "\nesp_proposals = aes128gcm16-esn\n" + c.child_extra + "\n} } } }\nsecrets { ike { secret = \"" +
         c.secret + "\" } }\n";
}

inline PairConfig config_a() {
  return {.here = "192.0.2.1", .there = "192.0.2.2"};
}
inline PairConfig config_b() {
  return {.here = "192.0.2.2", .there = "192.0.2.1", .local_ts = "10.2.0.0/24", .remote_ts = "10.1.0.0/24"};
}

class GatewayPair {
 public:
  explicit GatewayPair(const PairConfig& config_of_a = config_a(), const PairConfig& config_of_b = config_b())
      : m_path_a(m_dir.write("a.conf", config_text(config_of_a))),
        m_path_b(m_dir.write("b.conf", config_text(config_of_b))),
        a(io, m_path_a),
        b(io, m_path_b) {
    connect(a, b);
    connect(b, a);
    for (TestGateway* gateway : {&a, &b}) {
      gateway->ike.on_event([gateway](const ike::Event& event) {
        if (event.kind == ike::Event::Kind::child_up) {
          gateway->pump.release(event.connection + "." + event.child);
        }
      });
    }
  }

  void rewrite_a(const PairConfig& config) { m_dir.write("a.conf", config_text(config)); }
  const std::string& path_a() const { return m_path_a; }
  std::string path(std::string_view name) const { return m_dir.path(name); }

  // Runs the loop until nothing is ready; IKE over this network needs no timer.
  void run_ready() {
    io.restart();
    io.poll();
  }

 private:
  void connect(TestGateway& from, TestGateway& to) {
    from.ike.on_send([this, &to](const ike::Datagram& datagram) {
      if (!network_up) {
        return;
      }
      asio::post(io, [&to, turned = ike::Datagram{datagram.remote, datagram.local, datagram.message}] {
        to.ike.receive(turned);
      });
    });
  }

  TempDir m_dir;
  std::string m_path_a;
  std::string m_path_b;

 public:
  asio::io_context io;
  bool network_up = true;
  TestGateway a;
  TestGateway b;
};

}  // namespace espgate::host::daemon
