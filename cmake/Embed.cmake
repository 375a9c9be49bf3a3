# Compiles the files below a folder into a target, as the table `symbol` of struct aq_embedded_file (util/embedded.h):
# sorted by path, ended by an entry whose path is NULL.
function(aq_embed target symbol folder)
    file(GLOB_RECURSE paths RELATIVE ${folder} CONFIGURE_DEPENDS ${folder}/*)
    list(SORT paths)
    set(arrays "")
    set(entries "")
    set(index 0)
    foreach(path ${paths})
        set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${folder}/${path})
        file(READ ${folder}/${path} hex HEX)
        string(LENGTH "${hex}" digits)
        math(EXPR length "${digits} / 2")
        string(REGEX REPLACE "(..)" "0x\\1," bytes "${hex}")
        string(APPEND arrays "static const unsigned char file${index}[] = {${bytes}0};\n")
        string(APPEND entries "    {\"${path}\", file${index}, ${length}},\n")
        math(EXPR index "${index} + 1")
    endforeach()
    set(output ${CMAKE_CURRENT_BINARY_DIR}/${symbol}.c)
    file(CONFIGURE OUTPUT ${output} @ONLY CONTENT "/* Generated from @folder@. */
#include \"util/embedded.h\"

@arrays@
const struct aq_embedded_file @symbol@[] = {
@entries@    {0},
};
")
    target_sources(${target} PRIVATE ${output})
endfunction()
