#include "frame_streams.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace espgate::sim {

const FrameBeat& FrameSource::drive(bool pause) {
  if (!m_beat.valid && !m_frames.empty() && !pause) {
    const Frame& frame = m_frames.front();
    const std::size_t count = std::min(beat_bytes, frame.bytes.size() - m_at);
    m_beat.valid = true;
    m_beat.last = m_at + count == frame.bytes.size();
    m_beat.keep = count == beat_bytes ? ~std::uint64_t{0} : (std::uint64_t{1} << count) - 1;
    m_beat.user = frame.user;
    // A stream may carry anything in the bytes that it does not keep.
    m_beat.data.fill(0x5a5a5a5a);
    std::memcpy(m_beat.data.data(), frame.bytes.data() + m_at, count);
  }
  return m_beat;
}

void FrameSource::accept(bool ready) {
  if (!m_beat.valid || !ready) {
    return;
  }
  m_at += beat_bytes;
  if (m_beat.last) {
    m_frames.pop_front();
    m_at = 0;
  }
  m_beat.valid = false;
}

void FrameSource::clear() {
  m_frames.clear();
  m_at = 0;
  m_beat = {};
}

void FrameSink::accept(const FrameBeat& beat, bool ready, std::vector<std::string>& violations) {
  if (m_waiting && beat != *m_waiting) {
    violations.push_back(m_name + ": a beat changed while it waited");
  }
  m_waiting = beat.valid && !ready ? std::optional(beat) : std::nullopt;
  if (!beat.valid && m_inside && m_gapless) {
    violations.push_back(m_name + ": a gap within a frame");
  }
  if (!beat.valid || !ready) {
    return;
  }
  const auto count = static_cast<std::size_t>(std::popcount(beat.keep));
  const bool whole = count == beat_bytes;
  if (count == 0 || (!whole && (!beat.last || beat.keep != (std::uint64_t{1} << count) - 1))) {
    violations.push_back(m_name + ": a hole in the byte strobes");
  }
  if (m_inside && beat.user != m_frame.user) {
    violations.push_back(m_name + ": the user word changed within a frame");
  }
  const std::size_t at = m_frame.bytes.size();
  m_frame.bytes.resize(at + count);
  std::memcpy(m_frame.bytes.data() + at, beat.data.data(), count);
  m_frame.user = beat.user;
  m_inside = !beat.last;
  if (beat.last) {
    m_frames.push_back(std::move(m_frame));
    m_frame = {};
  }
}

std::optional<FrameSink::Frame> FrameSink::next() {
  if (m_frames.empty()) {
    return std::nullopt;
  }
  Frame frame = std::move(m_frames.front());
  m_frames.pop_front();
  return frame;
}

void FrameSink::clear() {
  m_waiting.reset();
  m_frame = {};
  m_inside = false;
  m_frames.clear();
}

}  // namespace espgate::sim
