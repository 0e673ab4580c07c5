// Writes what xfrm_message_fuzz starts from. usage: xfrm_corpus FOLDER
#include <linux/xfrm.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "samples.h"
#include "xfrm/encode.h"

namespace {

using namespace espgate::offload::xfrm;

Message make_acquire() {
  Message message(XFRM_MSG_ACQUIRE, 0);
  auto& body = message.header<xfrm_user_acquire>();
  body.id.proto = 50;
  body.sel.family = 2;
  xfrm_user_tmpl wanted{};
  wanted.id.proto = 50;
  wanted.family = 2;
  wanted.mode = XFRM_MODE_TUNNEL;
  message.put(XFRMA_TMPL, wanted);
  return message;
}

Message make_mapping() {
  Message message(XFRM_MSG_MAPPING, 0);
  auto& body = message.header<xfrm_user_mapping>();
  body.id.family = 10;
  body.id.proto = 50;
  return message;
}

// A notice of a removal is an identity, and what was removed as an attribute.
Message make_removed_policy(const Policy& policy) {
  const Message whole = encode_new_policy(policy, false, 0);
  Message message(XFRM_MSG_DELPOLICY, 0);
  message.header<xfrm_userpolicy_id>();
  message.put_bytes(XFRMA_POLICY, whole.view().subspan(sizeof(nlmsghdr), sizeof(xfrm_userpolicy_info)));
  return message;
}

}  // namespace

int main(int argc, char** argv) {
  using namespace espgate::offload::xfrm::testing;
  if (argc != 2) {
    return 2;
  }
  const State state = make_state(cbc_sha256, 0x1000, "192.0.2.1", "192.0.2.2");
  const Policy policy =
      make_policy(PolicyDirection::in, "10.0.0.0/8", "10.0.0.0/8", "192.0.2.1", "192.0.2.2", 1);
  int number = 0;
  bool written = true;
  for (const Message& message :
       {encode_new_state(state), encode_delete_state(state.id), encode_new_policy(policy, false, 0),
        make_removed_policy(policy), make_acquire(), make_mapping()}) {
    std::ofstream file(std::filesystem::path(argv[1]) / std::to_string(number++), std::ios::binary);
    const espgate::ByteView bytes = message.view();
    file.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    written = written && file.good();
  }
  return written ? 0 : 1;
}
