# What is linked. scripts/setup installs the Debian packages that have them.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
pkg_check_modules(JANSSON REQUIRED IMPORTED_TARGET jansson>=2.13)
pkg_check_modules(YAML REQUIRED IMPORTED_TARGET yaml-0.1)
pkg_check_modules(PCRE2 REQUIRED IMPORTED_TARGET libpcre2-8)
if(BUILD_TESTING)
    pkg_check_modules(CMOCKA REQUIRED IMPORTED_TARGET cmocka)
endif()

find_path(REGINA_INCLUDE_DIR rexxsaa.h REQUIRED)
find_library(REGINA_LIBRARY regina REQUIRED)
find_library(REGINA_STATIC_LIBRARY libregina.a REQUIRED)
