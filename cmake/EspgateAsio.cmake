# Asio is header-only and ships no CMake package in Debian.
find_path(ASIO_INCLUDE_DIR asio.hpp REQUIRED)
add_library(espgate_asio INTERFACE)
target_include_directories(espgate_asio SYSTEM INTERFACE "${ASIO_INCLUDE_DIR}")
target_compile_definitions(espgate_asio INTERFACE ASIO_STANDALONE ASIO_NO_DEPRECATED)
target_link_libraries(espgate_asio INTERFACE Threads::Threads)
