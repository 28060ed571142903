#include "result.h"

#include <math.h>
#include <stdlib.h>

#include "decode.h"
#include "description.h"

struct edgekd_decoder {
    edgekd_result result;
    edgekd_label *labels; /* (labels) */
    edgekd_slot *slots;   /* (tokens) */
    edgekd_span *spans;   /* (tokens) */
    int *tags;            /* (tokens) */
    double *totals;       /* (2, tags) */
    int *origins;         /* (tokens, tags) */
};

static size_t tag_count(void)
{
    return 2 * edgekd_bundle.slot_count + 1;
}

edgekd_decoder *edgekd_decoder_new(void)
{
    edgekd_decoder *decoder = calloc(1, sizeof *decoder);
    if (decoder == NULL)
        return NULL;
    size_t tokens = edgekd_bundle.signatures[edgekd_bundle.signature_count - 1].tokens;
    decoder->labels = calloc(edgekd_bundle.label_count + 1, sizeof *decoder->labels); /* there may be none */
    decoder->slots = calloc(tokens, sizeof *decoder->slots);
    decoder->spans = calloc(tokens, sizeof *decoder->spans);
    decoder->tags = calloc(tokens, sizeof *decoder->tags);
    decoder->totals = calloc(2 * tag_count(), sizeof *decoder->totals);
    decoder->origins = calloc(tokens * tag_count(), sizeof *decoder->origins);
    if (!decoder->labels || !decoder->slots || !decoder->spans || !decoder->tags || !decoder->totals ||
        !decoder->origins) {
        edgekd_decoder_free(decoder);
        return NULL;
    }
    return decoder;
}

static void decode_labels(edgekd_decoder *decoder, const float *logits)
{
    edgekd_result *result = &decoder->result;
    size_t count = edgekd_bundle.label_count;
    result->label_count = 0;
    result->labels = decoder->labels;
    result->out_of_scope = false;
    result->out_of_scope_score = NAN;
    if (count == 0)
        return;

    if (edgekd_bundle.multilabel) {
        for (size_t i = 0; i < count; i++)
            if (logits[i] > 0) /* a probability above one half */
                decoder->labels[result->label_count++] =
                    (edgekd_label){edgekd_bundle.labels[i], edgekd_sigmoid(logits[i])};
        return;
    }
    size_t best = edgekd_argmax(logits, count);
    decoder->labels[0] = (edgekd_label){edgekd_bundle.labels[best], edgekd_softmax(logits, count, best)};
    result->label_count = 1;
    if (edgekd_bundle.knows_scope) {
        double score = edgekd_out_of_scope_score(logits, count, edgekd_bundle.unscoped_label);
        result->out_of_scope_score = score;
        result->out_of_scope = score > edgekd_bundle.scope_threshold;
    }
}

static void decode_slots(edgekd_decoder *decoder, const edgekd_outputs *outputs, const size_t *offsets)
{
    edgekd_result *result = &decoder->result;
    result->slot_count = 0;
    result->slots = decoder->slots;
    if (outputs->tag_logits == NULL || outputs->rows == 0)
        return;
    edgekd_best_tags(outputs->tag_logits, outputs->rows, tag_count(), decoder->tags, decoder->totals,
                     decoder->origins);
    result->slot_count = edgekd_join(decoder->tags, outputs->token_spans, outputs->rows, decoder->spans);
    for (size_t i = 0; i < result->slot_count; i++) {
        edgekd_span span = decoder->spans[i];
        decoder->slots[i] = (edgekd_slot){
            .name = edgekd_bundle.slots[span.slot],
            .start = span.start,
            .end = span.end,
            .byte_start = offsets[span.start],
            .byte_end = offsets[span.end],
        };
    }
}

edgekd_result *edgekd_decode(edgekd_decoder *decoder, const edgekd_outputs *outputs, const size_t *offsets)
{
    decode_labels(decoder, outputs->label_logits);
    decode_slots(decoder, outputs, offsets);
    decoder->result.truncated = outputs->token_count > outputs->rows;
    return &decoder->result;
}

void edgekd_decoder_free(edgekd_decoder *decoder)
{
    if (decoder == NULL)
        return;
    free(decoder->labels);
    free(decoder->slots);
    free(decoder->spans);
    free(decoder->tags);
    free(decoder->totals);
    free(decoder->origins);
    free(decoder);
}
