# Packages one kernel for Vitis: a user-managed RTL kernel, since the driver writes its registers itself.
# usage: vivado -mode batch -source package_kernel.tcl -tclargs FACTS PART XO
# FACTS is the kernel.tcl that kernels.py has written. Works in the current folder.
if {[llength $argv] != 3} {
  error "usage: vivado -mode batch -source package_kernel.tcl -tclargs FACTS PART XO"
}
lassign $argv facts part xo
source $facts

create_project -force $kernel_name project -part $part
foreach file $sources {
  if {![file readable $file]} {
    error "the RTL file $file cannot be read"
  }
  add_files -norecurse $file
}
set_property file_type SystemVerilog [get_files *.sv]
set_property top $kernel_name [current_fileset]
update_compile_order -fileset sources_1

ipx::package_project -root_dir packaged -vendor espgate -library kernel -taxonomy /KernelIP -import_files -set_current true
set core [ipx::current_core]

# One clock, and everything in it.
foreach bus [concat s_axi_control $memory_ports $streams] {
  ipx::associate_bus_interfaces -busif $bus -clock ap_clk $core
}

# Registers: those that say where a memory port's addresses come from, and the last one, for the range.
set map [ipx::add_memory_map -quiet s_axi_control $core]
set block [ipx::add_address_block -quiet reg0 $map]
foreach entry $registers {
  lassign $entry name offset bits port
  set register [ipx::add_register -quiet $name $block]
  set_property address_offset $offset $register
  set_property size $bits $register
  if {$port ne ""} {
    set_property value $port [ipx::add_register_parameter -quiet ASSOCIATED_BUSIF $register]
  }
}
set_property slave_memory_map_ref s_axi_control [ipx::get_bus_interfaces s_axi_control -of_objects $core]

set_property sdx_kernel true $core
set_property sdx_kernel_type rtl $core
set_property vitis_drc {ctrl_protocol user_managed} $core
set_property ipi_drc {ignore_freq_hz true} $core
ipx::create_xgui_files $core
ipx::update_checksums $core
ipx::check_integrity -kernel $core
ipx::save_core $core
close_project -delete

file delete -force $xo
package_xo -ctrl_protocol user_managed -xo_path $xo -kernel_name $kernel_name -ip_directory packaged
