// A configuration file's bytes, read once, with the facts about the file that the checks need.
#pragma once

#include <sys/types.h>

#include <string>

#include "base/error.h"
#include "base/secret.h"

namespace espgate::host::config {

struct FileId {
  dev_t device = 0;
  ino_t inode = 0;
  bool operator==(const FileId&) const = default;
};

struct LoadedFile {
  Secret content;
  FileId id;
  unsigned mode = 0;  // permission bits
};

// Regular files only. Fails when the file is longer than `max_bytes` or changes while it is read.
Expected<LoadedFile> load_file(const std::string& path, std::size_t max_bytes);

}  // namespace espgate::host::config
