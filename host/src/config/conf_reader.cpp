#include "config/conf_reader.h"

#include <fmt/format.h>
#include <glob.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <optional>
#include <utility>

#include "config/conf_file.h"

namespace espgate::host::config {
namespace {

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r';
}

bool ends_name(char c) {
  return is_blank(c) || c == '\n' || c == '#' || c == '{' || c == '}' || c == '=' || c == '"';
}

// What one reading has in common over all files.
struct Reading {
  ReaderLimits limits;
  Conf conf;
  std::vector<FileId> open_files;
  std::size_t files = 0;
  std::size_t bytes = 0;

  bool full() const { return conf.errors.size() >= limits.max_errors; }
  void fail(const Location& where, const std::string& message) {
    if (!full()) {
      conf.errors.push_back(fmt::format("{}: {}", where.to_string(), message));
      if (full()) {
        conf.errors.emplace_back("too many errors; the rest of the configuration was not looked at");
      }
    }
  }
};

void read_included(Reading& reading, Section& section, unsigned section_depth, const std::string& pattern,
                   const Location& where);

// One file, or one text.
class FileParser {
 public:
  FileParser(Reading& reading, std::string_view text, std::shared_ptr<const SourceFile> file,
             unsigned section_depth)
      : m_reading(reading), m_text(text), m_file(std::move(file)), m_outer_depth(section_depth) {}

  void parse(Section& section) {
    m_open = {&section};
    while (!at_end() && !m_reading.full()) {
      statement();
    }
    if (m_open.size() > 1 && !m_reading.full()) {
      fail(fmt::format("the file ends inside section '{}', opened at line {}: a '}}' is missing",
                       m_open.back()->name(), m_opened_at.back()));
    }
  }

 private:
  bool at_end() const { return m_at >= m_text.size(); }
  char peek() const { return m_text[m_at]; }
  Location here() const { return {m_file, m_line}; }
  void fail(const std::string& message) { m_reading.fail(here(), message); }

  void advance() {
    if (m_text[m_at] == '\n') {
      ++m_line;
    }
    ++m_at;
  }
  void skip_line() {
    while (!at_end() && peek() != '\n') {
      advance();
    }
  }
  void skip_blanks() {
    while (!at_end() && is_blank(peek())) {
      advance();
    }
  }
  void skip_space_and_comments() {
    while (!at_end()) {
      if (peek() == '#') {
        skip_line();
      } else if (is_blank(peek()) || peek() == '\n') {
        advance();
      } else {
        return;
      }
    }
  }

  void statement() {
    skip_space_and_comments();
    if (at_end()) {
      return;
    }
    if (peek() == '}') {
      close_section();
      return;
    }
    if (ends_name(peek())) {
      fail(fmt::format("'{}' where a key or a section name should stand", peek()));
      skip_line();
      return;
    }
    const Location where = here();
    const std::string_view name = take_name();
    if (name == "include" && !at_end() && (peek() == ' ' || peek() == '\t')) {
      skip_blanks();
      if (at_end() || peek() != '=') {
        include(where);
        return;
      }
    }
    if (!check_name(name)) {
      skip_line();
      return;
    }
    skip_blanks();
    if (!at_end() && peek() == '=') {
      advance();
      assign(std::string(name), where);
      return;
    }
    skip_space_and_comments();
    if (!at_end() && peek() == '{') {
      advance();
      open_section(std::string(name), where);
      return;
    }
    m_reading.fail(where, fmt::format("'{}' is followed by neither '=' nor '{{'", name));
    // The rest of the line may be a secret whose '=' was forgotten: it must not turn up in a message as a
    // name.
    if (m_line == where.line) {
      skip_line();
    }
  }

  std::string_view take_name() {
    const std::size_t start = m_at;
    while (!at_end() && !ends_name(peek())) {
      advance();
    }
    return m_text.substr(start, m_at - start);
  }

  bool check_name(std::string_view name) {
    if (name.size() > m_reading.limits.max_name_bytes) {
      fail(fmt::format("a name of {} bytes; at most {} are allowed", name.size(),
                       m_reading.limits.max_name_bytes));
      return false;
    }
    for (const char c : name) {
      if (c == ':' || c == ',') {
        fail(
            fmt::format("'{}' in a name: references to other sections are not supported by this version", c));
        return false;
      }
      if (c == '.') {
        fail(fmt::format("'{}': a name cannot hold a '.'", name));
        return false;
      }
    }
    return true;
  }

