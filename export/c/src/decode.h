/* From logits to probabilities and spans. Tags are in the order O, B-a, I-a, B-b, I-b, ... */
#ifndef EDGEKD_DECODE_H
#define EDGEKD_DECODE_H

#include <stddef.h>
#include <stdint.h>

/* The place of the largest value, the first of equals; `count` is at least 1. */
size_t edgekd_argmax(const float *values, size_t count);

/* The softmax probability of one of `count` exclusive labels. */
double edgekd_softmax(const float *logits, size_t count, size_t label);

/* The probability of a label that stands for itself. */
double edgekd_sigmoid(double logit);

/* 1 - the largest softmax probability among the labels other than `unscoped` (-1 for none), 0 to 1. */
double edgekd_out_of_scope_score(const float *logits, size_t count, ptrdiff_t unscoped);

/* The most probable tags in which each I- goes on with a span of its own slot.
 *
 * logits: (tokens, tags).
 * best: (tokens), filled in.
 * totals: (2, tags) and origins: (tokens, tags), room for Viterbi's algorithm.
 */
void edgekd_best_tags(const float *logits, size_t tokens, size_t tags, int *best, double *totals,
                      int *origins);

typedef struct {
    size_t slot;       /* its number */
    size_t start, end; /* in code points, end exclusive */
} edgekd_span;

/* Join the tags of tokens into spans.
 *
 * tags: (tokens), as edgekd_best_tags gives them.
 * token_spans: (tokens, 2), start and end of each in code points.
 * spans: room for `tokens`.
 * Returns the number of spans.
 */
size_t edgekd_join(const int *tags, const int32_t *token_spans, size_t tokens, edgekd_span *spans);

#endif
