// The two ends of a stream of frames: one that offers them beat by beat, one that takes them and checks them.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "packet_stream.h"

namespace espgate::sim {

// xorshift32: one decision a cycle, the same every time.
class Chance {
 public:
  void seed(std::uint32_t seed) { m_state = seed * 2654435761U | 1U; }
  // With a chance of `of_256` in 256.
  bool happens(std::uint8_t of_256) {
    if (of_256 == 0) {
      return false;
    }
    m_state ^= m_state << 13;
    m_state ^= m_state >> 17;
    m_state ^= m_state << 5;
    return (m_state >> 16 & 0xff) < of_256;
  }

 private:
  std::uint32_t m_state = 1;
};

struct FrameBeat {
  bool valid = false;
  bool last = false;
  std::uint64_t keep = 0;
  std::uint32_t user = 0;
  BeatWords data{};
  bool operator==(const FrameBeat&) const = default;
};

class FrameSource {
 public:
  // `last_user` stands beside the last beat, `user` beside every beat.
  struct Frame {
    Bytes bytes;
    std::uint32_t user = 0;
    bool damaged = false;
  };
  void send(Frame frame) { m_frames.push_back(std::move(frame)); }
  bool empty() const { return m_frames.empty(); }
  // The beat of the coming edge; once offered it stays until it was taken.
  const FrameBeat& drive(bool pause);
  bool damaged() const { return m_beat.valid && m_beat.last && m_frames.front().damaged; }
  void accept(bool ready);
  void clear();

 private:
  std::deque<Frame> m_frames;
  std::size_t m_at = 0;
  FrameBeat m_beat;
};

class FrameSink {
 public:
  struct Frame {
    Bytes bytes;
    std::uint32_t user = 0;
  };
  explicit FrameSink(std::string name, bool gapless) : m_name(std::move(name)), m_gapless(gapless) {}
  // Takes the beat that was offered at an edge, if ready.
  void accept(const FrameBeat& beat, bool ready, std::vector<std::string>& violations);
  std::optional<Frame> next();
  void clear();

 private:
  std::string m_name;
  bool m_gapless;
  std::optional<FrameBeat> m_waiting;
  Frame m_frame;
  bool m_inside = false;
  std::deque<Frame> m_frames;
};

}  // namespace espgate::sim
