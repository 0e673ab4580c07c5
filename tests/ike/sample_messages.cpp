#include "sample_messages.h"

namespace espgate::ike::test {

using namespace wire;  // NOLINT(google-build-using-namespace): a file full of the codec's names

namespace {

Bytes counting(std::size_t size) {
  Bytes bytes(size);
  for (std::size_t i = 0; i < size; ++i) {
    bytes[i] = static_cast<std::uint8_t>(i);
  }
  return bytes;
}

Transform aes(std::uint16_t id, std::uint16_t bits) {
  return {TransformType::encryption, id, {{key_length_attribute, true, bits, {}}}};
}

SaPayload ike_offer() {
  return {{{1,
            Protocol::ike,
            {},
            {aes(20, 256), aes(20, 128), {TransformType::prf, 5, {}}, {TransformType::key_exchange, 31, {}}}},
           {2,
            Protocol::ike,
            {},
            {aes(12, 256),
             {TransformType::integrity, 12, {}},
             {TransformType::prf, 5, {}},
             {TransformType::key_exchange, 19, {}}}}}};
}

SaPayload esp_offer() {
  return {{{1,
            Protocol::esp,
            {0xc0, 0, 0, 1},
            {aes(20, 256),
             {TransformType::extended_sequence_numbers, 1, {}},
             {TransformType::extended_sequence_numbers, 0, {}}}}}};
}

TsPayload selectors(PayloadType type) {
  return {type,
          {{SelectorType::ipv4_range, 0, 0, 65535, {10, 1, 0, 0}, {10, 1, 0, 255}},
           {SelectorType::ipv6_range, 6, 80, 443, Bytes(16, 0x20), Bytes(16, 0x21)},
           {SelectorType{9}, 0, 0, 0, counting(9), {}}}};
}

}  // namespace

std::vector<Sample> samples() {
  const Header request{.initiator_spi = 0x1122334455667788, .from_initiator = true};
  const Header protected_request{.initiator_spi = 0x1122334455667788,
                                 .responder_spi = 0x99aabbccddeeff00,
                                 .exchange = ExchangeType::ike_auth,
                                 .from_initiator = true,
                                 .message_id = 1};
  return {
      {"ike_sa_init",
       {request,
        {ike_offer(), KePayload{31, counting(32)}, NoncePayload{counting(32)},
         NotifyPayload{.notify = NotifyType::nat_detection_source_ip, .data = counting(20)},
         NotifyPayload{.notify = NotifyType::nat_detection_destination_ip, .data = counting(20)},
         VendorIdPayload{counting(16)}}}},
      {"cookie_request", {request, {NotifyPayload{.notify = NotifyType::cookie, .data = counting(36)}}}},
      {"encrypted", {protected_request, {EncryptedPayload{PayloadType::id_initiator, counting(60)}}}},
      {"auth_inside",
       {protected_request,
        {IdPayload{.which = PayloadType::id_initiator, .id_type = 2, .data = {'a', '.', 'b'}},
         IdPayload{
             .which = PayloadType::id_responder, .id_type = 1, .reserved = {1, 2, 3}, .data = counting(4)},
         CertPayload{4, counting(20)}, CertRequestPayload{4, counting(40)},
         AuthPayload{AuthMethod::shared_key, counting(32)}, esp_offer(), selectors(PayloadType::ts_initiator),
         selectors(PayloadType::ts_responder)}}},
      {"delete_children", {protected_request, {DeletePayload::esp({0xc0000001, 0xc0000002})}}},
      {"delete_ike", {protected_request, {DeletePayload::ike_sa()}}},
      {"notify_with_spi",
       {protected_request,
        {NotifyPayload{Protocol::esp, {1, 2, 3, 4}, NotifyType::invalid_selectors, counting(28)}}}},
      {"configuration",
       {protected_request, {ConfigurationPayload{1, {{1, {}}, {3, {10, 0, 0, 1}}, {16, counting(17)}}}}}},
      {"eap", {protected_request, {EapPayload{1, 7, {1, 'm', 'e'}}, EapPayload{3, 8, {}}}}},
      {"unknown",
       {protected_request,
        {UnknownPayload{PayloadType{200}, true, counting(5)}, UnknownPayload{PayloadType{1}, false, {}}}}},
      {"attributes",
       {request,
        {SaPayload{{{1,
                     Protocol::ah,
                     counting(8),
                     {{TransformType{9}, 77, {{14, true, 128, {}}, {20, false, 0, counting(6)}}}}}}}}}},
      {"empty", {protected_request, {}}},
  };
}

}  // namespace espgate::ike::test
