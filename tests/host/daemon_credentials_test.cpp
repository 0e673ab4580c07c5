// Certificates, keys and secrets over the control socket, from a client of ours and from strongSwan's.
#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "auth/private_key.h"
#include "control_fixture.h"
#include "daemon/credential_commands.h"
#include "temp_dir.h"
#include "test_pki.h"

namespace espgate::host::daemon {
namespace {

using ike::test::Holder;
using ike::test::issue;
using ike::test::make_authority;
using ike::test::make_crl_der;

std::string text(ByteView bytes) {
  return {bytes.begin(), bytes.end()};
}

// The test's keys are made by OpenSSL, and go over the socket as it writes them.
std::string private_key_pem(const Holder& holder) {
  const std::unique_ptr<BIO, int (*)(BIO*)> bio(BIO_new(BIO_s_mem()), BIO_free);
  EXPECT_EQ(
      PEM_write_bio_PrivateKey(bio.get(), holder.key.impl().key.get(), nullptr, nullptr, 0, nullptr, nullptr),
      1);
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

class DaemonCredentials : public DaemonControl {
 protected:
  Holder root = make_authority("C=CH, O=Example, CN=Root");
  Holder gate =
      issue({.subject = "C=CH, O=Example, CN=gate", .alternative_names = "DNS:gate.example.org"}, &root);

  std::string success(const std::string& command, const Message& message) {
    const Message answer = request(command, message);
    return std::string(answer.value("success")) + std::string(answer.value("errmsg"));
  }
  std::vector<std::string> names(const std::string& command, const char* key = "keys") {
    const Message answer = request(command);
    const auto* list = answer.find_list(key);
    EXPECT_NE(list, nullptr) << command;
    return list == nullptr ? std::vector<std::string>{} : *list;
  }
  static Message certificate(const Holder& holder, const char* flag) {
    return Message().set("type", "X509").set("flag", flag).set("data", text(holder.certificate.der()));
  }
  std::string initiate() {
    const Message answer =
        request("initiate", Message().set("child", "net").set("ike", "site").set("timeout", "20000"));
    return std::string(answer.value("success"));
  }
};

TEST_F(DaemonCredentials, ASecretCountsFromItsLoadingToItsUnloading) {
  stop();
  PairConfig b = config_b();
  b.secret = "another one";
  start(b);
  const auto secret = [](const char* id, const char* data) {
    return Message()
        .set("id", id)
        .set("type", "IKE")
        .set("data", data)
        .set_list("owners", {"192.0.2.1", "192.0.2.2"});
  };
  EXPECT_EQ(initiate(), "no");
  EXPECT_EQ(success("load-shared", secret("with-b", "wrong")), "yes");
  EXPECT_EQ(success("load-shared", secret("with-b", "another one")), "yes") << "takes the place of the other";
  EXPECT_EQ(names("get-shared"), std::vector<std::string>{"with-b"});
  EXPECT_EQ(initiate(), "yes");
  // What the files say comes anew; what came over the socket stays.
  EXPECT_EQ(request("espgate-reload").value("success"), "yes");
  EXPECT_EQ(names("get-shared"), std::vector<std::string>{"with-b"});
  EXPECT_EQ(request("terminate", Message().set("ike", "site")).value("success"), "yes");
  EXPECT_EQ(success("unload-shared", Message().set("id", "with-b")), "yes");
  EXPECT_EQ(success("unload-shared", Message().set("id", "with-b")),
            "nono secret of this name came over the control socket");
  EXPECT_TRUE(names("get-shared").empty());
  EXPECT_EQ(initiate(), "no");
}

TEST_F(DaemonCredentials, CertificatesAndKeysAreListedAndNeverReadBack) {
  EXPECT_EQ(success("load-cert", certificate(root, "CA")), "yes");
  EXPECT_EQ(success("load-cert", certificate(gate, "NONE")), "yes");
  EXPECT_EQ(success("load-cert", certificate(gate, "NONE")), "yes") << "once is enough";
  EXPECT_EQ(
      success("load-cert",
              Message().set("type", "X509_CRL").set("data", text(make_crl_der(root, {gate.certificate})))),
      "yes");
  const std::string pem = private_key_pem(gate);
  const Message loaded = request("load-key", Message().set("type", "ecdsa").set("data", pem));
  EXPECT_EQ(loaded.value("success"), "yes") << loaded.value("errmsg");
  const std::string id = key_id_text(gate.key.id());
  EXPECT_EQ(loaded.value("id"), id);
  EXPECT_EQ(names("get-keys"), std::vector<std::string>{id});

  const auto all = listing("list-certs", "list-cert");
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[0].value("data"), text(gate.certificate.der()));
  EXPECT_EQ(all[0].value("has_privkey"), "yes");
  EXPECT_EQ(all[1].value("flag"), "CA");
  EXPECT_EQ(all[1].find("has_privkey"), nullptr);
  EXPECT_EQ(all[2].value("type"), "X509_CRL");
  EXPECT_EQ(listing("list-certs", "list-cert", Message().set("flag", "CA")).size(), 1U);
  EXPECT_EQ(listing("list-certs", "list-cert", Message().set("subject", "gate.example.org")).size(), 1U);
  EXPECT_EQ(listing("list-certs", "list-cert", Message().set("type", "X509_AC")).size(), 0U);

  EXPECT_EQ(success("unload-key", Message().set("id", id)), "yes");
  EXPECT_EQ(listing("list-certs", "list-cert").front().find("has_privkey"), nullptr);
  EXPECT_EQ(success("flush-certs", {}), "yes");
  EXPECT_EQ(success("clear-creds", {}), "yes");
  EXPECT_TRUE(listing("list-certs", "list-cert").empty());
}

TEST_F(DaemonCredentials, AuthoritiesHaveNames) {
  Message message;
  message.section("example").set("cacert", text(root.certificate.der())).set_list("crl_uris", {});
  EXPECT_EQ(success("load-authority", message), "yes");
  EXPECT_EQ(names("get-authorities", "authorities"), std::vector<std::string>{"example"});
  const auto listed = listing("list-authorities", "list-authority");
  ASSERT_EQ(listed.size(), 1U);
  ASSERT_NE(listed.front().find_section("example"), nullptr);
  EXPECT_EQ(listed.front().find_section("example")->value("cacert"), "C=CH, O=Example, CN=Root");
  EXPECT_EQ(listing("list-certs", "list-cert", Message().set("flag", "CA")).size(), 1U);
  message.section("example").set_list("crl_uris", {"http://crl.example.org"});
  EXPECT_NE(success("load-authority", message).find("crl_uris: not supported"), std::string::npos);
  EXPECT_EQ(success("unload-authority", Message().set("name", "example")), "yes");
  EXPECT_TRUE(listing("list-certs", "list-cert").empty());
}

TEST_F(DaemonCredentials, WhatIsOfNoUseIsRefusedWithTheReason) {
  const auto refused = [&](const char* command, const Message& message) {
    const Message answer = request(command, message);
    EXPECT_EQ(answer.value("success"), "no") << command;
    return std::string(answer.value("errmsg"));
  };
  EXPECT_NE(refused("load-cert", certificate(gate, "CA")).find("no authority"), std::string::npos);
  EXPECT_NE(refused("load-cert", certificate(gate, "OCSP")).find("flag 'OCSP'"), std::string::npos);
  EXPECT_NE(refused("load-cert", Message().set("type", "X509").set("data", "junk")).find("not an X.509"),
            std::string::npos);
  EXPECT_NE(refused("load-cert", Message().set("type", "PUBKEY")).find("type 'PUBKEY'"), std::string::npos);
  EXPECT_NE(refused("load-key", Message().set("type", "any").set("data", "junk")).find("not a private key"),
            std::string::npos);
  EXPECT_NE(refused("load-key", Message().set("type", "rsa").set("data", private_key_pem(gate)))
                .find("does not go with an ECDSA key"),
            std::string::npos);
  EXPECT_NE(refused("load-shared", Message().set("type", "EAP").set("data", "x")).find("type 'EAP'"),
            std::string::npos);
  EXPECT_NE(refused("load-shared", Message().set("type", "IKE")).find("empty"), std::string::npos);
  EXPECT_NE(refused("load-authority", {}).find("section"), std::string::npos);
  EXPECT_NE(refused("unload-key", Message().set("id", "00")).find("no key"), std::string::npos);
  EXPECT_TRUE(names("get-keys").empty());
  EXPECT_TRUE(listing("list-certs", "list-cert").empty());
}

// strongSwan's swanctl reads its folders and loads what it finds; what has gone it unloads.
TEST_F(DaemonCredentials, SwanctlLoadsItsFolders) {
  if (::access("/usr/sbin/swanctl", X_OK) != 0) {
    GTEST_SKIP() << "swanctl is not installed (package strongswan-swanctl)";
  }
  const TempDir dir;
  for (const char* folder : {"x509", "x509ca", "private"}) {
    ASSERT_EQ(::mkdir(dir.path(folder).c_str(), 0700), 0);
  }
  dir.write("x509ca/root.pem", text(ike::test::to_pem(root.certificate)));
  dir.write("x509/gate.pem", text(ike::test::to_pem(gate.certificate)));
  const std::string key_file = dir.write("private/gate.pem", private_key_pem(gate));
  dir.write("swanctl.conf", "secrets { ike-b { id = 192.0.2.2\n secret = from swanctl } }\n");
  const auto swanctl = [&](const std::string& command) {
    const std::string line = "SWANCTL_DIR=" + dir.path("") + " /usr/sbin/swanctl " + command +
                             " --uri unix://" + m_pair->path("s.vici") + " >" + dir.path("out") + " 2>&1";
    const int status =
        std::system(line.c_str());  // NOLINT(cert-env33-c,concurrency-mt-unsafe): no outside text.
    std::ifstream out(dir.path("out"));
    std::ostringstream printed;
    printed << out.rdbuf();
    return std::pair(status, printed.str());
  };
  const auto [loaded, said] = swanctl("--load-creds --noprompt");
  EXPECT_EQ(loaded, 0) << said;
  EXPECT_EQ(names("get-keys"), std::vector<std::string>{key_id_text(gate.key.id())}) << said;
  EXPECT_EQ(names("get-shared"), std::vector<std::string>{"ike-b"}) << said;
  const auto [listed, certificates] = swanctl("--list-certs");
  EXPECT_EQ(listed, 0) << certificates;
  EXPECT_NE(certificates.find("CN=gate"), std::string::npos) << certificates;
  EXPECT_NE(certificates.find("has private key"), std::string::npos) << certificates;
  EXPECT_NE(certificates.find("CN=Root"), std::string::npos) << certificates;
  ASSERT_EQ(::unlink(key_file.c_str()), 0);
  dir.write("swanctl.conf", "secrets { }\n");
  const auto [again, said_again] = swanctl("--load-creds --noprompt");
  EXPECT_EQ(again, 0) << said_again;
  EXPECT_TRUE(names("get-keys").empty()) << said_again;
  EXPECT_TRUE(names("get-shared").empty()) << said_again;
}

}  // namespace
}  // namespace espgate::host::daemon
