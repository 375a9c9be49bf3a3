# What is linked. scripts/setup installs the Debian packages that have them.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
pkg_check_modules(JANSSON REQUIRED IMPORTED_TARGET jansson>=2.13)
pkg_check_modules(YAML REQUIRED IMPORTED_TARGET yaml-0.1)
pkg_check_modules(PCRE2 REQUIRED IMPORTED_TARGET libpcre2-8)
# Their headers alone: what they define is looked up when it is first used (util/library.h).
pkg_check_modules(LOADED REQUIRED libcrypto libssh libcurl libguestfs)
# Of the process that writes ext4 without an appliance, alone.
pkg_check_modules(EXT4_WRITER REQUIRED IMPORTED_TARGET ext2fs com_err libnbd)
# Of the gateway process alone.
pkg_check_modules(SLIRP REQUIRED IMPORTED_TARGET slirp)
pkg_check_modules(SECCOMP REQUIRED IMPORTED_TARGET libseccomp)
if(BUILD_TESTING)
    pkg_check_modules(CMOCKA REQUIRED IMPORTED_TARGET cmocka)
endif()

find_path(REGINA_INCLUDE_DIR rexxsaa.h REQUIRED)
find_library(REGINA_LIBRARY regina REQUIRED)
find_library(REGINA_STATIC_LIBRARY libregina.a REQUIRED)

# In the static rexx-guest.
find_library(JANSSON_STATIC_LIBRARY libjansson.a REQUIRED)
find_library(PCRE2_STATIC_LIBRARY libpcre2-8.a REQUIRED)
find_library(CRYPTO_STATIC_LIBRARY libcrypto.a REQUIRED)
