#include "daemon/credential_commands.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "daemon/waits.h"

namespace espgate::host::daemon {
namespace {

using vici::Message;
using CallPtr = std::shared_ptr<vici::Call>;

constexpr std::size_t max_value = 65535;

// NOLINTBEGIN(cppcoreguidelines-pro-type-reinterpret-cast): characters to bytes and back.
ByteView bytes_of(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
std::string text_of(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
// NOLINTEND(cppcoreguidelines-pro-type-reinterpret-cast)

// strongSwan's clients write types in either case.
bool same_word(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return std::ranges::equal(a, b, {}, lower, lower);
}

Message answer_to(const Expected<>& done) {
  return done ? Message().set("success", "yes") : failed_answer(done.error().message);
}

Message answer_to(bool removed, std::string_view what) {
  return removed ? Message().set("success", "yes")
                 : failed_answer(fmt::format("no {} of this name came over the control socket", what));
}

Expected<> load_certificate(CredentialStore& store, const Message& request) {
  const std::string_view type = request.value("type");
  const std::string_view flag = request.value("flag");
  const ByteView data = bytes_of(request.value("data"));
  if (same_word(type, "X509_CRL")) {
    auto crl = ike::Crl::parse(data);
    return crl ? store.add_crl(std::move(*crl)) : std::unexpected(crl.error());
  }
  if (!same_word(type, "X509")) {
    return fail(fmt::format("type '{}': not supported by this version; X509 and X509_CRL are", type));
  }
  if (!flag.empty() && !same_word(flag, "NONE") && !same_word(flag, "CA")) {
    return fail(fmt::format("flag '{}': not supported by this version; NONE and CA are", flag));
  }
  auto certificate = ike::Certificate::parse(data);
  if (!certificate) {
    return std::unexpected(certificate.error());
  }
  return same_word(flag, "CA") ? store.add_authority(std::move(*certificate))
                               : store.add_certificate(std::move(*certificate));
}

Expected<std::string> load_key(CredentialStore& store, const Message& request) {
  const std::string_view type = request.value("type");
  auto key = ike::PrivateKey::parse(bytes_of(request.value("data")));
  if (!key) {
    return std::unexpected(key.error());
  }
  const bool fits = type.empty() || same_word(type, "any") ||
                    (same_word(type, "rsa") && key->type() == ike::KeyType::rsa) ||
                    (same_word(type, "ecdsa") && key->type() == ike::KeyType::ecdsa);
  if (!fits) {
    return fail(fmt::format("type '{}' does not go with an {} key; rsa, ecdsa and any are known", type,
                            ike::to_string(key->type())));
  }
  std::string id = key_id_text(key->id());
  if (auto added = store.add_key(std::move(*key)); !added) {
    return std::unexpected(added.error());
  }
  return id;
}

Expected<> load_secret(CredentialStore& store, const Message& request) {
  const std::string_view type = request.value("type");
  if (!same_word(type, "IKE")) {
    return fail(fmt::format("type '{}': not supported by this version; IKE is", type));
  }
  ike::SharedSecret secret;
  secret.value = Secret(bytes_of(request.value("data")));
  if (secret.value.empty()) {
    return fail("data: the secret is empty");
  }
  bool everybody = false;
  if (const auto* owners = request.find_list("owners")) {
    for (const std::string& text : *owners) {
      auto owner = ike::Identity::parse(text);
      if (!owner) {
        return fail(fmt::format("owners: {}", owner.error().message));
      }
      everybody = everybody || owner->data.empty();
      secret.owners.push_back(std::move(*owner));
    }
  }
  if (everybody) {
    secret.owners.clear();
  }
  return store.add_secret(std::string(request.value("id")), std::move(secret));
}

// strongSwan's form: one section, whose name is the authority's.
Expected<> load_authority(CredentialStore& store, const Message& request) {
  for (const vici::Element& element : request.elements()) {
    const auto* section = std::get_if<Message>(&element.content);
    if (section == nullptr) {
      continue;
    }
    for (const vici::Element& key : section->elements()) {
      const auto* list = std::get_if<std::vector<std::string>>(&key.content);
      if (key.name != "cacert" && (list == nullptr || !list->empty())) {
        return fail(fmt::format("{}.{}: not supported by this version; cacert is", element.name, key.name));
      }
    }
    auto certificate = ike::Certificate::parse(bytes_of(section->value("cacert")));
    if (!certificate) {
      return fail(fmt::format("{}.cacert: {}", element.name, certificate.error().message));
    }
    return store.set_authority(element.name, std::move(*certificate));
  }
  return fail("a section with the authority's name is missing");
}

// What list-certs asks for; nothing said is everything.
struct CertificateFilter {
  std::string type;
  std::string flag;
  std::optional<ike::Identity> subject;

  static Expected<CertificateFilter> parse(const Message& request) {
    CertificateFilter filter{std::string(request.value("type")), std::string(request.value("flag")), {}};
    if (const std::string_view subject = request.value("subject"); !subject.empty()) {
      auto identity = ike::Identity::parse(subject);
      if (!identity) {
        return fail(fmt::format("subject: {}", identity.error().message));
      }
      filter.subject = std::move(*identity);
    }
    return filter;
  }
  bool takes(std::string_view of_type, std::string_view of_flag) const {
    return (type.empty() || same_word(type, "ANY") || same_word(type, of_type)) &&
           (flag.empty() || same_word(flag, "ANY") || same_word(flag, of_flag));
  }
  bool takes(const ike::Certificate& certificate) const { return !subject || certificate.names(*subject); }
};

std::vector<Message> list_certificates(const CredentialStore& store, const CertificateFilter& filter) {
  const ike::Credentials all = store.all();
  std::vector<Message> messages;
  const auto add = [&messages](const char* type, const char* flag, ByteView der) -> Message* {
    if (der.size() > max_value) {
      spdlog::warn("an {} of {} bytes is not listed: the protocol of the control socket has no room for it",
                   type, der.size());
      return nullptr;
    }
    messages.push_back(Message().set("type", type).set("flag", flag).set("data", text_of(der)));
    return &messages.back();
  };
  for (const ike::Certificate& certificate : all.certificates) {
    if (filter.takes("X509", "NONE") && filter.takes(certificate)) {
      Message* message = add("X509", "NONE", certificate.der());
      if (message != nullptr &&
          std::ranges::find(all.keys, certificate.key_id(), &ike::PrivateKey::id) != all.keys.end()) {
        message->set("has_privkey", "yes");
      }
    }
  }
  for (const ike::Certificate& authority : all.authorities) {
    if (filter.takes("X509", "CA") && filter.takes(authority)) {
      add("X509", "CA", authority.der());
    }
  }
  for (const ike::Crl& crl : all.crls) {
    if (filter.takes("X509_CRL", "NONE") && !filter.subject) {
      add("X509_CRL", "NONE", crl.der());
    }
  }
  return messages;
}

std::vector<Message> list_authorities(const CredentialStore& store, std::string_view wanted) {
  std::vector<Message> messages;
  for (const auto& [name, authority] : store.authorities()) {
    if (wanted.empty() || name == wanted) {
      Message message;
      message.section(name)
          .set("cacert", authority.subject().to_string())
          .set_list("crl_uris", {})
          .set_list("ocsp_uris", {});
      messages.push_back(std::move(message));
    }
  }
  return messages;
}

vici::Call::Next each(std::vector<Message> messages) {
  return [messages = std::move(messages), at = std::size_t{0}]() mutable -> std::optional<Message> {
    if (at == messages.size()) {
      return std::nullopt;
    }
    return std::move(messages[at++]);
  };
}

void add_loading(vici::Server& server, CredentialStore& store) {
  server.add_command("load-cert", [&store](const Message& request, const CallPtr& call) {
    call->respond(answer_to(load_certificate(store, request)));
  });
  server.add_command("load-key", [&store](const Message& request, const CallPtr& call) {
    auto id = load_key(store, request);
    call->respond(id ? Message().set("success", "yes").set("id", std::move(*id))
                     : failed_answer(id.error().message));
  });
  server.add_command("load-shared", [&store](const Message& request, const CallPtr& call) {
    call->respond(answer_to(load_secret(store, request)));
  });
  server.add_command("load-authority", [&store](const Message& request, const CallPtr& call) {
    call->respond(answer_to(load_authority(store, request)));
  });
}

void add_unloading(vici::Server& server, CredentialStore& store) {
  server.add_command("unload-key", [&store](const Message& request, const CallPtr& call) {
    call->respond(answer_to(store.remove_key(request.value("id")), "key"));
  });
  server.add_command("unload-shared", [&store](const Message& request, const CallPtr& call) {
    call->respond(answer_to(store.remove_secret(request.value("id")), "secret"));
  });
  server.add_command("unload-authority", [&store](const Message& request, const CallPtr& call) {
    call->respond(answer_to(store.remove_authority(std::string(request.value("name"))), "authority"));
  });
  server.add_command("clear-creds", [&store](const Message& /*request*/, const CallPtr& call) {
    store.clear();
    call->respond(Message().set("success", "yes"));
  });
  server.add_command("flush-certs", [&store](const Message& /*request*/, const CallPtr& call) {
    store.forget_verified();
    call->respond(Message().set("success", "yes"));
  });
}

}  // namespace

void add_credential_commands(vici::Server& server, CredentialStore& store) {
  server.add_event("list-cert");
  server.add_event("list-authority");
  add_loading(server, store);
  add_unloading(server, store);
  server.add_command("get-keys", [&store](const Message& /*request*/, const CallPtr& call) {
    call->respond(Message().set_list("keys", store.key_ids()));
  });
  server.add_command("get-shared", [&store](const Message& /*request*/, const CallPtr& call) {
    call->respond(Message().set_list("keys", store.secret_ids()));
  });
  server.add_command("get-authorities", [&store](const Message& /*request*/, const CallPtr& call) {
    std::vector<std::string> names;
    for (const auto& [name, authority] : store.authorities()) {
      names.push_back(name);
    }
    call->respond(Message().set_list("authorities", std::move(names)));
  });
  server.add_command("list-certs", [&store](const Message& request, const CallPtr& call) {
    const auto filter = CertificateFilter::parse(request);
    if (!filter) {
      call->respond(failed_answer(filter.error().message));
      return;
    }
    call->stream("list-cert", each(list_certificates(store, *filter)), {});
  });
  server.add_command("list-authorities", [&store](const Message& request, const CallPtr& call) {
    call->stream("list-authority", each(list_authorities(store, request.value("name"))), {});
  });
}

}  // namespace espgate::host::daemon
