/* What the model says of a text, before the numbers get names. */
#ifndef EDGEKD_OUTPUTS_H
#define EDGEKD_OUTPUTS_H

#include <stddef.h>
#include <stdint.h>

typedef struct {
    const float *label_logits;  /* (labels); NULL in tagging tasks */
    const float *tag_logits;    /* (rows, tags); NULL in tasks without slots */
    const int32_t *token_spans; /* (rows, 2), start and end in code points */
    size_t rows;                /* tokens that there was room for */
    size_t token_count;         /* tokens of the text; more than `rows` where it is too long */
} edgekd_outputs;

#endif
