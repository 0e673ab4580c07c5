# Checks of the RTL that need no Verilated model: proofs, a second simulator, the test plan.
if(ESPGATE_SANITIZE)
  return()
endif()

function(espgate_rtl_check name)
  add_test(NAME ${name} COMMAND ${ARGN})
  set_tests_properties(${name} PROPERTIES LABELS rtl TIMEOUT 7200)
endfunction()

# Each proof of hw/formal is a test of its own.
set(proofs "${CMAKE_SOURCE_DIR}/hw/formal/proofs.toml")
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${proofs}")
file(STRINGS "${proofs}" names REGEX "^name = ")
foreach(line IN LISTS names)
  string(REGEX REPLACE "^name = \"(.*)\"$" "\\1" name "${line}")
  espgate_rtl_check(formal.${name} "${CMAKE_SOURCE_DIR}/hw/tools/prove" ${name})
endforeach()

espgate_rtl_check(hw.gcm_in_icarus "${CMAKE_CURRENT_SOURCE_DIR}/gcm_in_icarus")
espgate_rtl_check(hw.testplan "${CMAKE_CURRENT_SOURCE_DIR}/testplan" "${CMAKE_BINARY_DIR}")
espgate_rtl_check(hw.xrt_packaging "${CMAKE_CURRENT_SOURCE_DIR}/xrt_packaging")
