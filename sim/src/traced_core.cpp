#include <VEspCoreTrace.h>
#include <verilated_fst_c.h>

#include "verilated_core.h"

namespace espgate::sim {
namespace {

class FstTrace {
 public:
  explicit FstTrace(VEspCoreTrace& model) : m_model(model) { model.contextp()->traceEverOn(true); }
  FstTrace(const FstTrace&) = delete;
  FstTrace& operator=(const FstTrace&) = delete;
  ~FstTrace() { m_file.close(); }

  bool open(const std::string& path) {
    constexpr int all_levels = 99;
    m_model.trace(&m_file, all_levels);
    m_file.open(path.c_str());
    return m_file.isOpen();
  }
  void dump(std::uint64_t time) { m_file.dump(time); }

 private:
  VEspCoreTrace& m_model;
  VerilatedFstC m_file;
};

}  // namespace

std::unique_ptr<EspCore> make_traced_core(const std::string& path) {
  auto core = std::make_unique<VerilatedCore<VEspCoreTrace, FstTrace>>();
  return core->open_trace(path) ? std::move(core) : nullptr;
}

}  // namespace espgate::sim
