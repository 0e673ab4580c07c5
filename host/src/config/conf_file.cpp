#include "config/conf_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace espgate::host::config {
namespace {

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

 private:
  int m_fd;
};

}  // namespace

Expected<LoadedFile> load_file(const std::string& path, std::size_t max_bytes) {
  // Without O_NONBLOCK a FIFO would hold up the daemon.
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.get() < 0) {
    return fail(fmt::format("cannot open '{}': {}", path, std::strerror(errno)));
  }
  struct stat status{};
  if (::fstat(file.get(), &status) != 0) {
    return fail(fmt::format("cannot read '{}': {}", path, std::strerror(errno)));
  }
  if (!S_ISREG(status.st_mode)) {
    return fail(fmt::format("'{}' is not a regular file", path));
  }
  if (static_cast<std::size_t>(status.st_size) > max_bytes) {
    return fail(fmt::format("'{}' is too large: {} bytes, {} are left of the limit", path, status.st_size,
                            max_bytes));
  }
  LoadedFile loaded{.content = Secret(static_cast<std::size_t>(status.st_size)),
                    .id = {status.st_dev, status.st_ino},
                    .mode = status.st_mode & 07777U};
  std::size_t done = 0;
  while (done < loaded.content.size()) {
    const ssize_t got = ::read(file.get(), loaded.content.span().data() + done, loaded.content.size() - done);
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got <= 0) {
      return fail(fmt::format("cannot read '{}': {}", path,
                              got < 0 ? std::strerror(errno) : "it became shorter while it was read"));
    }
    done += static_cast<std::size_t>(got);
  }
  return loaded;
}

}  // namespace espgate::host::config
