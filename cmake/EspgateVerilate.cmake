# Verilated models: static libraries with the model's class in <PREFIX>.h.
option(ESPGATE_NATIVE "Compile Verilated models for this machine's processor" ON)

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
  if(ESPGATE_NATIVE)
    target_compile_options(${name} PRIVATE -march=native)
  endif()
  target_link_libraries(${name} PUBLIC Threads::Threads)
  # Users compile its headers with warnings as errors.
  get_target_property(folders ${name} INTERFACE_INCLUDE_DIRECTORIES)
  set_target_properties(${name} PROPERTIES INTERFACE_SYSTEM_INCLUDE_DIRECTORIES "${folders}")
endfunction()
