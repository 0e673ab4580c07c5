# Intel's library for AES-GCM (Debian: libipsec-mb-dev), which the software engine takes where the processor has what it
# needs. A build without it uses OpenSSL.
find_path(IPSEC_MB_INCLUDE_DIR intel-ipsec-mb.h)
find_library(IPSEC_MB_LIBRARY libIPSec_MB.so IPSec_MB)
if(IPSEC_MB_INCLUDE_DIR AND IPSEC_MB_LIBRARY)
  add_library(espgate_ipsec_mb INTERFACE)
  target_include_directories(espgate_ipsec_mb SYSTEM INTERFACE "${IPSEC_MB_INCLUDE_DIR}")
  target_link_libraries(espgate_ipsec_mb INTERFACE "${IPSEC_MB_LIBRARY}")
else()
  message(STATUS "libipsec-mb is not there (Debian: libipsec-mb-dev): the software engine uses OpenSSL alone")
endif()
