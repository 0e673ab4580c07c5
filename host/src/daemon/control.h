// The commands and events of the control socket.
#pragma once

#include <asio/io_context.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "daemon/child_sa_carrier.h"
#include "daemon/configuration.h"
#include "daemon/ike_driver.h"
#include "daemon/sa_messages.h"
#include "daemon/waits.h"
#include "offload/data_path.h"
#include "vici/server.h"

namespace espgate::host::daemon {

// Counters of one part of the packet I/O.
struct IoCounters {
  std::string name;
  std::vector<std::pair<std::string, std::uint64_t>> values;
};

struct ControlParts {
  IkeDriver& ike;
  ChildSaCarrier& carrier;
  Configuration& configuration;
  std::function<std::vector<IoCounters>()> io_counters;
};

class Control {
 public:
  // Adds everything to the server. All must outlive the control, except that the server may go first.
  Control(asio::io_context& io, vici::Server& server, ControlParts parts);
  Control(const Control&) = delete;
  Control& operator=(const Control&) = delete;

  // To be called for every event, and after every input to the stack.
  void on_event(const ike::Event& event);
  void on_settled() { m_waits.on_settled(); }
  // Commands that wait for IKE.
  std::size_t waiting() const { return m_waits.size(); }

 private:
  using CallPtr = std::shared_ptr<vici::Call>;

  void add_commands();
  void version(const vici::Message& request, const CallPtr& call);
  void stats(const vici::Message& request, const CallPtr& call);
  void list_sas(const vici::Message& request, const CallPtr& call);
  void list_conns(const vici::Message& request, const CallPtr& call);
  void get_conns(const vici::Message& request, const CallPtr& call);
  void initiate(const vici::Message& request, const CallPtr& call);
  void terminate(const vici::Message& request, const CallPtr& call);
  void rekey(const vici::Message& request, const CallPtr& call);
  void reload(const vici::Message& request, const CallPtr& call);
  void policy_lookup(const vici::Message& request, const CallPtr& call);

  SaContext context();
  // The first connection that fits; the error says what is missing.
  Expected<std::string> find_connection(std::string_view connection, std::string_view child) const;
  ike::IkeSaView find_ike_sa(const std::string& connection, ike::IkeSaId id);
  static ike::ChildSaView find_child(const ike::IkeSaView& sa, const std::string& name, ike::ChildSaId id);
  void announce(const std::string& name, const ike::Event& event);
  void announce_rekey(const ike::Event& event);

  vici::Server& m_server;
  ControlParts m_parts;
  Waits m_waits;
  std::chrono::system_clock::time_point m_started = std::chrono::system_clock::now();
};

}  // namespace espgate::host::daemon
