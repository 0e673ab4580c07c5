#include "base/bytes.h"

#include <gtest/gtest.h>

#include <array>

#include "base/checksum.h"
#include "base/hex.h"
#include "base/reader.h"
#include "base/writer.h"

namespace espgate {
namespace {

TEST(Reader, ReadsBigEndianAndStopsAtTheEnd) {
  const Bytes bytes = *from_hex("0102030405060708090a0b0c0d0e0f");
  Reader reader(bytes);
  EXPECT_EQ(reader.u8(), 0x01);
  EXPECT_EQ(reader.u16(), 0x0203);
  EXPECT_EQ(reader.u32(), 0x04050607U);
  EXPECT_EQ(reader.u64(), 0x08090a0b0c0d0e0fU);
  EXPECT_TRUE(reader.ok());
  EXPECT_TRUE(reader.empty());
}

TEST(Reader, AFailedReadPoisonsAllThatFollow) {
  const Bytes bytes = *from_hex("0102");
  Reader reader(bytes);
  EXPECT_EQ(reader.u32(), 0U);
  EXPECT_FALSE(reader.ok());
  EXPECT_EQ(reader.u8(), 0U);
  EXPECT_TRUE(reader.take(1).empty());
  EXPECT_EQ(reader.remaining(), 0U);
}

TEST(Writer, WritesWhatReaderReads) {
  Writer writer;
  writer.u8(1);
  writer.u16(0x0203);
  writer.u32(0);
  writer.u64(0x08090a0b0c0d0e0f);
  writer.patch_u32(3, 0x04050607);
  EXPECT_EQ(to_hex(writer.view()), "0102030405060708090a0b0c0d0e0f");
}

TEST(Hex, RefusesOddLengthsAndOtherCharacters) {
  EXPECT_EQ(from_hex("aBcD"), (Bytes{0xab, 0xcd}));
  EXPECT_FALSE(from_hex("abc"));
  EXPECT_FALSE(from_hex("0x"));
  EXPECT_FALSE(from_hex("0g"));
}

TEST(Checksum, Rfc1071Example) {
  // RFC 1071 section 3: these bytes sum to ddf2.
  EXPECT_EQ(internet_checksum(*from_hex("0001f203f4f5f6f7")), static_cast<std::uint16_t>(~0xddf2));
  EXPECT_EQ(internet_checksum(*from_hex("ff")), 0x00ff);
  EXPECT_EQ(internet_checksum({}), 0xffff);
}

}  // namespace
}  // namespace espgate
