// TEST ONLY: writes the keys of ESP SAs to a file that Wireshark reads as its table `esp_sa`. Whoever has the
// file reads all traffic of these SAs.
#pragma once

#include <memory>
#include <string>

#include "base/error.h"
#include "offload/data_path.h"

namespace espgate::host::daemon {

class KeyLog {
 public:
  // Makes the file for its owner only; a file that is there already is refused.
  static Expected<std::unique_ptr<KeyLog>> create(const std::string& path);
  KeyLog(const KeyLog&) = delete;
  KeyLog& operator=(const KeyLog&) = delete;
  ~KeyLog();

  // Both directions. Each use is loud in the log.
  void add(const offload::ChildSaSpec& sa);

 private:
  KeyLog(int fd, std::string path) : m_fd(fd), m_path(std::move(path)) {}
  bool write(const Secret& line) const;

  int m_fd;
  std::string m_path;
};

}  // namespace espgate::host::daemon
