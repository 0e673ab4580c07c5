// Network namespaces of a test's own, and hosts in them.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <utility>

namespace espgate::offload::xfrm::testing {

// Runs `body` in a child process with a network namespace of its own, in which lo is up. The test fails when
// an expectation in the body does, and skips, with the reason, where namespaces cannot be made or the body
// skips.
void in_namespace(const std::function<void()>& body);

// Runs a command; the test fails when the command does.
void run(const std::string& command);
std::string output_of(const std::string& command);

// A network namespace that the process can go into.
class Namespace {
 public:
  // The one that the calling thread is in.
  static Namespace current();
  // A new one, with lo up. The calling thread stays where it is.
  static Namespace make();
  Namespace(Namespace&& other) noexcept : m_fd(std::exchange(other.m_fd, -1)) {}
  Namespace(const Namespace&) = delete;
  Namespace& operator=(const Namespace&) = delete;
  Namespace& operator=(Namespace&&) = delete;
  ~Namespace();

  void enter() const;
  // As a name for iproute2.
  std::string path() const;

 private:
  explicit Namespace(int fd) : m_fd(fd) {}
  int m_fd;
};

// Two hosts on one wire, each with an address on lo that is to be reached through a tunnel only:
//   a: 192.0.2.1, 2001:db8::1 on the wire; 10.1.0.1, fd01::1 on lo
//   b: 192.0.2.2, 2001:db8::2 on the wire; 10.2.0.1, fd02::1 on lo
// `in_namespace` must be around it; the thread ends up in a.
struct TwoHosts {
  TwoHosts();

  Namespace a;
  Namespace b;
};

}  // namespace espgate::offload::xfrm::testing
