#include "decode.h"

#include <math.h>
#include <stdbool.h>

size_t edgekd_argmax(const float *values, size_t count)
{
    size_t best = 0;
    for (size_t i = 1; i < count; i++)
        if (values[i] > values[best])
            best = i;
    return best;
}

double edgekd_softmax(const float *logits, size_t count, size_t label)
{
    /* Against the largest, so that nothing overflows. */
    double highest = logits[edgekd_argmax(logits, count)];
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += exp(logits[i] - highest);
    return exp(logits[label] - highest) / sum;
}

double edgekd_sigmoid(double logit)
{
    return 0.5 * (1.0 + tanh(0.5 * logit));
}

double edgekd_out_of_scope_score(const float *logits, size_t count, ptrdiff_t unscoped)
{
    ptrdiff_t best = -1;
    for (ptrdiff_t i = 0; i < (ptrdiff_t)count; i++)
        if (i != unscoped && (best < 0 || logits[i] > logits[best]))
            best = i;
    return best < 0 ? 1.0 : 1.0 - edgekd_softmax(logits, count, (size_t)best);
}

/* I- tags have even numbers above 0, and the B- of their slot is one below. */
static bool is_inside(int tag)
{
    return tag > 0 && tag % 2 == 0;
}

static int best_total(const double *totals, int tags)
{
    int best = 0;
    for (int tag = 1; tag < tags; tag++)
        if (totals[tag] > totals[best])
            best = tag;
    return best;
}

/* A token's log-probabilities and its logits differ by a constant, so the logits do as scores. */
static void viterbi(const float *logits, size_t tokens, int tags, int *best, double *totals, int *origins)
{
    double *total = totals, *next = totals + tags;
    for (int tag = 0; tag < tags; tag++)
        total[tag] = is_inside(tag) ? -INFINITY : logits[tag];
    for (size_t token = 1; token < tokens; token++) {
        const float *scores = logits + token * (size_t)tags;
        int *origin = origins + token * (size_t)tags;
        int anywhere = best_total(total, tags);
        for (int tag = 0; tag < tags; tag++) {
            if (is_inside(tag))
                origin[tag] = total[tag - 1] >= total[tag] ? tag - 1 : tag;
            else
                origin[tag] = anywhere;
            next[tag] = total[origin[tag]] + scores[tag];
        }
        double *spare = total;
        total = next;
        next = spare;
    }
    best[tokens - 1] = best_total(total, tags);
    for (size_t token = tokens - 1; token > 0; token--)
        best[token - 1] = origins[token * (size_t)tags + (size_t)best[token]];
}

void edgekd_best_tags(const float *logits, size_t tokens, size_t tags, int *best, double *totals,
                      int *origins)
{
    int before = 0;
    bool legal = true;
    for (size_t token = 0; token < tokens; token++) {
        int tag = (int)edgekd_argmax(logits + token * tags, tags);
        if (is_inside(tag) && before != tag && before != tag - 1)
            legal = false;
        best[token] = before = tag;
    }
    if (!legal)
        viterbi(logits, tokens, (int)tags, best, totals, origins);
}

size_t edgekd_join(const int *tags, const int32_t *token_spans, size_t tokens, edgekd_span *spans)
{
    size_t count = 0;
    for (size_t token = 0; token < tokens; token++) {
        size_t start = (size_t)token_spans[2 * token], end = (size_t)token_spans[2 * token + 1];
        if (is_inside(tags[token]))
            spans[count - 1].end = end;
        else if (tags[token] > 0)
            spans[count++] = (edgekd_span){(size_t)(tags[token] - 1) / 2, start, end};
    }
    return count;
}
