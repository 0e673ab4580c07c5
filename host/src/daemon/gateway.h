// The daemon put together: IKE, data path, packet I/O and control socket on one event loop.
#pragma once

#include <asio/io_context.hpp>
#include <asio/signal_set.hpp>
#include <asio/steady_timer.hpp>
#include <memory>
#include <vector>

#include "daemon/child_sa_carrier.h"
#include "daemon/configuration.h"
#include "daemon/control.h"
#include "daemon/esp_demux.h"
#include "daemon/ike_driver.h"
#include "daemon/kernel_watch.h"
#include "daemon/key_log.h"
#include "daemon/options.h"
#include "daemon/packet_pump.h"
#include "dataplane/ike_sockets.h"
#include "dataplane/raw_esp_socket.h"
#include "dataplane/route_table.h"
#include "dataplane/tun_device.h"
#include "vici/server.h"

namespace espgate::host::daemon {

class Gateway {
 public:
  // Opens everything and puts the configuration in force. Each error is one line.
  static std::expected<std::unique_ptr<Gateway>, config::ConfigErrors> open(asio::io_context& io,
                                                                            const Options& options);
  Gateway(const Gateway&) = delete;
  Gateway& operator=(const Gateway&) = delete;
  ~Gateway();

  // Serves until SIGTERM or SIGINT, then deletes all SAs at the peers and ends the loop. SIGHUP reloads.
  void run();

 private:
  Gateway(asio::io_context& io, const Options& options);

  config::ConfigErrors open_all();
  Expected<> open_devices(const config::GatewayConfig& config);
  Expected<Carriers> open_kernel();
  Expected<std::uint32_t> inner_mtu(const config::GatewayConfig& config);
  void connect_devices();
  void connect_control();
  void wait_for_signal();
  void on_event(const ike::Event& event);
  void on_wanted(const std::string& entry);
  void on_settled();
  void shut_down();
  void finish();
  std::vector<IoCounters> io_counters() const;

  asio::io_context& m_io;
  Options m_options;
  asio::signal_set m_signals;
  asio::steady_timer m_shutdown_timer;
  bool m_shutting_down = false;

  // In the order of construction: what stands below uses what stands above.
  std::unique_ptr<vici::Server> m_server;
  std::unique_ptr<KeyLog> m_key_log;
  std::unique_ptr<PacketPump> m_pump;
  std::unique_ptr<dataplane::IkeSockets> m_ike_sockets;
  std::unique_ptr<dataplane::RawEspSocket> m_esp_socket;
  std::unique_ptr<dataplane::TunDevice> m_tun;
  std::unique_ptr<dataplane::RouteTable> m_routes;
  std::unique_ptr<HostRoutes> m_host_routes;
  std::unique_ptr<offload::KernelPath> m_kernel;
  std::unique_ptr<KernelWatch> m_kernel_watch;
  std::unique_ptr<EspDemux> m_demux;
  std::unique_ptr<VolumeWatch> m_volumes;
  std::unique_ptr<ChildSaCarrier> m_carrier;
  std::unique_ptr<ike::Random> m_random;
  std::unique_ptr<IkeDriver> m_ike;
  std::unique_ptr<Configuration> m_configuration;
  std::unique_ptr<Control> m_control;
};

// For --check: the file and the engine, without anything that needs privileges.
config::ConfigErrors check_only(const Options& options);

}  // namespace espgate::host::daemon
