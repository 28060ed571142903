#include "utf8.h"

int32_t edgekd_utf8_next(const char *text, size_t length, size_t *used)
{
    const unsigned char *bytes = (const unsigned char *)text;
    unsigned char lead = bytes[0];
    *used = 1;
    if (lead < 0x80)
        return lead;
    if (lead < 0xC2 || lead > 0xF4)
        return EDGEKD_REPLACEMENT;

    size_t more = lead < 0xE0 ? 1 : lead < 0xF0 ? 2 : 3;
    int32_t codepoint = lead & (0x3F >> more);
    /* The second byte's range is what rules out overlong forms, surrogates and too large numbers. */
    unsigned char lowest = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    unsigned char highest = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
    for (size_t i = 1; i <= more; i++) {
        if (i >= length || bytes[i] < lowest || bytes[i] > highest)
            return EDGEKD_REPLACEMENT;
        codepoint = codepoint << 6 | (bytes[i] & 0x3F);
        *used = i + 1;
        lowest = 0x80;
        highest = 0xBF;
    }
    return codepoint;
}

size_t edgekd_utf8_decode(const char *text, size_t length, size_t limit, int32_t *codepoints,
                          size_t *offsets)
{
    size_t count = 0, at = 0;
    while (count < limit && at < length) {
        size_t used;
        codepoints[count] = edgekd_utf8_next(text + at, length - at, &used);
        offsets[count++] = at;
        at += used;
    }
    offsets[count] = at;
    return count;
}
