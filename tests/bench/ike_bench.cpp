// IKE SAs with one Child SA each, brought up between two stacks in this thread: what a core of a responder
// and of an initiator takes for them, and the memory of an established pair. Each beside the OpenSSL
// operations that it cannot do without, measured in the same run.
#include <malloc.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <array>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "ike/stack.h"

namespace espgate::bench {
namespace {

using nlohmann::json;

template <auto Free>
struct Deleter {
  template <typename T>
  void operator()(T* p) const {
    Free(p);
  }
};
using PkeyPtr = std::unique_ptr<EVP_PKEY, Deleter<EVP_PKEY_free>>;
using PkeyCtxPtr = std::unique_ptr<EVP_PKEY_CTX, Deleter<EVP_PKEY_CTX_free>>;
using MdCtxPtr = std::unique_ptr<EVP_MD_CTX, Deleter<EVP_MD_CTX_free>>;
using X509Ptr = std::unique_ptr<X509, Deleter<X509_free>>;
using ExtensionPtr = std::unique_ptr<X509_EXTENSION, Deleter<X509_EXTENSION_free>>;

void require(bool ok, const char* what) {
  if (!ok) {
    throw std::runtime_error(what);
  }
}

template <typename T>
T value(Expected<T> result) {
  require(result.has_value(), result ? "" : result.error().message.c_str());
  return std::move(*result);
}

// CPU time of this thread: other work on the machine does not count.
double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

double seconds_of(const std::function<void()>& operation, int times) {
  const double start = cpu_seconds();
  for (int i = 0; i < times; ++i) {
    operation();
  }
  return (cpu_seconds() - start) / times;
}

PkeyPtr make_key(const std::string& auth) {
  if (auth == "rsa2048") {
    return PkeyPtr(EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", std::size_t{2048}));
  }
  return PkeyPtr(auth == "ed25519" ? EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519")
                                   : EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"));
}

const EVP_MD* digest_for(const EVP_PKEY* key) {
  return EVP_PKEY_get_base_id(key) == EVP_PKEY_ED25519 ? nullptr : EVP_sha256();
}

// Signatures as the stack makes them: PSS for RSA.
Bytes sign(EVP_PKEY* key, ByteView data) {
  const MdCtxPtr ctx(EVP_MD_CTX_new());
  EVP_PKEY_CTX* settings = nullptr;
  std::size_t size = 512;
  Bytes signature(size);
  require(EVP_DigestSignInit(ctx.get(), &settings, digest_for(key), nullptr, key) == 1, "sign");
  if (EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA) {
    EVP_PKEY_CTX_set_rsa_padding(settings, 6);  // RSA_PKCS1_PSS_PADDING
  }
  require(EVP_DigestSign(ctx.get(), signature.data(), &size, data.data(), data.size()) == 1, "sign");
  signature.resize(size);
  return signature;
}

void verify(EVP_PKEY* key, ByteView data, ByteView signature) {
  const MdCtxPtr ctx(EVP_MD_CTX_new());
  EVP_PKEY_CTX* settings = nullptr;
  require(EVP_DigestVerifyInit(ctx.get(), &settings, digest_for(key), nullptr, key) == 1, "verify");
  if (EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA) {
    EVP_PKEY_CTX_set_rsa_padding(settings, 6);
  }
  require(EVP_DigestVerify(ctx.get(), signature.data(), signature.size(), data.data(), data.size()) == 1,
          "verify");
}

// What one end cannot do without, with OpenSSL at its best: nothing looked up that can be kept. Taken piece
// by piece between the handshakes, so that what else the machine does counts for both alike.
class Needed {
 public:
  // `new_peers`: the signature under each peer's certificate is checked too.
  Needed(const std::string& auth, bool new_peers)
      : m_maker(EVP_PKEY_CTX_new_from_name(nullptr, "X25519", nullptr)), m_verifications(new_peers ? 2 : 1) {
    require(EVP_PKEY_fromdata_init(m_maker.get()) == 1, "X25519");
    const PkeyPtr other(EVP_PKEY_Q_keygen(nullptr, nullptr, "X25519"));
    std::size_t size = m_peer.size();
    EVP_PKEY_get_raw_public_key(other.get(), m_peer.data(), &size);
    if (auth != "psk") {
      m_key = make_key(auth);
      m_signature = sign(m_key.get(), m_data);
    }
  }

  void measure(int times) {
    m_seconds += times * seconds_of([&] { exchange_keys(); }, times);
    if (m_key != nullptr) {
      m_seconds += times * seconds_of([&] { sign(m_key.get(), m_data); }, times);
      m_seconds +=
          m_verifications * times * seconds_of([&] { verify(m_key.get(), m_data, m_signature); }, times);
    }
    m_times += times;
  }
  double per_second() const { return m_times / m_seconds; }
  std::string what() const {
    if (m_key == nullptr) {
      return "X25519 key pair and secret";
    }
    return std::string("X25519, one signature, ") +
           (m_verifications == 2 ? "two verifications" : "one verification");
  }

 private:
  PkeyPtr key_of(const char* part, int selection, Bytes& bytes) {
    std::array<OSSL_PARAM, 2> params{OSSL_PARAM_construct_octet_string(part, bytes.data(), bytes.size()),
                                     OSSL_PARAM_construct_end()};
    EVP_PKEY* key = nullptr;
    require(EVP_PKEY_fromdata(m_maker.get(), &key, selection, params.data()) == 1, "X25519");
    return PkeyPtr(key);
  }
  // One key pair and one shared secret.
  void exchange_keys() {
    ++m_own[1];
    const PkeyPtr key = key_of(OSSL_PKEY_PARAM_PRIV_KEY, EVP_PKEY_KEYPAIR, m_own);
    const PkeyPtr theirs = key_of(OSSL_PKEY_PARAM_PUB_KEY, EVP_PKEY_PUBLIC_KEY, m_peer);
    const PkeyCtxPtr ctx(EVP_PKEY_CTX_new_from_pkey(nullptr, key.get(), nullptr));
    Bytes secret(32);
    std::size_t length = secret.size();
    require(EVP_PKEY_derive_init(ctx.get()) == 1 && EVP_PKEY_derive_set_peer(ctx.get(), theirs.get()) == 1 &&
                EVP_PKEY_derive(ctx.get(), secret.data(), &length) == 1,
            "X25519");
  }

  PkeyCtxPtr m_maker;
  int m_verifications;
  Bytes m_own = Bytes(32, 7);
  Bytes m_peer = Bytes(32);
  PkeyPtr m_key;
  Bytes m_data = Bytes(700, 1);
  Bytes m_signature;
  double m_seconds = 0;
  int m_times = 0;
};

struct Holder {
  ike::Certificate certificate;
  ike::PrivateKey key;
  PkeyPtr native;
  X509Ptr x509;
};

Holder issue(const std::string& auth, const std::string& name, const Holder* issuer) {
  PkeyPtr key = make_key(auth);
  X509Ptr made(X509_new());
  X509_set_version(made.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(made.get()),
                   issuer == nullptr ? 1 : static_cast<long>(name.size() + 2));
  X509_gmtime_adj(X509_getm_notBefore(made.get()), -3600);
  X509_gmtime_adj(X509_getm_notAfter(made.get()), 3600L * 24);
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): characters to bytes.
  X509_NAME_add_entry_by_txt(X509_get_subject_name(made.get()), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  X509* above = issuer == nullptr ? made.get() : issuer->x509.get();
  X509_set_issuer_name(made.get(), X509_get_subject_name(above));
  X509_set_pubkey(made.get(), key.get());
  const std::string alternative = "DNS:" + name;
  for (const auto& [nid, text] :
       {std::pair(NID_basic_constraints, issuer == nullptr ? "critical,CA:TRUE" : "CA:FALSE"),
        std::pair(NID_subject_alt_name, alternative.c_str()), std::pair(NID_subject_key_identifier, "hash"),
        std::pair(NID_authority_key_identifier, "keyid")}) {
    X509V3_CTX ctx{};
    X509V3_set_ctx(&ctx, above, made.get(), nullptr, nullptr, 0);
    const ExtensionPtr extension(X509V3_EXT_conf_nid(nullptr, &ctx, nid, text));
    require(extension != nullptr && X509_add_ext(made.get(), extension.get(), -1) == 1, "extension");
  }
  EVP_PKEY* signer = issuer == nullptr ? key.get() : issuer->native.get();
  require(X509_sign(made.get(), signer, digest_for(signer)) > 0, "certificate");
  std::uint8_t* der = nullptr;
  const int size = i2d_X509(made.get(), &der);
  const Bytes certificate(der, der + size);
  OPENSSL_free(der);
  der = nullptr;
  const int key_size = i2d_PrivateKey(key.get(), &der);
  const Bytes private_key(der, der + key_size);
  OPENSSL_free(der);
  return {value(ike::Certificate::parse(certificate)), value(ike::PrivateKey::parse(private_key)),
          std::move(key), std::move(made)};
}

// Takes every SA and forgets its keys.
class Handler final : public ike::ChildSaHandler {
 public:
  Expected<std::uint32_t> allocate_spi() override { return ++m_spi; }
  void release_spi(std::uint32_t /*spi*/) override {}
  Expected<> install(const ike::ChildSa& sa) override {
    ++installed;
    newest = sa.id;
    return {};
  }
  void use_outbound(ike::ChildSaId /*id*/) override {}
  void stop_outbound(ike::ChildSaId /*id*/) override {}
  bool move(ike::ChildSaId /*id*/, const ike::Endpoint& /*local*/, const ike::Endpoint& /*remote*/) override {
    return true;
  }
  void remove(ike::ChildSaId /*id*/) override {}

  std::uint64_t installed = 0;
  ike::ChildSaId newest = 0;

 private:
  std::uint32_t m_spi = 0x1000;
};

struct End {
  explicit End(const ike::Limits& limits) : stack(ike::Stack::create(*random, handler, limits)) {}

  std::unique_ptr<ike::Random> random = ike::make_system_random();
  Handler handler;
  std::unique_ptr<ike::Stack> stack;
  double cpu = 0;  // seconds

  template <typename Work>
  void timed(Work work) {
    const double start = cpu_seconds();
    work();
    cpu += cpu_seconds() - start;
  }
};

// Many initiators' connections are one stack here: each has its own address and name.
IpAddress address_of(unsigned n) {
  return IpAddress::v4(0x0a000000U + n);
}

class Pair {
 public:
  struct Wanted {
    const char* esp = "aes128gcm16-esn";
    std::chrono::seconds dpd_delay{};
    // Certificates of initiators, which take turns.
    unsigned certificates = 1;
    // Whether the one initiator that stands for all knows the responder's certificate from before.
    bool responder_known = true;
  };
  Pair(const std::string& auth, unsigned sas, const Wanted& wanted)
      : m_initiator(limits(sas, wanted.responder_known)), m_responder(limits(sas, true)) {
    const bool psk = auth == "psk";
    std::unique_ptr<Holder> root;
    if (psk) {
      for (End* end : {&m_initiator, &m_responder}) {
        ike::SharedSecret secret;
        secret.value = Secret(Bytes(32, 5));
        std::vector<ike::SharedSecret> secrets;
        secrets.push_back(std::move(secret));
        end->stack->load_shared_secrets(std::move(secrets));
      }
    } else {
      root = std::make_unique<Holder>(issue(auth, "root", nullptr));
      for (unsigned n = 0; n < wanted.certificates; ++n) {
        m_holders.push_back(issue(auth, "initiator" + std::to_string(n), root.get()));
      }
      m_holders.push_back(issue(auth, "responder.example", root.get()));
      m_root = std::move(root);
      give(m_responder, std::span(m_holders).last(1));
      give(m_initiator, std::span(m_holders).first(wanted.certificates));
      for (End* end : {&m_initiator, &m_responder}) {
        end->stack->set_time_of_day(
            std::chrono::time_point_cast<std::chrono::seconds>(std::chrono::system_clock::now()), m_now);
      }
    }
    ike::ConnectionConfig base;
    base.proposals = {value(ike::parse_ike_proposal("aes128gcm16-prfsha256-x25519"))};
    base.local_auth.kind = base.remote_auth.kind = psk ? ike::AuthKind::psk : ike::AuthKind::signature;
    base.dpd_delay = wanted.dpd_delay;
    ike::ChildConfig child;
    child.name = "net";
    child.proposals = {value(ike::parse_esp_proposal(wanted.esp))};
    ike::ConnectionConfig responder = base;
    responder.name = "everybody";
    responder.local_addresses = {{m_responder_address, m_responder_address}};
    responder.local_id = value(ike::Identity::parse("responder.example"));
    child.local_ts = {value(ike::TrafficSelector::parse("192.168.0.0/16"))};
    child.remote_ts = {value(ike::TrafficSelector::parse("10.0.0.0/8"))};
    responder.children = {child};
    require(m_responder.stack->load_connection(std::move(responder)).has_value(), "connection");
    std::swap(child.local_ts, child.remote_ts);
    base.remote_addresses = {{m_responder_address, m_responder_address}};
    base.remote_id = value(ike::Identity::parse("responder.example"));
    base.local_id = value(ike::Identity::parse("initiator"));
    base.children = {child};
    m_base = std::move(base);
  }

  // Brings up `count` more, from the n-th on, all at the same time; the configuration is loaded beforehand
  // and not part of the time.
  void come_up(unsigned n, unsigned count = 1) {
    std::vector<std::string> names;
    for (unsigned i = n; i < n + count; ++i) {
      ike::ConnectionConfig connection = m_base;
      connection.name = "c" + std::to_string(i);
      connection.local_addresses = {{address_of(i), address_of(i)}};
      if (m_root != nullptr) {
        const std::size_t holder = i % (m_holders.size() - 1);
        connection.local_id = value(ike::Identity::parse("initiator" + std::to_string(holder)));
        connection.local_auth.certificates = {m_holders[holder].certificate};
      }
      names.push_back(connection.name);
      require(m_initiator.stack->load_connection(std::move(connection)).has_value(), "connection");
    }
    m_initiator.timed([&] {
      for (const std::string& name : names) {
        value(m_initiator.stack->initiate(name, "net", m_now));
      }
    });
    talk();
    // The IKE SAs keep what they were made from.
    for (const std::string& name : names) {
      m_initiator.stack->unload_connection(name);
    }
  }

  // Replaces the newest Child SA at the initiator's wish; the old one is deleted.
  void rekey_child() {
    m_now += std::chrono::milliseconds(1);
    m_initiator.timed([&] {
      require(m_initiator.stack->rekey_child(m_initiator.handler.newest, m_now), "rekey");
      m_initiator.stack->tick(m_now);
    });
    m_responder.timed([&] { m_responder.stack->tick(m_now); });
    talk();
  }

  // Lets both stacks do what is due until `span` has passed.
  void let_pass(std::chrono::seconds span) {
    const ike::Instant end = m_now + span;
    const auto due = [end](const End& at) {
      const auto timer = at.stack->next_timer();
      return timer && *timer <= end ? timer : std::nullopt;
    };
    for (;;) {
      std::optional<ike::Instant> next;
      for (End* each : {&m_initiator, &m_responder}) {
        each->timed([&] {
          const auto timer = due(*each);
          next = timer && next ? std::min(*timer, *next) : timer ? timer : next;
        });
      }
      if (!next) {
        m_now = end;
        return;
      }
      m_now = std::max(m_now, *next);
      m_initiator.timed([&] { m_initiator.stack->tick(m_now); });
      m_responder.timed([&] { m_responder.stack->tick(m_now); });
      talk();
    }
  }

  End& initiator() { return m_initiator; }
  End& responder() { return m_responder; }
  ike::Instant now() const { return m_now; }

 private:
  void give(End& end, std::span<const Holder> holders) {
    ike::Credentials credentials{
        .certificates = {}, .authorities = {m_root->certificate}, .crls = {}, .keys = {}};
    for (const Holder& holder : holders) {
      credentials.certificates.push_back(holder.certificate);
      credentials.keys.push_back(holder.key);
    }
    end.stack->load_credentials(std::move(credentials));
  }

  void talk() {
    for (bool more = true; more;) {
      more = pass(m_initiator, m_responder);
      more = pass(m_responder, m_initiator) || more;
    }
    m_initiator.stack->take_events();
    m_responder.stack->take_events();
  }

  static ike::Limits limits(unsigned sas, bool peers_known) {
    ike::Limits limits;
    if (!peers_known) {
      limits.max_verified_certificates = 0;
    }
    limits.max_half_open = sas;
    limits.cookie_threshold = sas;
    limits.max_half_open_per_source = sas;
    return limits;
  }

  bool pass(End& from, End& to) {
    std::vector<ike::Datagram> datagrams;
    from.timed([&] { datagrams = from.stack->take_datagrams(); });
    for (ike::Datagram& datagram : datagrams) {
      std::swap(datagram.local, datagram.remote);
    }
    to.timed([&] {
      for (const ike::Datagram& datagram : datagrams) {
        to.stack->receive(datagram, m_now);
      }
    });
    return !datagrams.empty();
  }

  ike::Instant m_now = std::chrono::seconds(1);
  const IpAddress m_responder_address = IpAddress::v4(0xc0000201);
  End m_initiator;
  End m_responder;
  ike::ConnectionConfig m_base;
  std::unique_ptr<Holder> m_root;
  std::vector<Holder> m_holders;  // the responder's last
};

double rounded(double figure, double unit) {
  return std::round(figure / unit) * unit;
}

// `count` times, in slices, with a slice of what the limit is made of after each.
template <typename Slice>
void alternate(Pair& pair, Needed& needed, unsigned count, Slice slice) {
  constexpr unsigned at_once = 50;
  pair.initiator().cpu = pair.responder().cpu = 0;
  for (unsigned done = 0; done < count; done += at_once) {
    slice(done, at_once);
    needed.measure(at_once);
  }
}

// With certificates: of peers that are all new, or that are known from before.
enum class Peers : bool { known, fresh };

void add_establishments(json& results, const std::string& auth, unsigned count, Peers peers = Peers::known) {
  const bool fresh = peers == Peers::fresh;
  Needed needed(auth, fresh);
  Pair pair(auth, count + 1, {.certificates = fresh ? count + 1 : 1, .responder_known = !fresh});
  pair.come_up(0);
  alternate(pair, needed, count, [&](unsigned done, unsigned times) { pair.come_up(1 + done, times); });
  require(pair.responder().handler.installed == count + 1 && pair.initiator().handler.installed == count + 1,
          "not every Child SA came up");
  for (const auto& [role, end] :
       {std::pair("responder", &pair.responder()), {"initiator", &pair.initiator()}}) {
    const double rate = count / end->cpu;
    results.push_back({{"measure", "IKE and Child SA established"},
                       {"auth", auth == "psk" ? auth : auth + (fresh ? ", new peers" : ", known peers")},
                       {"role", role},
                       {"per_core_second", rounded(rate, 1)},
                       {"limit", rounded(needed.per_second(), 1)},
                       {"limit_is", needed.what()},
                       {"ratio", rounded(rate / needed.per_second(), 0.001)}});
  }
}

// What SAs take that are there and carry no message: memory, and the time for their timers.
void add_standing(json& results, unsigned count, std::chrono::seconds dpd_delay) {
  Pair pair("psk", count + 16, {.dpd_delay = dpd_delay});
  for (unsigned n = 0; n < 16; ++n) {
    pair.come_up(n);
  }
  // What both ends hold, halved.
  const std::size_t before = mallinfo2().uordblks;
  for (unsigned n = 16; n < count + 16; ++n) {
    pair.come_up(n);
  }
  const std::size_t after = mallinfo2().uordblks;
  require(pair.responder().handler.installed == count + 16, "not every Child SA came up");
  constexpr double target = 4096;
  const double bytes = static_cast<double>(after - before) / count / 2;
  results.push_back({{"measure", "memory of an IKE SA with its Child SA, mean of both roles"},
                     {"auth", "psk"},
                     {"role", std::to_string(count) + " pairs"},
                     {"bytes_per_pair", rounded(bytes, 1)},
                     {"limit", target},
                     {"limit_is", "the target: no pair takes more"},
                     {"ratio", rounded(bytes / target, 0.001)}});

  pair.initiator().cpu = pair.responder().cpu = 0;
  constexpr std::chrono::seconds span{600};
  pair.let_pass(span);
  constexpr double percent_target = 2;
  for (const auto& [role, end] :
       {std::pair("responder", &pair.responder()), {"initiator", &pair.initiator()}}) {
    const double percent = 100 * end->cpu / static_cast<double>(span.count());
    results.push_back({{"measure", "idle, a liveness check of each every " +
                                       std::to_string(dpd_delay.count()) + " s by the initiator"},
                       {"auth", "psk"},
                       {"role", std::to_string(count) + " at the " + role},
                       {"percent_of_core", rounded(percent, 0.0001)},
                       {"limit", percent_target},
                       {"limit_is", "the target: no more"},
                       {"ratio", rounded(percent / percent_target, 0.0001)}});
  }
}

// A key exchange of its own, the old one's deletion, and all that belongs to both.
void add_rekeys(json& results, unsigned count) {
  Needed needed("psk", false);
  Pair pair("psk", 1, {.esp = "aes128gcm16-x25519-esn"});
  pair.come_up(0);
  alternate(pair, needed, count, [&](unsigned /*done*/, unsigned times) {
    for (unsigned n = 0; n < times; ++n) {
      pair.rekey_child();
    }
  });
  require(pair.responder().handler.installed == count + 1, "not every Child SA was replaced");
  for (const auto& [role, end] :
       {std::pair("responder", &pair.responder()), {"initiator", &pair.initiator()}}) {
    const double rate = count / end->cpu;
    results.push_back({{"measure", "Child SA replaced, with PFS"},
                       {"auth", "none"},
                       {"role", role},
                       {"per_core_second", rounded(rate, 1)},
                       {"limit", rounded(needed.per_second(), 1)},
                       {"limit_is", needed.what()},
                       {"ratio", rounded(rate / needed.per_second(), 0.001)}});
  }
}

int run() {
  json results = json::array();
  add_establishments(results, "psk", 4000);
  add_establishments(results, "ecdsa-p256", 1500);
  add_establishments(results, "ecdsa-p256", 1000, Peers::fresh);
  add_establishments(results, "rsa2048", 500);
  add_establishments(results, "ed25519", 1500);
  add_establishments(results, "ed25519", 1000, Peers::fresh);
  add_rekeys(results, 4000);
  for (const unsigned count : {1000U, 10000U, 100000U}) {
    add_standing(results, count, std::chrono::seconds(300));
  }
  std::puts(results.dump().c_str());
  return 0;
}

}  // namespace
}  // namespace espgate::bench

int main() {
  try {
    return espgate::bench::run();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "ike_bench: %s\n", error.what());
    return 1;
  }
}
