#include "software/software_engine.h"

#include <fmt/format.h>

#include "sa_check.h"
#include "software/self_test.h"

namespace espgate::driver::software {
namespace {

std::unexpected<Error> no_such_sa(std::string_view direction, SaIndex index) {
  return fail(fmt::format("there is no {} SA {} in engine software", direction, index.value));
}

std::unexpected<Error> table_full(std::string_view direction, std::uint32_t rows) {
  return fail(fmt::format("the {} SA table of engine software is full ({} SAs)", direction, rows));
}

}  // namespace

SoftwareEngine::SoftwareEngine(const SoftwareEngineOptions& options)
    : m_capabilities{.name = "software",
                     .version = "0.2",
                     .aes_gcm_128 = true,
                     .aes_gcm_256 = true,
                     .gmac_128 = true,
                     .gmac_256 = true,
                     .esn = true,
                     .tunnel = true,
                     .ipv6 = true,
                     .transport = true,
                     .udp_encapsulation = true,
                     .tfc = true,
                     .lifetimes = true,
                     .spd_cache = options.spd_cache_entries > 0,
                     .replay_window = ReplayWindow::largest,
                     .max_packet_bytes = max_packet_bytes,
                     .outbound_sas = options.outbound_sas,
                     .inbound_sas = options.inbound_sas,
                     .spd_cache_entries = options.spd_cache_entries},
      m_crypto(options.crypto),
      m_outbound_rows(options.outbound_sas),
      m_inbound_rows(options.inbound_sas),
      m_outbound(options.spd_cache_entries),
      m_inbound(options.spd_cache_entries) {
  m_spis.reserve(options.inbound_sas);
}

Expected<SaIndex> SoftwareEngine::add_outbound(const OutboundSa& sa) {
  if (auto checked = check(sa, m_capabilities); !checked) {
    return std::unexpected(checked.error());
  }
  auto row = OutboundRow::create(sa, m_crypto);
  if (!row) {
    return fail("the AES-GCM key is refused; does OpenSSL's configuration leave AES-GCM available?");
  }
  const auto index = m_outbound_rows.insert(std::move(*row));
  if (!index) {
    return table_full("outbound", m_outbound_rows.rows());
  }
  return SaIndex{*index};
}

Expected<SaIndex> SoftwareEngine::add_inbound(const InboundSa& sa) {
  if (auto checked = check(sa, m_capabilities); !checked) {
    return std::unexpected(checked.error());
  }
  if (m_spis.contains(sa.spi)) {
    return fail(fmt::format("an inbound SA with SPI {:#010x} is there already", sa.spi));
  }
  auto row = InboundRow::create(sa, m_crypto);
  if (!row) {
    return fail("the AES-GCM key is refused; does OpenSSL's configuration leave AES-GCM available?");
  }
  const auto index = m_inbound_rows.insert(std::move(*row));
  if (!index) {
    return table_full("inbound", m_inbound_rows.rows());
  }
  m_spis.emplace(sa.spi, *index);
  return SaIndex{*index};
}

Expected<> SoftwareEngine::remove(Direction direction, SaIndex index) {
  if (direction == Direction::outbound) {
    if (m_outbound_rows.find(index.value) == nullptr) {
      return no_such_sa("outbound", index);
    }
    m_outbound_rows.erase(index.value);
    m_outbound.cache.forget_sa(index.value);
    m_events.forget(direction, index.value);
    return {};
  }
  const InboundRow* row = m_inbound_rows.find(index.value);
  if (row == nullptr) {
    return no_such_sa("inbound", index);
  }
  m_spis.erase(row->spi());
  m_inbound_rows.erase(index.value);
  m_events.forget(direction, index.value);
  return {};
}

Expected<> SoftwareEngine::renew_lease(SaIndex outbound, std::uint64_t lease_limit, std::uint64_t lease_low) {
  OutboundRow* row = m_outbound_rows.find(outbound.value);
  if (row == nullptr) {
    return no_such_sa("outbound", outbound);
  }
  if (auto checked = check_renewal(row->lease(), lease_limit); !checked) {
    return checked;
  }
  row->renew(lease_limit, lease_low);
  m_events.forget(Direction::outbound, outbound.value, kinds_of(Event::Kind::lease_low));
  return {};
}

Expected<> SoftwareEngine::cache_policy(Direction direction, const Flow& flow, Policy policy, SaIndex sa) {
  if (auto checked = check(flow, policy, m_capabilities); !checked) {
    return checked;
  }
  const bool leads_to_sa = direction == Direction::outbound && policy == Policy::protect;
  if (leads_to_sa && m_outbound_rows.find(sa.value) == nullptr) {
    return no_such_sa("outbound", sa);
  }
  SpdCache& cache = half(direction).cache;
  if (!cache.set(flow, {.policy = policy, .sa = leads_to_sa ? sa.value : 0})) {
    return fail(fmt::format("the {} SPD cache of engine software is full ({} flows); forget some first",
                            direction == Direction::outbound ? "outbound" : "inbound", cache.limit()));
  }
  return {};
}

Expected<> SoftwareEngine::forget_policy(Direction direction, const Flow& flow) {
  half(direction).cache.forget(flow);
  return {};
}

Expected<OutboundSaCounters> SoftwareEngine::outbound_sa_counters(SaIndex index) {
  const OutboundRow* row = m_outbound_rows.find(index.value);
  if (row == nullptr) {
    return no_such_sa("outbound", index);
  }
  return row->counters();
}

Expected<InboundSaCounters> SoftwareEngine::inbound_sa_counters(SaIndex index) {
  const InboundRow* row = m_inbound_rows.find(index.value);
  if (row == nullptr) {
    return no_such_sa("inbound", index);
  }
  return row->counters();
}

Expected<> SoftwareEngine::self_test(SelfTest how) {
  m_self_test_failed = !software::self_test(how == SelfTest::fail, m_crypto);
  return health();
}

Expected<> SoftwareEngine::health() {
  if (m_failure != nullptr) {
    return fail(fmt::format("engine software stopped: {}", m_failure));
  }
  if (m_self_test_failed) {
    return fail("engine software failed its self-test: its AES-GCM gives wrong answers");
  }
  return {};
}

}  // namespace espgate::driver::software

namespace espgate::driver {

bool is_available(CryptoLibrary library) {
  return library != CryptoLibrary::ipsec_mb || software::IpsecMbGcm::available();
}

Expected<std::unique_ptr<Engine>> make_software_engine(const SoftwareEngineOptions& options) {
  if (options.outbound_sas == 0 || options.inbound_sas == 0) {
    return fail("the software engine needs room for at least one SA in each direction");
  }
  if (!is_available(options.crypto)) {
    return fail(
        "libipsec-mb is not there: install libipsec-mb-dev and build again, on a processor with AES-NI");
  }
  auto engine = std::make_unique<software::SoftwareEngine>(options);
  if (auto tested = engine->self_test(SelfTest::run); !tested) {
    return std::unexpected(tested.error());
  }
  return engine;
}

}  // namespace espgate::driver
