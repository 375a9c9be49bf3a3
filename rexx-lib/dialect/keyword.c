/* SPDX-License-Identifier: MIT */
#include "keyword.h"

/* By length, so that a symbol is compared with those only that it can be. */
static const struct keyword {
    const char *word;
    enum aq_keyword keyword;
} of_2[] = {{"DO", AQ_KEYWORD_DO}, {"IF", AQ_KEYWORD_CONDITION}, {NULL, AQ_KEYWORD_NONE}},
  of_3[] = {{"ARG", AQ_KEYWORD_ARG},   {"END", AQ_KEYWORD_END},        {"LET", AQ_KEYWORD_LET},
            {"NOP", AQ_KEYWORD_OTHER}, {"SAY", AQ_KEYWORD_EXPRESSION}, {NULL, AQ_KEYWORD_NONE}},
  of_4[] = {{"CALL", AQ_KEYWORD_CALL},       {"DROP", AQ_KEYWORD_SIGNAL},    {"ELSE", AQ_KEYWORD_OTHER},
            {"EXIT", AQ_KEYWORD_EXPRESSION}, {"PULL", AQ_KEYWORD_ARG},       {"PUSH", AQ_KEYWORD_EXPRESSION},
            {"THEN", AQ_KEYWORD_OTHER},      {"WHEN", AQ_KEYWORD_CONDITION}, {NULL, AQ_KEYWORD_NONE}},
  of_5[] = {{"LEAVE", AQ_KEYWORD_ITERATE}, {"PARSE", AQ_KEYWORD_PARSE},  {"QUEUE", AQ_KEYWORD_EXPRESSION},
            {"TRACE", AQ_KEYWORD_SIGNAL},  {"UPPER", AQ_KEYWORD_SIGNAL}, {NULL, AQ_KEYWORD_NONE}},
  of_6[] = {{"RETURN", AQ_KEYWORD_EXPRESSION},
            {"SELECT", AQ_KEYWORD_SELECT},
            {"SIGNAL", AQ_KEYWORD_SIGNAL},
            {NULL, AQ_KEYWORD_NONE}},
  of_7[] = {{"ADDRESS", AQ_KEYWORD_ADDRESS}, {"ITERATE", AQ_KEYWORD_ITERATE}, {"NUMERIC", AQ_KEYWORD_OTHER},
            {"OPTIONS", AQ_KEYWORD_OPTIONS}, {"REQUIRE", AQ_KEYWORD_REQUIRE}, {NULL, AQ_KEYWORD_NONE}},
  of_9[] = {{"INTERPRET", AQ_KEYWORD_INTERPRET},
            {"OTHERWISE", AQ_KEYWORD_OTHER},
            {"PROCEDURE", AQ_KEYWORD_SIGNAL},
            {NULL, AQ_KEYWORD_NONE}},
  of_13[] = {{"INTERPOLATION", AQ_KEYWORD_INTERPOLATION}, {NULL, AQ_KEYWORD_NONE}};
static const struct keyword *const keywords[] = {
    [2] = of_2, [3] = of_3, [4] = of_4, [5] = of_5, [6] = of_6, [7] = of_7, [9] = of_9, [13] = of_13};

enum aq_keyword aq_keyword_of(const struct aq_token *symbol)
{
    const size_t lengths = sizeof keywords / sizeof *keywords;
    const struct keyword *candidate = symbol->length < lengths ? keywords[symbol->length] : NULL;
    for (; candidate != NULL && candidate->word != NULL; candidate++) {
        size_t i = 0;
        while (i < symbol->length && (symbol->at[i] & ~0x20) == candidate->word[i])
            i++;
        if (i == symbol->length)
            return candidate->keyword;
    }
    return AQ_KEYWORD_NONE;
}