  void open_section(const std::string& name, const Location& where) {
    if (m_outer_depth + m_open.size() > m_reading.limits.max_section_depth) {
      // Everything deeper would be an error of its own: stop here.
      m_reading.fail(
          where, fmt::format("sections are nested more than {} deep", m_reading.limits.max_section_depth));
      m_at = m_text.size();
      m_open.resize(1);
      m_opened_at.clear();
      return;
    }
    m_open.push_back(&m_open.back()->open(name, where));
    m_opened_at.push_back(where.line);
  }

  void close_section() {
    if (m_open.size() == 1) {
      fail("'}' closes no section of this file");
    } else {
      m_open.pop_back();
      m_opened_at.pop_back();
    }
    advance();
  }

  void assign(std::string key, const Location& where) {
    Secret value;
    if (take_value(value)) {
      m_open.back()->set({std::move(key), std::move(value), where});
    }
  }

  // Words and quoted strings up to the end of the line, a comment or a '}', with one space between them.
  bool take_value(Secret& value) {
    const std::size_t longest = value_extent();
    if (longest > m_reading.limits.max_value_bytes) {
      fail(fmt::format("a value of more than {} bytes", m_reading.limits.max_value_bytes));
      skip_line();
      return false;
    }
    // Escapes only shorten, so that the buffer is never reallocated and leaves no copies behind.
    Secret buffer(longest + 1);
    std::size_t used = 0;
    bool first = true;
    bool good = true;
    while (good) {
      skip_blanks();
      if (at_end() || peek() == '\n' || peek() == '#' || peek() == '}') {
        break;
      }
      if (!first) {
        buffer.span()[used++] = ' ';
      }
      first = false;
      good = peek() == '"' ? take_quoted(buffer, used) : take_word(buffer, used);
    }
    value = Secret(buffer.view().first(used));
    return good;
  }

  // An upper bound of the bytes that the value takes, found without moving on.
  std::size_t value_extent() const {
    bool quoted = false;
    std::size_t at = m_at;
    for (; at < m_text.size(); ++at) {
      const char c = m_text[at];
      if (quoted && c == '\\') {
        ++at;
      } else if (c == '"') {
        quoted = !quoted;
      } else if (!quoted && (c == '\n' || c == '#' || c == '}')) {
        break;
      }
    }
    return std::min(at, m_text.size()) - m_at;
  }

  bool take_word(Secret& buffer, std::size_t& used) {
    while (!at_end() && !is_blank(peek()) && peek() != '\n' && peek() != '#' && peek() != '}' &&
           peek() != '"') {
      buffer.span()[used++] = static_cast<std::uint8_t>(peek());
      advance();
    }
    return true;
  }

  bool take_quoted(Secret& buffer, std::size_t& used) {
    const Location opened = here();
    advance();
    while (!at_end()) {
      char c = peek();
      advance();
      if (c == '"') {
        return true;
      }
      if (c == '\\' && !at_end()) {
        c = peek();
        advance();
        if (c == '\n') {
          continue;  // the line goes on
        }
        c = c == 'n' ? '\n' : c == 'r' ? '\r' : c == 't' ? '\t' : c;
      }
      buffer.span()[used++] = static_cast<std::uint8_t>(c);
    }
    m_reading.fail(opened, "a quoted value is not closed: a '\"' is missing");
    return false;
  }

  void include(const Location& where) {
    Secret pattern;
    if (!take_value(pattern)) {
      return;
    }
    const std::string text(pattern.view().begin(), pattern.view().end());
    if (text.empty()) {
      m_reading.fail(where, "include without a file name");
      return;
    }
    read_included(m_reading, *m_open.back(), m_outer_depth + static_cast<unsigned>(m_open.size()) - 1, text,
                  where);
  }

