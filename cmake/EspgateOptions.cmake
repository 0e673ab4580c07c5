# Compiler settings that every room shares. A room adds nothing of its own here.
option(ESPGATE_TESTS "Build the tests" ON)
set(ESPGATE_SANITIZE "" CACHE STRING "Sanitizers for -fsanitize=, for example address,undefined")

set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
# The binaries stand in one folder, so that scripts and tests find them in any preset.
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin")

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "Build type" FORCE)
endif()
# Line tables only: backtraces keep their lines, and objects stay small enough to build on two cores.
set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O2 -g1")

find_program(ESPGATE_CCACHE ccache)
if(ESPGATE_CCACHE)
  # Paths relative to the checkout, so that another clone finds what this one compiled.
  set(CMAKE_CXX_COMPILER_LAUNCHER
    "${CMAKE_COMMAND}" -E env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1 "${ESPGATE_CCACHE}")
endif()
find_program(ESPGATE_MOLD mold)
if(ESPGATE_MOLD)
  add_link_options(-fuse-ld=mold)
endif()

option(ESPGATE_FUZZ "Build the fuzz targets of tests/fuzz; needs clang++" OFF)
if(ESPGATE_FUZZ)
  # clang sees that stable_sort of libstdc++ 12 uses a function that C++17 deprecated.
  add_compile_options(-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
    -Wno-deprecated-declarations)
  add_link_options(-fsanitize=address,undefined)
endif()

if(ESPGATE_SANITIZE)
  add_compile_options(-fsanitize=${ESPGATE_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${ESPGATE_SANITIZE})
endif()

# Warnings for our own code; generated code (Verilator's) does not link to this target.
add_library(espgate_warnings INTERFACE)
target_compile_options(espgate_warnings INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion
  -Wnon-virtual-dtor -Wold-style-cast -Woverloaded-virtual -Wnull-dereference -Werror)

# espgate_room(NAME SOURCES ... [USES targets...] [USES_PRIVATE targets...])
# A room: public headers in NAME/include/NAME, everything else in NAME/src.
function(espgate_room name)
  cmake_parse_arguments(ROOM "" "" "SOURCES;USES;USES_PRIVATE" ${ARGN})
  add_library(espgate_${name} STATIC ${ROOM_SOURCES})
  target_include_directories(espgate_${name}
    PUBLIC "${CMAKE_CURRENT_SOURCE_DIR}/include"
    PRIVATE "${CMAKE_CURRENT_SOURCE_DIR}/src")
  target_link_libraries(espgate_${name} PUBLIC ${ROOM_USES} PRIVATE espgate_warnings ${ROOM_USES_PRIVATE})
endfunction()

# Models that count how often each line of the RTL is reached, except in the ciphers (hw/coverage.vlt).
option(ESPGATE_RTL_COVERAGE "Count the lines of the RTL that the tests reach" OFF)
set(ESPGATE_COVERAGE_ARGS)
if(ESPGATE_RTL_COVERAGE)
  set(ESPGATE_COVERAGE_ARGS --coverage-line)
  add_compile_definitions(ESPGATE_RTL_COVERAGE)
endif()
