#include "config/conf_reader.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <random>

#include "temp_dir.h"

namespace espgate::host::config {
namespace {

using Errors = std::vector<std::string>;

Errors errors_of(std::string_view text, const ReaderLimits& limits = {}) {
  return read_conf_text(text, "t.conf", limits).errors;
}

std::string value_of(std::string_view text) {
  const Conf conf = read_conf_text(text, "t.conf");
  EXPECT_EQ(conf.errors, Errors{});
  const Setting* setting = conf.root.find("key");
  return setting == nullptr ? "(none)" : std::string(setting->text());
}

TEST(ConfReader, ReadsSectionsKeysAndComments) {
  const Conf conf = read_conf_text(
      "# a comment\n"
      "connections {\n"
      "  site {  # another\n"
      "    version = 2\n"
      "    local { auth = psk }\n"
      "    remote\n"
      "    {\n"
      "      auth=psk\n"
      "    }\n"
      "  }\n"
      "}\n",
      "t.conf");
  ASSERT_EQ(conf.errors, Errors{});
  const Section* site = conf.root.find_section("connections")->find_section("site");
  ASSERT_NE(site, nullptr);
  EXPECT_EQ(site->where().to_string(), "t.conf:3");
  EXPECT_EQ(site->find("version")->text(), "2");
  EXPECT_EQ(site->find("version")->where.to_string(), "t.conf:4");
  EXPECT_EQ(site->find_section("local")->find("auth")->text(), "psk");
  EXPECT_EQ(site->find_section("remote")->find("auth")->where.line, 8U);
  EXPECT_EQ(site->find("nothing"), nullptr);
  EXPECT_EQ(site->find_section("nothing"), nullptr);
}

TEST(ConfReader, ReadsValuesAsStrongSwanWritesThem) {
  EXPECT_EQ(value_of("key = one   two\tthree  # not this\n"), "one two three");
  EXPECT_EQ(value_of("key = \"a # {b} = c\"\n"), "a # {b} = c");
  EXPECT_EQ(value_of("key = \"tab\\tquote\\\" back\\\\ \\x\"\n"), "tab\tquote\" back\\ x");
  EXPECT_EQ(value_of("key = \"over\nlines\"\n"), "over\nlines");
  EXPECT_EQ(value_of("key = \"joined \\\nlines\"\n"), "joined lines");
  EXPECT_EQ(value_of("key = a \"b c\" d"), "a b c d");
  EXPECT_EQ(value_of("key =\n"), "");
  EXPECT_EQ(value_of("key = \"\""), "");
  EXPECT_EQ(value_of("key = a=b{c\r\n"), "a=b{c");
  EXPECT_EQ(value_of("key = \\backslash\\n\n"), "\\backslash\\n");
  EXPECT_EQ(value_of("key = 1\nkey = 2\n"), "2");
  EXPECT_EQ(value_of("include = x\nkey = y\n"), "y");
}

TEST(ConfReader, ContinuesSectionsThatComeAgainAndKeepsTheirOrder) {
  const Conf conf = read_conf_text("b { x = 1 }\na { x = 2 }\nb { y = 3 }\n", "t.conf");
  ASSERT_EQ(conf.errors, Errors{});
  ASSERT_EQ(conf.root.sections().size(), 2U);
  EXPECT_EQ(conf.root.sections()[0].name(), "b");
  EXPECT_EQ(conf.root.sections()[0].find("x")->text(), "1");
  EXPECT_EQ(conf.root.sections()[0].find("y")->text(), "3");
  EXPECT_EQ(conf.root.sections()[1].name(), "a");
}

TEST(ConfReader, NamesThePlaceOfEachSyntaxError) {
  EXPECT_EQ(errors_of("a {\n  b = c\n"),
            Errors{"t.conf:3: the file ends inside section 'a', opened at line 1: a '}' is missing"});
  EXPECT_EQ(errors_of("a { }\n}\n"), Errors{"t.conf:2: '}' closes no section of this file"});
  EXPECT_EQ(errors_of("\n= x\n"), Errors{"t.conf:2: '=' where a key or a section name should stand"});
  EXPECT_EQ(errors_of("{ }\n"), Errors{"t.conf:1: '{' where a key or a section name should stand"});
  EXPECT_EQ(errors_of("\"a\" = x\n"), Errors{"t.conf:1: '\"' where a key or a section name should stand"});
  EXPECT_EQ(errors_of("a = \"x\ny\n"), Errors{"t.conf:1: a quoted value is not closed: a '\"' is missing"});
  EXPECT_EQ(errors_of("a.b = x\n"), Errors{"t.conf:1: 'a.b': a name cannot hold a '.'"});
  EXPECT_EQ(errors_of("a : b { }\n"), (Errors{"t.conf:1: 'a' is followed by neither '=' nor '{'"}));
  EXPECT_EQ(
      errors_of("a:b { }\n"),
      Errors{"t.conf:1: ':' in a name: references to other sections are not supported by this version"});
  EXPECT_EQ(errors_of("lonely"), Errors{"t.conf:1: 'lonely' is followed by neither '=' nor '{'"});
  EXPECT_EQ(errors_of("include \n"), Errors{"t.conf:1: include without a file name"});
}

TEST(ConfReader, ListsAllErrorsAndGoesOn) {
  EXPECT_EQ(errors_of("= 1\na = 1\n= 2\nb { c\n d = 1 }\n"),
            (Errors{"t.conf:1: '=' where a key or a section name should stand",
                    "t.conf:3: '=' where a key or a section name should stand",
                    "t.conf:4: 'c' is followed by neither '=' nor '{'"}));
}

TEST(ConfReader, DoesNotRepeatASecretWhoseEqualsSignWasForgotten) {
  for (const std::string& error : errors_of("ike {\n secret hush dear\n}\n")) {
    EXPECT_EQ(error.find("hush"), std::string::npos) << error;
    EXPECT_EQ(error.find("dear"), std::string::npos) << error;
  }
}

TEST(ConfReader, RefusesNulAndControlBytes) {
  EXPECT_EQ(errors_of(std::string_view("a = 1\nb = \0\n", 11)),
            Errors{"t.conf:2: a NUL byte: this is not a text file"});
  EXPECT_EQ(errors_of("a = \x01\n"), Errors{"t.conf:1: control character 0x01: this is not a text file"});
  EXPECT_EQ(errors_of("a = gr\xc3\xbc\xc3\x9f\n"), Errors{});
}

TEST(ConfReader, BoundsNestingNamesValuesAndErrors) {
  std::string deep;
  for (int i = 0; i < 100000; ++i) {
    deep += "a{";
  }
  EXPECT_EQ(errors_of(deep), Errors{"t.conf:1: sections are nested more than 16 deep"});
  EXPECT_EQ(errors_of(std::string(256, 'n') + " = 1\n"),
            Errors{"t.conf:1: a name of 256 bytes; at most 255 are allowed"});
  EXPECT_EQ(errors_of("a = " + std::string(65536, 'v') + "\nb = 1\n"),
            Errors{"t.conf:1: a value of more than 65535 bytes"});
  std::string many;
  for (int i = 0; i < 1000; ++i) {
    many += "}\n";
  }
  const Errors errors = errors_of(many);
  EXPECT_EQ(errors.size(), 101U);
  EXPECT_EQ(errors.back(), "too many errors; the rest of the configuration was not looked at");
}

TEST(ConfReader, ReadsALargeFileInLinearTime) {
  std::string text;
  for (int i = 0; i < 100000; ++i) {
    text += "section" + std::to_string(i) + " { key" + std::to_string(i) + " = value }\n";
  }
  const Conf conf = read_conf_text(text, "t.conf");
  EXPECT_EQ(conf.errors, Errors{});
  EXPECT_EQ(conf.root.sections().size(), 100000U);
}

TEST(ConfReader, SurvivesEveryTruncationAndRandomText) {
  const std::string text = "a { b = \"c\\\"d\" # e\n include x*\n f { g = h i }\n}\n";
  ReaderLimits limits;
  limits.follow_includes = false;
  for (std::size_t size = 0; size <= text.size(); ++size) {
    read_conf_text(std::string_view(text).substr(0, size), "t.conf", limits);
  }
  std::mt19937 random(1);
  constexpr std::string_view alphabet = "ab={}\"#\\\n\t .:include ";
  for (int round = 0; round < 5000; ++round) {
    std::string noise;
    for (std::size_t i = random() % 60; i > 0; --i) {
      noise += alphabet[random() % alphabet.size()];
    }
    const Conf conf = read_conf_text(noise, "t.conf", limits);
    EXPECT_LE(conf.errors.size(), limits.max_errors + 1);
  }
}

TEST(ConfReaderFiles, IncludesRelativeToTheFileAndInOrder) {
  const TempDir dir;
  ::mkdir(dir.path("conf.d").c_str(), 0700);
  dir.write("conf.d/2.conf", "x = 2\nsecond { }\n");
  dir.write("conf.d/1.conf", "x = 1\nfirst { }\ninclude deeper/three.conf\n");
  ::mkdir(dir.path("conf.d/deeper").c_str(), 0700);
  dir.write("conf.d/deeper/three.conf", "third = yes\n");
  const std::string main =
      dir.write("main.conf", "top {\n include conf.d/*.conf\n include none.d/*.conf\n}\n");
  const Conf conf = read_conf_file(main);
  ASSERT_EQ(conf.errors, Errors{});
  const Section* top = conf.root.find_section("top");
  EXPECT_EQ(top->find("x")->text(), "2");
  EXPECT_EQ(top->find("x")->where.to_string(), dir.path("conf.d/2.conf") + ":1");
  EXPECT_EQ(top->find("third")->text(), "yes");
  EXPECT_EQ(top->sections().front().name(), "first");
}

TEST(ConfReaderFiles, RefusesLoopsMissingFilesAndOtherThings) {
  const TempDir dir;
  const std::string self = dir.write("self.conf", "include self.conf\n");
  EXPECT_EQ(read_conf_file(self).errors, Errors{self + ":1: '" + self + "' includes itself"});
  const std::string a = dir.write("a.conf", "\ninclude b.conf\n");
  const std::string b = dir.write("b.conf", "include a.*\n");
  EXPECT_EQ(read_conf_file(a).errors, Errors{b + ":1: '" + a + "' includes itself"});
  const std::string missing = dir.write("missing.conf", "include nowhere.conf\n");
  EXPECT_EQ(read_conf_file(missing).errors, Errors{missing + ":1: cannot open '" + dir.path("nowhere.conf") +
                                                   "': No such file or directory"});
  EXPECT_EQ(read_conf_file(dir.path("nowhere.conf")).errors,
            Errors{"cannot open '" + dir.path("nowhere.conf") + "': No such file or directory"});
  EXPECT_EQ(read_conf_file(dir.path("")).errors, Errors{"'" + dir.path("") + "' is not a regular file"});
  ASSERT_EQ(::mkfifo(dir.path("fifo").c_str(), 0600), 0);
  EXPECT_EQ(read_conf_file(dir.path("fifo")).errors,
            Errors{"'" + dir.path("fifo") + "' is not a regular file"});
}

TEST(ConfReaderFiles, BoundsIncludes) {
  const TempDir dir;
  for (int i = 0; i < 20; ++i) {
    dir.write("f" + std::to_string(i), "include f" + std::to_string(i + 1) + "\n");
  }
  EXPECT_EQ(read_conf_file(dir.path("f0")).errors,
            Errors{dir.path("f9") + ":1: include is nested more than 10 deep"});

  dir.write("leaf", "x = 1\n");
  const std::string wide = dir.write("wide", "include leaf\ninclude leaf\n");
  ReaderLimits limits;
  limits.max_files = 2;
  EXPECT_EQ(read_conf_file(wide, limits).errors, Errors{wide + ":2: more than 2 files are included"});
  limits = {};
  limits.max_total_bytes = 32;
  EXPECT_EQ(read_conf_file(wide, limits).errors,
            Errors{wide + ":2: '" + dir.path("leaf") + "' is too large: 6 bytes, 0 are left of the limit"});
}

TEST(ConfReaderFiles, KeepsTheModeOfEachFile) {
  const TempDir dir;
  const Conf conf = read_conf_file(dir.write("open.conf", "x = 1\n", 0644));
  EXPECT_EQ(conf.root.find("x")->where.file->mode, 0644U);
}

}  // namespace
}  // namespace espgate::host::config
