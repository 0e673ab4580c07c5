#include "daemon/gateway.h"

#include <fmt/format.h>
#include <net/if.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <csignal>
#include <limits>

#include "daemon/engine_factory.h"
#include "daemon/event_log.h"
#include "daemon/placement.h"
#include "daemon/privileges.h"

namespace espgate::host::daemon {
namespace {

// Long enough for a peer that answers, short enough for an operator who waits.
constexpr auto shutdown_patience = std::chrono::seconds(5);
constexpr std::uint32_t ethernet_mtu = 1500;

class TunRoutes final : public HostRoutes {
 public:
  TunRoutes(dataplane::RouteTable& table, const std::string& device) : m_table(table), m_device(device) {}

  Expected<> add(const IpRange& destination, const IpAddress& peer) override {
    return m_table.add(destination, m_device, peer);
  }
  void remove(const IpRange& destination) override { m_table.remove(destination, m_device); }
  Expected<bool> is_local(const IpAddress& address) override { return m_table.is_local(address); }

 private:
  dataplane::RouteTable& m_table;
  std::string m_device;
};

template <typename T>
void add_counters(std::vector<IoCounters>& all, const char* name, const T& device) {
  if (!device) {
    return;
  }
  IoCounters counters{.name = name, .values = {}};
  for (const dataplane::NamedCounter& counter : device->counters()) {
    counters.values.emplace_back(counter.name, counter.value);
  }
  all.push_back(std::move(counters));
}

}  // namespace

Gateway::Gateway(asio::io_context& io, const Options& options)
    : m_io(io), m_options(options), m_signals(io), m_shutdown_timer(io) {}

// Members go in reverse order: the IKE stack takes its Child SAs out of the data path and wipes its keys
// while the engine is still there.
Gateway::~Gateway() = default;

std::expected<std::unique_ptr<Gateway>, config::ConfigErrors> Gateway::open(asio::io_context& io,
                                                                            const Options& options) {
  std::unique_ptr<Gateway> gateway(new Gateway(io, options));
  if (config::ConfigErrors errors = gateway->open_all(); !errors.empty()) {
    return std::unexpected(std::move(errors));
  }
  return gateway;
}

config::ConfigErrors Gateway::open_all() {
  // Before anything is touched: the file, then the rights, then whether another daemon is there.
  const auto config = config::load_gateway_config(m_options.config);
  if (!config) {
    return config.error();
  }
  if (auto allowed = check_privileges(); !allowed) {
    return {allowed.error().message};
  }
  auto server = vici::Server::open(m_io, m_options.socket);
  if (!server) {
    return {server.error().message};
  }
  m_server = std::move(*server);
  if (!m_options.key_log.empty()) {
    auto key_log = KeyLog::create(m_options.key_log);
    if (!key_log) {
      return {key_log.error().message};
    }
    m_key_log = std::move(*key_log);
  }
  auto engine = make_engine(m_options);
  if (!engine) {
    return {engine.error().message};
  }
  m_pump = std::make_unique<PacketPump>(
      m_io, std::move(*engine),
      m_options.engine == EngineKind::software
          ? offload::DataPath::Standby()
          : offload::DataPath::Standby([] { return driver::make_software_engine(); }));
  if (auto opened = open_devices(*config); !opened) {
    return {opened.error().message};
  }
  const auto carriers = open_kernel();
  if (!carriers) {
    return {carriers.error().message};
  }
  m_volumes = std::make_unique<VolumeWatch>(m_io, m_pump->data_path());
  m_carrier = std::make_unique<ChildSaCarrier>(m_io, *carriers, *m_volumes, m_key_log.get());
  m_random = ike::make_system_random();
  m_ike = std::make_unique<IkeDriver>(m_io, ike::Stack::create(*m_random, *m_carrier));
  m_host_routes = std::make_unique<TunRoutes>(*m_routes, m_tun->name());
  m_configuration = std::make_unique<Configuration>(m_options.config, *m_ike, *carriers, *m_host_routes);
  connect_devices();
  connect_control();
  if (auto loaded = m_configuration->load(); !loaded) {
    return std::move(loaded.error());
  }
  return {};
}

Expected<> Gateway::open_devices(const config::GatewayConfig& config) {
  auto routes = dataplane::RouteTable::open();
  if (!routes) {
    return std::unexpected(routes.error());
  }
  m_routes = std::move(*routes);
  auto ike_sockets = dataplane::IkeSockets::open(m_io);
  if (!ike_sockets) {
    return std::unexpected(ike_sockets.error());
  }
  m_ike_sockets = std::move(*ike_sockets);
  auto esp_socket = dataplane::RawEspSocket::open(m_io);
  if (!esp_socket) {
    return std::unexpected(esp_socket.error());
  }
  m_esp_socket = std::move(*esp_socket);
  const auto mtu = inner_mtu(config);
  if (!mtu) {
    return std::unexpected(mtu.error());
  }
  auto tun = dataplane::TunDevice::open(m_io, m_options.tun, *mtu);
  if (!tun) {
    return std::unexpected(tun.error());
  }
  m_tun = std::move(*tun);
  spdlog::info("TUN device {}, MTU {}", m_tun->name(), *mtu);
  return {};
}

// Without XFRM there is neither a second place for SAs nor anything that holds cleartext back: it is said,
// and hw_offload = no refused.
Expected<Carriers> Gateway::open_kernel() {
  Carriers carriers{.engine = m_pump->data_path(), .kernel = nullptr, .no_kernel = {}};
  auto kernel = offload::KernelPath::open();
  if (!kernel) {
    carriers.no_kernel = kernel.error().message;
    spdlog::error(
        "the kernel's XFRM is out of reach, so that nothing keeps protected traffic from passing in the "
        "clear "
        "beside the TUN device: {}",
        carriers.no_kernel);
    return carriers;
  }
  m_kernel = *std::move(kernel);
  m_kernel->set_engine_device(::if_nametoindex(m_tun->name().c_str()));
  auto watch = KernelWatch::open(m_io, *m_kernel);
  if (!watch) {
    return std::unexpected(watch.error());
  }
  m_kernel_watch = *std::move(watch);
  carriers.kernel = m_kernel.get();
  const auto esp = m_kernel->offers_esp();
  spdlog::info("kernel XFRM: policies{}", esp ? " and SAs" : " only: " + esp.error().message);
  return carriers;
}

// One TUN device serves all children, so that the smallest outer MTU counts, and UDP encapsulation, since a
// NAT is found only later.
Expected<std::uint32_t> Gateway::inner_mtu(const config::GatewayConfig& config) {
  std::uint32_t smallest = std::numeric_limits<std::uint32_t>::max();
  for (const config::ConnectionSettings& connection : config.connections) {
    for (const IpRange& range : connection.ike.local_addresses) {
      const auto local = range.first == range.last ? m_routes->is_local(range.first) : Expected<bool>(false);
      if (!local || !*local) {
        continue;  // Configuration::load() has the last word on addresses, with file and line
      }
      const auto mtu = m_routes->mtu_of(range.first);
      if (!mtu) {
        return mtu;
      }
      smallest = std::min(smallest, *mtu);
    }
  }
  if (smallest == std::numeric_limits<std::uint32_t>::max()) {
    smallest = ethernet_mtu;
  }
  return offload::tunnel_mtu(smallest, true);
}

void Gateway::connect_devices() {
  m_pump->to_devices([this](ByteView packet) { m_esp_socket->send(packet); },
                     [this](ByteView packet) { m_tun->send(packet); });
  m_tun->start([this](ByteView packet) { m_pump->outbound(packet); });
  m_demux = std::make_unique<EspDemux>(
      m_kernel.get(), [this](ByteView packet) { m_pump->inbound(packet); },
      [this](ByteView packet) { m_esp_socket->send(packet); });
  m_esp_socket->start([this](ByteView packet) { m_demux->esp(packet); });
  m_ike_sockets->start([this](const ike::Datagram& datagram) { m_ike->receive(datagram); },
                       [this](ByteView packet) { m_demux->esp_in_udp(packet); });
  m_ike->on_send([this](const ike::Datagram& datagram) { m_ike_sockets->send(datagram); });
  m_ike->on_send_keepalive([this](const ike::Stack::Keepalive& keepalive) {
    m_ike_sockets->send_keepalive(keepalive.local, keepalive.remote);
  });
  m_pump->held().on_wanted([this](const std::string& entry) { on_wanted(entry); });
  m_pump->on_engine_replaced([this](const std::string& reason, const std::vector<std::uint32_t>& lost) {
    spdlog::critical("the engine failed for good, and the {} engine carries its SAs now: {}",
                     m_pump->data_path().capabilities().name, reason);
    for (const std::uint32_t id : lost) {
      spdlog::error("Child SA #{} is lost with it", id);
      m_ike->child_expired(id, true);
    }
  });
  const auto expired = [this](ike::ChildSaId id, bool hard) { m_ike->child_expired(id, hard); };
  m_volumes->on_expired(expired);
  m_carrier->on_expired(expired);
  if (m_kernel_watch) {
    m_kernel_watch->start(expired, [this](const std::string& entry) { on_wanted(entry); });
  }
  m_ike->on_event([this](const ike::Event& event) { on_event(event); });
  m_ike->on_settled([this] { on_settled(); });
}

void Gateway::connect_control() {
  m_server->on_trouble([](const std::string& what) { spdlog::warn("{}", what); });
  m_control = std::make_unique<Control>(m_io, *m_server,
                                        ControlParts{.ike = *m_ike,
                                                     .carrier = *m_carrier,
                                                     .configuration = *m_configuration,
                                                     .io_counters = [this] { return io_counters(); }});
}

std::vector<IoCounters> Gateway::io_counters() const {
  std::vector<IoCounters> all;
  add_counters(all, "hold", &m_pump->held());
  add_counters(all, "tun", m_tun);
  add_counters(all, "esp", m_esp_socket);
  add_counters(all, "udp", m_ike_sockets);
  return all;
}

void Gateway::run() {
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) {
    m_signals.add(signal);
  }
  wait_for_signal();
  m_server->start();
  const driver::Capabilities& engine = m_pump->data_path().capabilities();
  spdlog::info("espgated is up: {} engine {}, control socket {}", engine.name, engine.version,
               m_options.socket);
  m_io.run();
}

