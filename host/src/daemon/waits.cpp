#include "daemon/waits.h"

#include <fmt/format.h>

#include <utility>

namespace espgate::host::daemon {
namespace {

using vici::Message;

Message ended_answer(std::size_t matches, std::size_t left, const Patience& patience) {
  Message answer;
  answer.set("success", left == 0 ? "yes" : "no");
  answer.set_number("matches", matches).set_number("terminated", matches - left);
  if (left != 0) {
    answer.set("errmsg",
               fmt::format("{} of {} SAs are still there after {} ms; they are gone at the latest when the "
                           "retransmissions run out",
                           left, matches, patience ? patience->count() : 0));
  }
  return answer;
}

}  // namespace

Message started_answer(ike::IkeSaId ike_sa, ike::ChildSaId child) {
  return Message().set("success", "yes").set_number("ike-id", ike_sa).set_number("child-id", child);
}

Message failed_answer(std::string reason) {
  return Message().set("success", "no").set("errmsg", std::move(reason));
}

void Waits::for_child(ike::IkeSaId ike_sa, std::string child, const Patience& patience,
                      std::shared_ptr<vici::Call> call) {
  m_starts.push_back({ike_sa, std::move(child), std::move(call), asio::steady_timer(m_io)});
  if (!patience) {
    return;
  }
  const auto wait = std::prev(m_starts.end());
  wait->timer.expires_after(*patience);
  wait->timer.async_wait([this, wait, patience](const asio::error_code& cancelled) {
    if (cancelled) {
      return;
    }
    wait->call->respond(failed_answer(
        fmt::format("{} is not up after {} ms; IKE goes on trying",
                    wait->child.empty() ? "the IKE SA" : "child '" + wait->child + "'", patience->count())));
    m_starts.erase(wait);
  });
}

void Waits::for_end(std::set<ike::IkeSaId> ike_sas, std::set<ike::ChildSaId> children,
                    const Patience& patience, std::shared_ptr<vici::Call> call) {
  const std::size_t matches = ike_sas.size() + children.size();
  m_ends.push_back(
      {std::move(ike_sas), std::move(children), matches, std::move(call), asio::steady_timer(m_io)});
  if (!patience) {
    return;
  }
  const auto wait = std::prev(m_ends.end());
  wait->timer.expires_after(*patience);
  wait->timer.async_wait([this, wait, patience](const asio::error_code& cancelled) {
    if (cancelled) {
      return;
    }
    wait->call->respond(ended_answer(wait->matches, wait->left(), patience));
    m_ends.erase(wait);
  });
}

void Waits::on_event(const ike::Event& event) {
  if (event.kind == ike::Event::Kind::ike_rekeyed || event.kind == ike::Event::Kind::initiate_again) {
    // What is being brought up comes up on the new one.
    for (Start& wait : m_starts) {
      wait.ike_sa = wait.ike_sa == event.replaced ? event.ike_sa : wait.ike_sa;
    }
    return;
  }
  std::erase_if(m_starts, [&event](Start& wait) {
    if (event.ike_sa != wait.ike_sa) {
      return false;
    }
    switch (event.kind) {
      case ike::Event::Kind::child_up:
        if (event.child != wait.child) {
          return false;
        }
        wait.call->respond(started_answer(event.ike_sa, event.child_sa));
        return true;
      case ike::Event::Kind::initiate_failed:
        if (!event.child.empty() && event.child != wait.child) {
          return false;
        }
        wait.call->respond(failed_answer(event.reason));
        return true;
      case ike::Event::Kind::ike_down:
        wait.call->respond(failed_answer("the IKE SA went down: " + event.reason));
        return true;
      case ike::Event::Kind::ike_up:
        // An IKE SA without a child was wanted.
        if (!wait.child.empty()) {
          return false;
        }
        wait.call->respond(started_answer(event.ike_sa, 0));
        return true;
      case ike::Event::Kind::ike_rekeyed:
      case ike::Event::Kind::initiate_again:
      case ike::Event::Kind::child_rekeyed:
      case ike::Event::Kind::child_down:
      case ike::Event::Kind::rekey_failed:
      case ike::Event::Kind::peer_rejected:
        return false;
    }
    return false;
  });
}

void Waits::on_settled() {
  std::erase_if(m_starts, [](const Start& wait) { return wait.call->gone(); });
  std::erase_if(m_ends, [](const End& wait) { return wait.call->gone(); });
  if (m_ends.empty()) {
    return;
  }
  std::set<ike::IkeSaId> ike_sas;
  std::set<ike::ChildSaId> children;
  for (const ike::IkeSaView& sa : m_ike.stack().list()) {
    ike_sas.insert(sa.id);
    for (const ike::ChildSaView& child : sa.children) {
      children.insert(child.id);
    }
  }
  std::erase_if(m_ends, [&](End& wait) {
    std::erase_if(wait.ike_sas, [&](ike::IkeSaId id) { return !ike_sas.contains(id); });
    std::erase_if(wait.children, [&](ike::ChildSaId id) { return !children.contains(id); });
    if (wait.left() != 0) {
      return false;
    }
    wait.call->respond(ended_answer(wait.matches, 0, std::nullopt));
    return true;
  });
}

}  // namespace espgate::host::daemon
