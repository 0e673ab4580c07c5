#include "vici/socket_path.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

namespace espgate::host::vici {
namespace {

constexpr int backlog = 64;

class Descriptor {
 public:
  explicit Descriptor(int fd) : m_fd(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (m_fd >= 0) {
      ::close(m_fd);
    }
  }
  int get() const { return m_fd; }
  int release() { return std::exchange(m_fd, -1); }

 private:
  int m_fd;
};

std::string folder_of(const std::string& path) {
  const std::filesystem::path parent = std::filesystem::path(path).parent_path();
  return parent.empty() ? "." : parent.string();
}

// Held while we look at the path and bind, so that two daemons that start at once do not both replace a stale
// file. A lock on the folder leaves nothing behind.
Expected<int> lock_folder(const std::string& path) {
  const std::string folder = folder_of(path);
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
    return fail(
        fmt::format("cannot make the folder '{}' for the control socket: {}", folder, std::strerror(errno)));
  }
  Descriptor fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd.get() < 0) {
    return fail(
        fmt::format("cannot open the folder '{}' of the control socket: {}", folder, std::strerror(errno)));
  }
  if (::flock(fd.get(), LOCK_EX) != 0) {
    return fail(
        fmt::format("cannot lock the folder '{}' of the control socket: {}", folder, std::strerror(errno)));
  }
  return fd.release();
}

Expected<> remove_stale(const std::string& path, const sockaddr_un& address) {
  struct stat status{};
  if (::lstat(path.c_str(), &status) != 0) {
    if (errno == ENOENT) {
      return {};
    }
    return fail(fmt::format("cannot look at the control socket '{}': {}", path, std::strerror(errno)));
  }
  if (!S_ISSOCK(status.st_mode)) {
    return fail(
        fmt::format("'{}' is there and is no socket: remove it, or choose another path with --socket", path));
  }
  const Descriptor probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (probe.get() < 0) {
    return fail(fmt::format("cannot make a Unix socket: {}", std::strerror(errno)));
  }
  // EAGAIN: somebody listens, and his queue is full.
  if (::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0 ||
      errno == EAGAIN) {
    return fail(fmt::format(
        "another daemon answers at the control socket '{}': stop it, or choose another path with --socket",
        path));
  }
  if (errno != ECONNREFUSED) {
    return fail(fmt::format("cannot tell whether a daemon listens at '{}': {}", path, std::strerror(errno)));
  }
  if (::unlink(path.c_str()) != 0) {
    return fail(fmt::format("cannot remove the stale control socket '{}': {}", path, std::strerror(errno)));
  }
  return {};
}

}  // namespace

Expected<sockaddr_un> socket_address(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof(address.sun_path) || path.find('\0') != std::string::npos) {
    return fail(fmt::format("'{}' cannot be a socket's path: 1 to {} bytes are possible", path,
                            sizeof(address.sun_path) - 1));
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

Expected<ListeningSocket> ListeningSocket::open(const std::string& path) {
  const auto address = socket_address(path);
  if (!address) {
    return std::unexpected(address.error());
  }
  const auto lock = lock_folder(path);
  if (!lock) {
    return std::unexpected(lock.error());
  }
  const Descriptor locked(*lock);
  if (auto stale = remove_stale(path, *address); !stale) {
    return std::unexpected(stale.error());
  }
  Descriptor fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (fd.get() < 0) {
    return fail(fmt::format("cannot make a Unix socket: {}", std::strerror(errno)));
  }
  // The file has its mode from the first moment on.
  const mode_t before = ::umask(0177);
  const int bound = ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&*address), sizeof(*address));
  const int bind_error = errno;
  ::umask(before);
  if (bound != 0) {
    return fail(fmt::format("cannot bind the control socket '{}': {}", path, std::strerror(bind_error)));
  }
  ListeningSocket result(fd.release(), path);
  result.remember_file();
  if (::listen(result.m_fd, backlog) != 0) {
    return fail(fmt::format("cannot listen at the control socket '{}': {}", path, std::strerror(errno)));
  }
  return result;
}

ListeningSocket::ListeningSocket(ListeningSocket&& other) noexcept
    : m_fd(std::exchange(other.m_fd, -1)),
      m_path(std::exchange(other.m_path, {})),
      m_device(other.m_device),
      m_inode(other.m_inode) {}

ListeningSocket::~ListeningSocket() {
  if (m_fd >= 0) {
    ::close(m_fd);
  }
  struct stat status{};
  if (!m_path.empty() && ::lstat(m_path.c_str(), &status) == 0 && status.st_dev == m_device &&
      status.st_ino == m_inode) {
    ::unlink(m_path.c_str());
  }
}

int ListeningSocket::release_descriptor() {
  return std::exchange(m_fd, -1);
}

void ListeningSocket::remember_file() {
  struct stat status{};
  if (::lstat(m_path.c_str(), &status) == 0) {
    m_device = status.st_dev;
    m_inode = status.st_ino;
  }
}

}  // namespace espgate::host::vici
