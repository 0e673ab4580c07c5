# XRT, for cards. Debian's xrt.pc names folders that do not exist, so that it is found by hand. Only the API library
# is linked: it loads the driver library (libxrt_core) itself, from $XILINX_XRT/lib where that is set.
find_path(XRT_INCLUDE_DIR xrt/xrt_device.h PATH_SUFFIXES xrt HINTS $ENV{XILINX_XRT}/include)
find_library(XRT_COREUTIL xrt_coreutil HINTS $ENV{XILINX_XRT}/lib)
find_library(XRT_UUID uuid)
# Debian's emulation library has the members that join a driver library of one's own to XRT: sim/xrt needs them.
find_library(XRT_GLUE libxrt_hwemu.a)
if(XRT_INCLUDE_DIR AND XRT_COREUTIL AND XRT_UUID)
  add_library(espgate_xrt INTERFACE)
  target_include_directories(espgate_xrt SYSTEM INTERFACE "${XRT_INCLUDE_DIR}")
  target_link_libraries(espgate_xrt INTERFACE "${XRT_COREUTIL}" "${XRT_UUID}" Threads::Threads)
else()
  message(STATUS "XRT is not there (Debian: libxrt-dev): this build will drive no cards")
endif()
