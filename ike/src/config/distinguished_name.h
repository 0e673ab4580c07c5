// Distinguished names: text, DER, and how they compare.
#pragma once

#include <openssl/x509.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/error.h"
#include "crypto/openssl.h"

namespace espgate::ike {

using NamePtr = std::unique_ptr<X509_NAME, Deleter<X509_NAME_free>>;

// nullptr when the bytes are not a Name in DER, of bounded size, to the last byte.
NamePtr parse_name(ByteView der);
Bytes encode_name(const X509_NAME* name);
// "C=CH, O=Example, CN=gate". The error names the part that is wrong.
Expected<Bytes> name_from_text(std::string_view text);
// The same notation; what would not be readable in it stands as \xx.
std::string name_to_text(const X509_NAME* name);

// RFC 5280 section 7.1: string types, case and inner spaces do not count.
bool same_name(const X509_NAME* a, const X509_NAME* b);
// The same, where a value "*" of the pattern stands for every value. The number of parts that are not such
// wildcards; nullopt when it does not match.
std::optional<int> match_name(const X509_NAME* pattern, const X509_NAME* name);

}  // namespace espgate::ike
