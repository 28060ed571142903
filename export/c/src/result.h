/* From the model's numbers to names: labels with probabilities, slots with their places. */
#ifndef EDGEKD_RESULT_H
#define EDGEKD_RESULT_H

#include "edgekd.h"
#include "outputs.h"

/* Room for a result of the bundle that is compiled in. */
typedef struct edgekd_decoder edgekd_decoder;

/* NULL if there is no memory. */
edgekd_decoder *edgekd_decoder_new(void);

/* Decode the outputs for a text.
 *
 * offsets: where each code point starts in the text in bytes, and where the last one ends.
 * The result belongs to `decoder` and stands until the next call. Its `truncated` tells of tokens alone.
 */
edgekd_result *edgekd_decode(edgekd_decoder *decoder, const edgekd_outputs *outputs, const size_t *offsets);

void edgekd_decoder_free(edgekd_decoder *decoder);

#endif
