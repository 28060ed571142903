/* UTF-8 to code points. */
#ifndef EDGEKD_UTF8_H
#define EDGEKD_UTF8_H

#include <stddef.h>
#include <stdint.h>

#define EDGEKD_REPLACEMENT 0xFFFD

/* The code point at the start of `text`; `*used` is set to the bytes that it takes.
 *
 * Ill-formed input gives U+FFFD for each "maximal subpart" (Unicode 3.9, as browsers and Python do):
 * the bytes that begin a well-formed sequence, as far as they go, or a single byte. Surrogates, overlong
 * forms and anything above U+10FFFF are ill-formed. `length` is at least 1.
 */
int32_t edgekd_utf8_next(const char *text, size_t length, size_t *used);

/* Decode up to `limit` code points.
 *
 * codepoints: room for `limit`.
 * offsets: room for `limit` + 1; where each code point starts in `text`, and where the last one ends.
 * Returns the number of code points.
 */
size_t edgekd_utf8_decode(const char *text, size_t length, size_t limit, int32_t *codepoints,
                          size_t *offsets);

#endif
