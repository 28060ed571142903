/* UTF-8: the ends of every range, and what Unicode 3.9 says of ill-formed bytes. */
#include <string.h>

#include "check.h"
#include "utf8.h"

static const struct {
    const char *bytes;
    size_t length;
    size_t count;
    int32_t codepoints[8];
    size_t offsets[9];
} cases[] = {
    {"", 0, 0, {0}, {0}},
    {"a\0b", 3, 3, {'a', 0, 'b'}, {0, 1, 2, 3}},
    {"\x7F\xC2\x80\xDF\xBF", 5, 3, {0x7F, 0x80, 0x7FF}, {0, 1, 3, 5}},
    {"\xE0\xA0\x80\xEF\xBF\xBF", 6, 2, {0x800, 0xFFFF}, {0, 3, 6}},
    {"\xED\x9F\xBF\xEE\x80\x80", 6, 2, {0xD7FF, 0xE000}, {0, 3, 6}},
    {"\xF0\x90\x80\x80\xF4\x8F\xBF\xBF", 8, 2, {0x10000, 0x10FFFF}, {0, 4, 8}},
    /* Overlong forms, a surrogate, beyond U+10FFFF: no byte of them begins a well-formed sequence. */
    {"\xC0\xAF", 2, 2, {0xFFFD, 0xFFFD}, {0, 1, 2}},
    {"\xE0\x9F\x80", 3, 3, {0xFFFD, 0xFFFD, 0xFFFD}, {0, 1, 2, 3}},
    {"\xED\xA0\x80", 3, 3, {0xFFFD, 0xFFFD, 0xFFFD}, {0, 1, 2, 3}},
    {"\xF4\x90\x80\x80", 4, 4, {0xFFFD, 0xFFFD, 0xFFFD, 0xFFFD}, {0, 1, 2, 3, 4}},
    {"\xF5\xFF", 2, 2, {0xFFFD, 0xFFFD}, {0, 1, 2}},
    /* Broken off: what has begun well is one replacement. */
    {"\xE2\x82", 2, 1, {0xFFFD}, {0, 2}},
    {"\xF0\x9F\x98x", 4, 2, {0xFFFD, 'x'}, {0, 3, 4}},
    {"\xC3\xC3\xA4", 3, 2, {0xFFFD, 0xE4}, {0, 1, 3}},
    {"x\x80y", 3, 3, {'x', 0xFFFD, 'y'}, {0, 1, 2, 3}},
    /* The example of table 3-8. */
    {"\xE1\x80\xE2\xF0\x91\x92\xF1\xBF", 8, 4, {0xFFFD, 0xFFFD, 0xFFFD, 0xFFFD}, {0, 2, 3, 6, 8}},
};

int main(void)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int32_t codepoints[8];
        size_t offsets[9];
        size_t count = edgekd_utf8_decode(cases[i].bytes, cases[i].length, 8, codepoints, offsets);
        CHECK(count == cases[i].count, "case %zu: %zu", i, count);
        CHECK(memcmp(codepoints, cases[i].codepoints, count * sizeof *codepoints) == 0, "case %zu", i);
        CHECK(memcmp(offsets, cases[i].offsets, (count + 1) * sizeof *offsets) == 0, "case %zu", i);
    }

    int32_t codepoints[2];
    size_t offsets[3];
    size_t count = edgekd_utf8_decode("\xC3\xA4\xC3\xB6\xC3\xBC", 6, 2, codepoints, offsets);
    CHECK(count == 2 && offsets[2] == 4, "cut to the limit: %zu, %zu", count, offsets[2]);
    return failures > 0;
}