  Reading& m_reading;
  std::string_view m_text;
  std::shared_ptr<const SourceFile> m_file;
  unsigned m_outer_depth;
  std::size_t m_at = 0;
  unsigned m_line = 1;
  std::vector<Section*> m_open;  // the innermost last; the first is the caller's
  std::vector<unsigned> m_opened_at;
};

// Control characters have no place in the syntax, and a NUL would end a name somewhere further on.
bool check_characters(Reading& reading, std::string_view text,
                      const std::shared_ptr<const SourceFile>& file) {
  unsigned line = 1;
  for (const char c : text) {
    if (c == '\n') {
      ++line;
    } else if ((static_cast<unsigned char>(c) < 0x20 && !is_blank(c)) || c == 0x7f) {
      reading.fail({file, line}, fmt::format("{}: this is not a text file",
                                             c == 0 ? std::string("a NUL byte")
                                                    : fmt::format("control character 0x{:02x}",
                                                                  static_cast<unsigned char>(c))));
      return false;
    }
  }
  return true;
}

void parse_text(Reading& reading, Section& section, unsigned section_depth, std::string_view text,
                const std::shared_ptr<const SourceFile>& file) {
  if (check_characters(reading, text, file)) {
    FileParser(reading, text, file, section_depth).parse(section);
  }
}

// `where` is the include statement; nullopt for the file that the reading starts with.
void read_file(Reading& reading, Section& section, unsigned section_depth, const std::string& path,
               const std::optional<Location>& where) {
  const auto refuse = [&](const std::string& message) {
    if (where) {
      reading.fail(*where, message);
    } else {
      reading.conf.errors.push_back(message);
    }
  };
  if (++reading.files > reading.limits.max_files) {
    refuse(fmt::format("more than {} files are included", reading.limits.max_files));
    return;
  }
  auto loaded = load_file(path, reading.limits.max_total_bytes - reading.bytes);
  if (!loaded) {
    refuse(loaded.error().message);
    return;
  }
  for (const FileId& open : reading.open_files) {
    if (open == loaded->id) {
      refuse(fmt::format("'{}' includes itself", path));
      return;
    }
  }
  reading.bytes += loaded->content.size();
  reading.open_files.push_back(loaded->id);
  const ByteView content = loaded->content.view();
  parse_text(reading, section, section_depth, {reinterpret_cast<const char*>(content.data()), content.size()},
             std::make_shared<const SourceFile>(SourceFile{path, loaded->mode}));
  reading.open_files.pop_back();
}

// A folder that is not there holds no files; one that may not be read is an error.
int is_real_error(const char* /*path*/, int error) {
  return error == ENOENT || error == ENOTDIR ? 0 : 1;
}

void read_included(Reading& reading, Section& section, unsigned section_depth, const std::string& pattern,
                   const Location& where) {
  if (!reading.limits.follow_includes) {
    reading.fail(where, "include is not possible here");
    return;
  }
  if (reading.open_files.size() >= reading.limits.max_include_depth) {
    reading.fail(where, fmt::format("include is nested more than {} deep", reading.limits.max_include_depth));
    return;
  }
  const std::filesystem::path full = std::filesystem::path(where.file->path).parent_path() / pattern;
  if (pattern.find_first_of("*?[") == std::string::npos) {
    read_file(reading, section, section_depth, full.string(), where);
    return;
  }
  glob_t matches{};
  const int result = glob(full.c_str(), 0, is_real_error, &matches);
  if (result == 0) {
    for (std::size_t i = 0; i < matches.gl_pathc && !reading.full(); ++i) {
      read_file(reading, section, section_depth, matches.gl_pathv[i], where);
    }
  } else if (result != GLOB_NOMATCH) {
    reading.fail(where, fmt::format("cannot list the files of '{}'", full.string()));
  }
  globfree(&matches);
}

}  // namespace

Conf read_conf_file(const std::string& path, const ReaderLimits& limits) {
  Reading reading{.limits = limits, .conf = {}, .open_files = {}};
  read_file(reading, reading.conf.root, 0, path, std::nullopt);
  return std::move(reading.conf);
}

Conf read_conf_text(std::string_view text, const std::string& name, const ReaderLimits& limits) {
  Reading reading{.limits = limits, .conf = {}, .open_files = {}};
  parse_text(reading, reading.conf.root, 0, text, std::make_shared<const SourceFile>(SourceFile{name, 0}));
  return std::move(reading.conf);
}

}  // namespace espgate::host::config
