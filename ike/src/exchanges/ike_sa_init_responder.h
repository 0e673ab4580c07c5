// IKE_SA_INIT as responder (RFC 7296 sections 1.2, 2.6 and 2.7): makes an IKE SA, or refuses without keeping
// anything.
#pragma once

#include "sa/cookie_jar.h"
#include "sa/sa_table.h"

namespace espgate::ike {

class IkeSaInitResponder {
 public:
  IkeSaInitResponder(Environment& environment, SaTable& table)
      : m_environment(environment), m_table(table), m_cookies(environment.random, environment.limits) {}

  void receive(const Datagram& datagram, const wire::Header& header);

 private:
  // The payloads that a request must have, and the request that they came in.
  struct Request {
    const Datagram& datagram;
    const wire::Message& message;
    const wire::SaPayload& sa;
    const wire::KePayload& ke;
    const wire::NoncePayload& nonce;
    const ResponseCache::Digest& digest;
  };
  void answer(const Request& request);
  // False when the request is to be dropped, or was answered with a cookie.
  bool admit(const Request& request);
  void establish(const Request& request, const ConnectionPtr& connection, const struct IkeChoice& choice);
  // An error notify; no state is kept, and the responder's SPI stays zero (RFC 7296 section 2.6).
  void refuse(const Datagram& datagram, const wire::Header& header, wire::NotifyPayload notify);

  Environment& m_environment;
  SaTable& m_table;
  CookieJar m_cookies;
};

}  // namespace espgate::ike
