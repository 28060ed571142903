# Builds for 64-bit ARM Linux with Debian's cross compiler, and lets ctest run in qemu:
# apt-get install g++-aarch64-linux-gnu qemu-user-static
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)

# What the emulated program sees as / : the C library, and an ARM core's /proc/cpuinfo, without which runtimes
# crash. The core is fixed to match: qemu's own default gives wrong int8 results without an error.
set(sysroot "${CMAKE_BINARY_DIR}/sysroot")
file(MAKE_DIRECTORY "${sysroot}")
file(COPY "${CMAKE_CURRENT_LIST_DIR}/tests/arm/proc" DESTINATION "${sysroot}")
file(CREATE_LINK /usr/aarch64-linux-gnu/lib "${sysroot}/lib" SYMBOLIC)
set(CMAKE_CROSSCOMPILING_EMULATOR qemu-aarch64-static -cpu cortex-a76 -L "${sysroot}")
