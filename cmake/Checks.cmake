# Targets that look at the source: `format` rewrites it, `check-format` and `tidy` only judge it.
find_program(CLANG_FORMAT NAMES clang-format-14 clang-format)
find_program(RUN_CLANG_TIDY NAMES run-clang-tidy-14 run-clang-tidy)
file(GLOB_RECURSE AQ_ALL_SOURCES CONFIGURE_DEPENDS
     ${PROJECT_SOURCE_DIR}/address-qemu/*.[ch] ${PROJECT_SOURCE_DIR}/rexx-lib/*.[ch]
     ${PROJECT_SOURCE_DIR}/tests/*.[ch])
if(CLANG_FORMAT)
    add_custom_target(format COMMAND ${CLANG_FORMAT} -i ${AQ_ALL_SOURCES} VERBATIM)
    add_custom_target(check-format COMMAND ${CLANG_FORMAT} --dry-run --Werror ${AQ_ALL_SOURCES} VERBATIM)
endif()
if(RUN_CLANG_TIDY)
    add_custom_target(tidy COMMAND ${RUN_CLANG_TIDY} -quiet -p ${PROJECT_BINARY_DIR}
                      "${PROJECT_SOURCE_DIR}/(address-qemu|rexx-lib)/.*\\.c$" VERBATIM)
endif()