void Gateway::wait_for_signal() {
  m_signals.async_wait([this](const asio::error_code& error, int signal) {
    if (error) {
      return;
    }
    wait_for_signal();
    if (signal == SIGHUP) {
      if (const auto loaded = m_configuration->load(); !loaded) {
        for (const std::string& message : loaded.error()) {
          spdlog::error("configuration: {}", message);
        }
        spdlog::error("the old configuration stays in force");
      }
      return;
    }
    if (m_shutting_down) {
      spdlog::warn("second signal: ending at once, SAs may be left at the peers");
      finish();
      return;
    }
    shut_down();
  });
}

void Gateway::on_event(const ike::Event& event) {
  log_event(event);
  const std::string entry = config::spd_entry_name(event.connection, event.child);
  if (event.kind == ike::Event::Kind::child_up) {
    m_pump->release(entry);
  } else if (event.kind == ike::Event::Kind::initiate_failed) {
    m_pump->held().drop(entry);
  }
  m_control->on_event(event);
}

// The kernel, or the pump, holds the packet back meanwhile.
void Gateway::on_wanted(const std::string& entry) {
  const std::size_t dot = entry.find('.');
  const auto started = m_ike->stack().initiate(
      entry.substr(0, dot), entry.substr(std::min(dot, entry.size() - 1) + 1), m_ike->now());
  if (!started) {
    spdlog::error("a packet wants {}, which cannot be started: {}", entry, started.error().message);
    m_pump->held().drop(entry);
  }
  m_ike->settle();
}

