// How answers of the kernel, and their absence, are taken: with a channel that says what a test wants.
#include "xfrm/requests.h"

#include <gtest/gtest.h>
#include <linux/netlink.h>
#include <linux/xfrm.h>

#include <algorithm>
#include <cerrno>
#include <deque>

#include "offload/xfrm/xfrm.h"
#include "samples.h"
#include "xfrm/encode.h"

namespace espgate::offload::xfrm::testing {
namespace {

// Answers each request with the errno that `answer` names.
class ScriptedChannel : public Channel {
 public:
  using Answer = std::function<int(const nlmsghdr& request, std::size_t number)>;
  explicit ScriptedChannel(Answer answer) : m_answer(std::move(answer)) {}

  std::expected<void, int> send(ByteView messages) override {
    ++datagrams;
    EXPECT_TRUE(for_each_message(messages, [this](const Received& request) {
      types.push_back(request.header.nlmsg_type);
      const int code = m_answer(request.header, types.size() - 1);
      if (code >= 0) {
        acknowledge(request.header.nlmsg_seq, code);
      }
    }));
    return {};
  }
  std::expected<std::size_t, int> receive(ByteSpan buffer, bool /*wait*/) override {
    if (queue.empty()) {
      return std::unexpected(EAGAIN);
    }
    const auto next = std::move(queue.front());
    queue.pop_front();
    if (!next) {
      return std::unexpected(next.error());
    }
    std::ranges::copy(*next, buffer.begin());
    return next->size();
  }
  std::uint32_t port() const override { return 1; }
  int descriptor() const override { return -1; }

  void acknowledge(std::uint32_t sequence, int code) {
    Message message(NLMSG_ERROR, NLM_F_CAPPED);
    message.header<nlmsgerr>().error = -code;
    message.set_origin(port(), sequence);
    queue.emplace_back(Bytes(message.view().begin(), message.view().end()));
  }
  void reply(Message& message, std::uint32_t sequence) {
    message.set_origin(port(), sequence);
    queue.emplace_back(Bytes(message.view().begin(), message.view().end()));
  }

  std::deque<std::expected<Bytes, int>> queue;
  std::vector<std::uint16_t> types;
  std::size_t datagrams = 0;

