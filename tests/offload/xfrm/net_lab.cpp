#include "net_lab.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <memory>

namespace espgate::offload::xfrm::testing {

namespace {

constexpr int exit_passed = 0;
constexpr int exit_failed = 1;
constexpr int exit_skipped = 78;
constexpr int exit_no_namespace = 77;
constexpr unsigned test_seconds = 120;

[[noreturn]] void run_child(const std::function<void()>& body) {
  ::alarm(test_seconds);
  if (::unshare(CLONE_NEWNET) != 0) {
    ::_exit(exit_no_namespace);
  }
  run("ip link set lo up");
  // An exception must not reach the test runner, which would go on with the other tests in this process.
  try {
    if (!::testing::Test::HasFailure()) {
      body();
    }
  } catch (const std::exception& error) {
    ADD_FAILURE() << error.what();
  }
  std::fflush(nullptr);
  ::_exit(::testing::Test::HasFailure()  ? exit_failed
          : ::testing::Test::IsSkipped() ? exit_skipped
                                         : exit_passed);
}

}  // namespace

void in_namespace(const std::function<void()>& body) {
  if (::geteuid() != 0) {
    GTEST_SKIP() << "a network namespace takes root";
  }
  std::fflush(nullptr);
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    run_child(body);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status)) << "the test in the namespace ended by signal " << WTERMSIG(status);
  if (WEXITSTATUS(status) == exit_no_namespace) {
    GTEST_SKIP() << "this system lets root make no network namespace (unshare CLONE_NEWNET)";
  }
  if (WEXITSTATUS(status) == exit_skipped) {
    GTEST_SKIP() << "the reason stands above";
  }
  EXPECT_EQ(WEXITSTATUS(status), exit_passed) << "see the failures above";
}

void run(const std::string& command) {
  ASSERT_EQ(std::system(command.c_str()), 0) << command;
}

std::string output_of(const std::string& command) {
  struct Close {
    void operator()(FILE* pipe) const { ::pclose(pipe); }
  };
  const std::unique_ptr<FILE, Close> pipe(::popen(command.c_str(), "re"));
  std::string output;
  std::array<char, 4096> chunk{};
  while (pipe && std::fgets(chunk.data(), static_cast<int>(chunk.size()), pipe.get()) != nullptr) {
    output += chunk.data();
  }
  return output;
}

Namespace Namespace::current() {
  const int fd = ::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
  EXPECT_GE(fd, 0) << std::strerror(errno);
  return Namespace(fd);
}

Namespace Namespace::make() {
  const Namespace here = current();
  EXPECT_EQ(::unshare(CLONE_NEWNET), 0) << std::strerror(errno);
  run("ip link set lo up");
  Namespace made = current();
  here.enter();
  return made;
}

Namespace::~Namespace() {
  if (m_fd >= 0) {
    ::close(m_fd);
  }
}

void Namespace::enter() const {
  ASSERT_EQ(::setns(m_fd, CLONE_NEWNET), 0) << std::strerror(errno);
}

std::string Namespace::path() const {
  return "/proc/" + std::to_string(::getpid()) + "/fd/" + std::to_string(m_fd);
}

TwoHosts::TwoHosts() : a(Namespace::current()), b(Namespace::make()) {
  run("ip link add wire type veth peer name wire netns " + b.path());
  const auto set_up = [](const std::string& n, const std::string& other) {
    run("ip address add 192.0.2." + n + "/24 dev wire");
    run("ip address add 2001:db8::" + n + "/64 dev wire nodad");
    run("ip address add 10." + n + ".0.1/32 dev lo");
    run("ip address add fd0" + n + "::1/128 dev lo nodad");
    run("ip link set wire up");
    run("ip route add 10." + other + ".0.0/24 via 192.0.2." + other + " src 10." + n + ".0.1");
    run("ip route add fd0" + other + "::/64 via 2001:db8::" + other + " src fd0" + n + "::1");
  };
  b.enter();
  set_up("2", "1");
  a.enter();
  set_up("1", "2");
}

}  // namespace espgate::offload::xfrm::testing