void Gateway::on_settled() {
  m_control->on_settled();
  if (m_shutting_down && m_ike->stack().list().empty()) {
    finish();
  }
}

void Gateway::shut_down() {
  m_shutting_down = true;
  spdlog::info("shutting down: deleting {} IKE SAs at their peers", m_ike->stack().list().size());
  m_shutdown_timer.expires_after(shutdown_patience);
  m_shutdown_timer.async_wait([this](const asio::error_code& cancelled) {
    if (!cancelled) {
      spdlog::warn("{} IKE SAs were not confirmed as deleted within {} s", m_ike->stack().list().size(),
                   shutdown_patience.count());
      finish();
    }
  });
  m_ike->stack().shut_down(m_ike->now());
  m_ike->settle();
}

void Gateway::finish() {
  m_shutdown_timer.cancel();
  m_io.stop();
}

config::ConfigErrors check_only(const Options& options) {
  const auto config = config::load_gateway_config(options.config);
  if (!config) {
    return config.error();
  }
  Options plain;
  plain.engine = options.engine;
  auto engine = make_engine(plain);
  if (!engine) {
    return {engine.error().message};
  }
  asio::io_context io;
  PacketPump pump(io, std::move(*engine));
  // What the kernel offers takes privileges to ask.
  return check_placement(*config, {.engine = pump.data_path(), .kernel = nullptr, .no_kernel = {}});
}

}  // namespace espgate::host::daemon