 private:
  Answer m_answer;
};

struct Rig {
  explicit Rig(ScriptedChannel::Answer answer) {
    auto requests = std::make_unique<ScriptedChannel>(std::move(answer));
    auto events = std::make_unique<ScriptedChannel>([](const nlmsghdr&, std::size_t) { return -1; });
    request_channel = requests.get();
    event_channel = events.get();
    xfrm = std::make_unique<Xfrm>(std::move(requests), std::move(events), Tag{});
  }
  ScriptedChannel* request_channel = nullptr;
  ScriptedChannel* event_channel = nullptr;
  std::unique_ptr<Xfrm> xfrm;
};

std::vector<State> pair_of_states() {
  std::vector<State> states;
  states.push_back(make_state(gcm_128, 0x1001, "192.0.2.1", "192.0.2.2"));
  states.push_back(make_state(gcm_128, 0x1002, "192.0.2.2", "192.0.2.1"));
  return states;
}
std::vector<Policy> some_policies() {
  return {make_policy(PolicyDirection::out, "10.1.0.0/24", "10.2.0.0/24", "192.0.2.1", "192.0.2.2",
                      Tag{}.reqid(1)),
          make_policy(PolicyDirection::in, "10.2.0.0/24", "10.1.0.0/24", "192.0.2.2", "192.0.2.1",
                      Tag{}.reqid(1))};
}

TEST(XfrmRequests, OneFailureDoesNotHideTheOthers) {
  auto channel = std::make_unique<ScriptedChannel>(
      [](const nlmsghdr&, std::size_t number) { return number % 3 == 1 ? EEXIST : 0; });
  ScriptedChannel& script = *channel;
  Requests requests(std::move(channel));
  std::vector<Message> messages;
  for (std::uint32_t i = 0; i < 200; ++i) {
    messages.push_back(encode_delete_state({address("192.0.2.1"), 0x1000 + i, Protocol::esp, {}}));
  }
  const auto outcomes = requests.apply(messages);
  ASSERT_EQ(outcomes.size(), 200U);
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    EXPECT_EQ(outcomes[i].code, i % 3 == 1 ? EEXIST : 0) << i;
  }
  EXPECT_EQ(script.datagrams, 4U) << "64 messages to a datagram";
}

TEST(XfrmRequests, SilenceIsATimeout) {
  Requests requests(std::make_unique<ScriptedChannel>(
      [](const nlmsghdr&, std::size_t number) { return number == 1 ? -1 : 0; }));
  std::vector<Message> messages;
  for (std::uint32_t i = 0; i < 3; ++i) {
    messages.push_back(encode_delete_state({address("192.0.2.1"), 0x1000 + i, Protocol::esp, {}}));
  }
  const auto outcomes = requests.apply(messages);
  EXPECT_TRUE(outcomes[0].ok());
  EXPECT_EQ(outcomes[1].code, ETIMEDOUT);
  EXPECT_TRUE(outcomes[2].ok());
}

TEST(XfrmRequests, AnswersOfEarlierRequestsAreNotTaken) {
  auto channel = std::make_unique<ScriptedChannel>([](const nlmsghdr&, std::size_t) { return 0; });
  channel->acknowledge(1, EPERM);  // left over: the first request has this number
  Requests requests(std::move(channel));
  EXPECT_TRUE(requests.apply(encode_delete_state({address("192.0.2.1"), 0x1000, Protocol::esp, {}})).ok());
}

TEST(XfrmRequests, GarbageIsNoAnswer) {
  auto channel = std::make_unique<ScriptedChannel>([](const nlmsghdr&, std::size_t) { return -1; });
  ScriptedChannel& script = *channel;
  Requests requests(std::move(channel));
  int asked = 0;
  const auto outcome = requests.dump(
      [&] {
        script.queue.clear();
        return encode_dump_states();
      },
      [&] { ++asked; }, [](const Received&) { FAIL(); });
  EXPECT_EQ(outcome.code, ETIMEDOUT);
  EXPECT_EQ(asked, 1);
}

// NLM_F_DUMP_INTR: what was seen so far may have holes.
TEST(XfrmRequests, DumpThatChangedIsTakenAgain) {
  int dumps = 0;
  ScriptedChannel* script = nullptr;
  auto channel = std::make_unique<ScriptedChannel>([&](const nlmsghdr& request, std::size_t) {
    ++dumps;
    Message state = encode_new_state(make_state(gcm_128, 0x1000, "192.0.2.1", "192.0.2.2"));
    script->reply(state, request.nlmsg_seq);
    Message done(NLMSG_DONE, dumps < 3 ? NLM_F_DUMP_INTR : 0);
    script->reply(done, request.nlmsg_seq);
    return -1;
  });
  script = channel.get();
  Requests requests(std::move(channel));
  int seen = 0;
  const auto outcome = requests.dump(encode_dump_states, [&] { seen = 0; }, [&](const Received&) { ++seen; });
  EXPECT_TRUE(outcome.ok());
  EXPECT_EQ(dumps, 3);
  EXPECT_EQ(seen, 1);
}

// Each step of an installation fails once, and each time everything before it is taken back.
TEST(Xfrm, InstallsAllOrNothing) {
  for (std::size_t failing = 0; failing < 4; ++failing) {
    Rig rig([failing](const nlmsghdr&, std::size_t number) { return number == failing ? EINVAL : 0; });
    const auto installed = rig.xfrm->install(pair_of_states(), some_policies());
    ASSERT_FALSE(installed) << failing;
    EXPECT_NE(installed.error().message.find("Invalid argument"), std::string::npos);
    const auto& types = rig.request_channel->types;
    ASSERT_EQ(types.size(), 4U + 3U);
    EXPECT_EQ(std::ranges::count(types, XFRM_MSG_DELSA), failing < 2 ? 1 : 2);
    EXPECT_EQ(std::ranges::count(types, XFRM_MSG_DELPOLICY), failing < 2 ? 2 : 1);
    // Nothing is ours now, so nothing is removed for us.
    const auto removed = rig.xfrm->remove(std::vector{some_policies().front().id}, {});
    EXPECT_FALSE(removed.front());
  }
}

TEST(Xfrm, TouchesOnlyItsOwn) {
  Rig rig([](const nlmsghdr&, std::size_t) { return 0; });
  std::vector<State> states = pair_of_states();
  states.front().reqid = 1;
  EXPECT_FALSE(rig.xfrm->install(states, {}));
  std::vector<Policy> policies = some_policies();
  policies.front().priority = 5;
  EXPECT_FALSE(rig.xfrm->install({}, policies));
  policies = some_policies();
  policies.front().templates.front().reqid = 7;
  EXPECT_FALSE(rig.xfrm->install({}, policies));
  EXPECT_FALSE(rig.xfrm->remove({}, std::vector{pair_of_states().front().id}).front());
  EXPECT_TRUE(rig.request_channel->types.empty());
}

TEST(Xfrm, SaysWhenEventsWereLost) {
  Rig rig([](const nlmsghdr&, std::size_t) { return 0; });
  rig.event_channel->queue.emplace_back(std::unexpected(ENOBUFS));
  const auto events = rig.xfrm->poll_events();
  ASSERT_TRUE(events);
  ASSERT_EQ(events->size(), 1U);
  EXPECT_TRUE(std::holds_alternative<EventsLost>(events->front()));
}

TEST(Xfrm, EventSocketThatFailsIsAnError) {
  Rig rig([](const nlmsghdr&, std::size_t) { return 0; });
  rig.event_channel->queue.emplace_back(std::unexpected(EBADF));
  EXPECT_FALSE(rig.xfrm->poll_events());
}

}  // namespace
}  // namespace espgate::offload::xfrm::testing
