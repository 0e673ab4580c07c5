// Commands of the control socket that wait for what IKE makes of them.
#pragma once

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>
#include <chrono>
#include <list>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "daemon/ike_driver.h"
#include "vici/server.h"

namespace espgate::host::daemon {

// How long a command waits: nullopt as long as it takes.
using Patience = std::optional<std::chrono::milliseconds>;

class Waits {
 public:
  Waits(asio::io_context& io, IkeDriver& ike) : m_io(io), m_ike(ike) {}

  // Answers when the Child SA, or with no `child` the IKE SA, is up, failed, or patience is over.
  void for_child(ike::IkeSaId ike_sa, std::string child, const Patience& patience,
                 std::shared_ptr<vici::Call> call);
  // Answers when all these SAs are gone, or patience is over.
  void for_end(std::set<ike::IkeSaId> ike_sas, std::set<ike::ChildSaId> children, const Patience& patience,
               std::shared_ptr<vici::Call> call);

  // To be called for every event, and after every input to the stack.
  void on_event(const ike::Event& event);
  void on_settled();
  std::size_t size() const { return m_starts.size() + m_ends.size(); }

 private:
  struct Start {
    ike::IkeSaId ike_sa;
    std::string child;
    std::shared_ptr<vici::Call> call;
    asio::steady_timer timer;
  };
  struct End {
    std::set<ike::IkeSaId> ike_sas;
    std::set<ike::ChildSaId> children;
    std::size_t matches;
    std::shared_ptr<vici::Call> call;
    asio::steady_timer timer;

    std::size_t left() const { return ike_sas.size() + children.size(); }
  };

  asio::io_context& m_io;
  IkeDriver& m_ike;
  std::list<Start> m_starts;
  std::list<End> m_ends;
};

// The answers that the commands give.
vici::Message started_answer(ike::IkeSaId ike_sa, ike::ChildSaId child);
vici::Message failed_answer(std::string reason);

}  // namespace espgate::host::daemon
