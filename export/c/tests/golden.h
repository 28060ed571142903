/* golden.jsonl, line by line, and what each line expects of the decoding. */
#ifndef EDGEKD_GOLDEN_H
#define EDGEKD_GOLDEN_H

#include "edgekd.h"
#include "json.h"

/* Call `check` with each line and its number, from 1. Exits if there is no file.
 * Returns the number of lines.
 */
int golden_each(const char *path, void (*check)(const json *line, int number));

/* Compare a result with the line's labels, scores, out_of_scope and slots; `tolerance` is of scores.
 * Returns the number of differences.
 */
int golden_compare(const json *line, int number, const edgekd_result *result, double tolerance);

#endif
