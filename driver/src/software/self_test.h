// The known-answer test of the cipher that the software engine relies on.
#pragma once

#include "driver/engine.h"

namespace espgate::driver::software {

// Test cases 4 and 16 of "The Galois/Counter Mode of Operation (GCM)" (McGrew, Viega 2005), both ways, with
// the text and as GMAC. `wrong_answer` changes one bit of what is expected.
bool self_test(bool wrong_answer, CryptoLibrary library);

}  // namespace espgate::driver::software
