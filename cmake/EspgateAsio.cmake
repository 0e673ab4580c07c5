# Asio ships no CMake package in Debian. Its functions are compiled once, in a library of their own: that saves
# every user their compile time, and keeps warnings about asio's code out of ours.
find_path(ASIO_INCLUDE_DIR asio.hpp REQUIRED)
file(CONFIGURE OUTPUT "${CMAKE_BINARY_DIR}/asio/asio.cpp" CONTENT "#include <asio/impl/src.hpp>\n")
add_library(espgate_asio STATIC "${CMAKE_BINARY_DIR}/asio/asio.cpp")
target_include_directories(espgate_asio SYSTEM PUBLIC "${ASIO_INCLUDE_DIR}")
# Whether asio finds std::aligned_alloc depends on what was included before it, and memory that one file allocates
# another one frees: so nobody uses it.
target_compile_definitions(espgate_asio PUBLIC ASIO_STANDALONE ASIO_NO_DEPRECATED ASIO_SEPARATE_COMPILATION
  ASIO_DISABLE_STD_ALIGNED_ALLOC)
target_link_libraries(espgate_asio PUBLIC Threads::Threads)
