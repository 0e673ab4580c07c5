# Verilated models: static libraries with the model's class in <PREFIX>.h.
include(CheckCXXSourceRuns)
# Wide XORs and shifts gain from AVX2. Named as a level, and not "native", since a compiler cache may outlive the
# processor that filled it.
check_cxx_source_runs("int main() { return __builtin_cpu_supports(\"avx2\") && __builtin_cpu_supports(\"bmi2\")
  && __builtin_cpu_supports(\"fma\") ? 0 : 1; }" ESPGATE_HAS_X86_64_V3)

# espgate_verilate(NAME PREFIX p TOP module SOURCES ... [PATHS ...] [ARGS ...])
# Warnings of the RTL are errors (-Wall); the generated C++ is not ours and has none. ARGS go to Verilator.
function(espgate_verilate name)
  cmake_parse_arguments(MODEL "" "PREFIX;TOP" "SOURCES;PATHS;ARGS" ${ARGN})
  add_library(${name} STATIC)
  verilate(${name} PREFIX ${MODEL_PREFIX} TOP_MODULE ${MODEL_TOP}
    SOURCES ${MODEL_SOURCES} INCLUDE_DIRS ${MODEL_PATHS}
    VERILATOR_ARGS -Wall -O3 --assert --x-assign fast --x-initial fast --output-split 20000
      --output-split-cfuncs 5000 ${MODEL_ARGS})
  target_compile_options(${name} PRIVATE -w -O3 -g0)
  if(ESPGATE_SANITIZE)
    # Verilator's code is not ours to sanitize, and takes minutes to compile when it is.
    target_compile_options(${name} PRIVATE -fno-sanitize=all -O1)
  endif()
  if(ESPGATE_HAS_X86_64_V3)
    target_compile_options(${name} PRIVATE -march=x86-64-v3)
  endif()
  target_link_libraries(${name} PUBLIC Threads::Threads)
  # Users compile its headers with warnings as errors.
  get_target_property(folders ${name} INTERFACE_INCLUDE_DIRECTORIES)
  set_target_properties(${name} PROPERTIES INTERFACE_SYSTEM_INCLUDE_DIRECTORIES "${folders}")
endfunction()
