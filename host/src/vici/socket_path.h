// The socket file of the daemon.
#pragma once

#include <sys/un.h>

#include <string>

#include "base/error.h"

namespace espgate::host::vici {

inline constexpr const char* default_socket_path = "/run/espgate/espgate.vici";

// Fails when the path is empty or too long for a socket address.
Expected<sockaddr_un> socket_address(const std::string& path);

// A listening socket at a path; the file goes away with the object.
class ListeningSocket {
 public:
  static Expected<ListeningSocket> open(const std::string& path);
  ListeningSocket(ListeningSocket&& other) noexcept;
  ListeningSocket& operator=(ListeningSocket&&) = delete;
  ~ListeningSocket();

  // The descriptor, which is the caller's from now on. The file stays this object's.
  int release_descriptor();

 private:
  ListeningSocket(int fd, std::string path) : m_fd(fd), m_path(std::move(path)) {}
  void remember_file();

  int m_fd;
  std::string m_path;
  // What we made, so that another daemon's file of the same name is left alone.
  dev_t m_device = 0;
  ino_t m_inode = 0;
};

}  // namespace espgate::host::vici
