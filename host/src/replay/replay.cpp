#include "replay/replay.h"

#include <fmt/format.h>

#include <array>
#include <span>

#include "replay/capture.h"
#include "replay/sa_set.h"

namespace espgate::host::replay {
namespace {

// Packets within the engine at a time.
constexpr std::size_t slots = 256;
// An engine that finishes nothing for so many polls is asked whether it is well; one that says so for ever is
// given up.
constexpr unsigned polls_between_checks = 1000;
constexpr unsigned most_checks = 1000;

class Runner {
 public:
  Runner(driver::Engine& engine, const Options& options, std::vector<SaDescription> sas, CaptureReader input,
         CaptureWriter output)
      : m_engine(engine),
        m_direction(options.direction),
        m_sas(engine, options.direction, std::move(sas)),
        m_input(std::move(input)),
        m_output(std::move(output)),
        m_slots(slots) {
    for (std::size_t i = slots; i > 0; --i) {
      m_free.push_back(i - 1);
    }
  }

  Expected<Report> run() {
    const auto before = m_engine.counters();
    if (!before) {
      return std::unexpected(before.error());
    }
    while (true) {
      const auto frame = m_input.next();
      if (!frame) {
        return std::unexpected(frame.error());
      }
      const std::optional<Frame>& next = *frame;
      if (!next) {
        break;
      }
      if (auto taken = take(*next); !taken) {
        return std::unexpected(taken.error());
      }
    }
    while (m_free.size() < slots) {
      if (auto waited = wait(); !waited) {
        return std::unexpected(waited.error());
      }
    }
    if (auto written = m_output.finish(); !written) {
      return std::unexpected(written.error());
    }
    return finish(*before);
  }

 private:
  struct Slot {
    std::uint64_t frame = 0;
    timeval time{};
    Bytes input;
    Bytes output;
  };

  Expected<> take(const Frame& frame) {
    ++m_report.frames;
    m_report.cut += frame.cut ? 1 : 0;
    const auto packet = ip_packet(m_input.link_type(), frame.bytes);
    if (!packet) {
      ++m_report.not_ip;
      return {};
    }
    driver::SaIndex row;
    if (m_direction == driver::Direction::outbound) {
      const auto chosen = m_sas.for_outbound(*packet);
      if (!chosen) {
        return std::unexpected(chosen.error());
      }
      const std::optional<driver::SaIndex>& sa = *chosen;
      if (!sa) {
        ++m_report.no_sa;
        drop(frame.number, "no_sa");
        return {};
      }
      row = *sa;
    } else if (auto known = m_sas.for_inbound(*packet); !known) {
      return known;
    }
    return submit(frame, *packet, row);
  }

  Expected<> submit(const Frame& frame, ByteView packet, driver::SaIndex row) {
    while (m_free.empty()) {
      if (auto waited = wait(); !waited) {
        return waited;
      }
    }
    const std::size_t index = m_free.back();
    m_free.pop_back();
    Slot& slot = m_slots[index];
    slot.frame = frame.number;
    slot.time = frame.time;
    slot.input.assign(packet.begin(), packet.end());
    slot.output.resize(std::max<std::size_t>(packet.size(), m_engine.capabilities().max_packet_bytes) +
                       driver::max_expansion);
    const driver::PacketRequest request{
        .cookie = index, .sa = row, .input = slot.input, .output = slot.output};
    while (m_engine.submit(m_direction, std::span(&request, 1)) == 0) {
      if (auto waited = wait(); !waited) {
        return waited;
      }
    }
    return {};
  }

  // Polls until something is finished.
  Expected<> wait() {
    std::array<driver::Completion, 32> completions{};
    for (unsigned check = 0; check < most_checks; ++check) {
      for (unsigned poll = 0; poll < polls_between_checks; ++poll) {
        const std::size_t count = m_engine.poll(m_direction, completions);
        for (const driver::Completion& completion : std::span(completions).first(count)) {
          complete(completion);
        }
        take_events();
        if (count > 0) {
          return {};
        }
      }
      if (auto well = m_engine.health(); !well) {
        return fail(fmt::format("the engine failed with {} packets within it: {}", slots - m_free.size(),
                                well.error().message));
      }
    }
    return fail(fmt::format("the engine finishes nothing, with {} packets within it", slots - m_free.size()));
  }

  void complete(const driver::Completion& completion) {
    Slot& slot = m_slots.at(completion.cookie);
    if (completion.length > 0) {
      m_output.write(slot.time, ByteView(slot.output).first(completion.length));
    } else {
      drop(slot.frame, to_string(completion.verdict));
    }
    m_free.push_back(completion.cookie);
  }

  void drop(std::uint64_t frame, std::string_view why) {
    if (m_report.dropped.size() < most_dropped) {
      m_report.dropped.push_back({frame, std::string(why)});
    }
  }

  // The counters say what they said; they only must not fill the engine's queue.
  void take_events() {
    std::array<driver::Event, 32> events{};
    while (m_engine.poll_events(events) == events.size()) {
    }
  }

  Expected<Report> finish(const driver::Counters& before) {
    const auto after = m_engine.counters();
    if (!after) {
      return std::unexpected(after.error());
    }
    m_report.engine = m_engine.capabilities().name;
    m_report.version = m_engine.capabilities().version;
    m_report.direction = m_direction;
    m_report.counters = m_direction == driver::Direction::outbound ? after->outbound : after->inbound;
    if (after->cycles > 0) {
      m_report.cycles = after->cycles - before.cycles;
    }
    for (const SaSet::Programmed& sa : m_sas.programmed()) {
      SaReport report{.spi = sa.spi, .outbound = {}, .inbound = {}};
      if (m_direction == driver::Direction::outbound) {
        auto counters = m_engine.outbound_sa_counters(sa.row);
        if (!counters) {
          return std::unexpected(counters.error());
        }
        report.outbound = *counters;
      } else {
        auto counters = m_engine.inbound_sa_counters(sa.row);
        if (!counters) {
          return std::unexpected(counters.error());
        }
        report.inbound = *counters;
      }
      m_report.sas.push_back(report);
    }
    return std::move(m_report);
  }

  driver::Engine& m_engine;
  driver::Direction m_direction;
  SaSet m_sas;
  CaptureReader m_input;
  CaptureWriter m_output;
  std::vector<Slot> m_slots;
  std::vector<std::size_t> m_free;
  Report m_report;
};

}  // namespace

Expected<Report> run(driver::Engine& engine, const Options& options) {
  auto sas = load_sas(options.sa_file, options.sa_defaults);
  if (!sas) {
    return std::unexpected(sas.error());
  }
  auto input = CaptureReader::open(options.input);
  if (!input) {
    return std::unexpected(input.error());
  }
  auto output = CaptureWriter::create(options.output);
  if (!output) {
    return std::unexpected(output.error());
  }
  auto report = Runner(engine, options, std::move(sas->sas), std::move(*input), std::move(*output)).run();
  if (report) {
    report->skipped_sas = std::move(sas->skipped);
  }
  return report;
}

}  // namespace espgate::host::replay
