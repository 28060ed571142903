/* Each line of golden.jsonl, decoded from the line's own logits. */
#include <stdio.h>
#include <stdlib.h>

#include "check.h"
#include "golden.h"
#include "result.h"

static edgekd_decoder *decoder;

static void check(const json *line, int number)
{
    const json *label_logits = json_get(line, "label_logits"), *tag_logits = json_get(line, "tag_logits");
    float *labels = label_logits ? json_floats(label_logits) : NULL;
    float *tags = tag_logits ? json_floats(tag_logits) : NULL;
    int32_t *token_spans = json_ints(json_get(line, "token_spans"));
    size_t chars = json_get(line, "codepoints")->length;
    size_t *offsets = calloc(chars + 1, sizeof *offsets);
    for (size_t i = 0; offsets != NULL && i <= chars; i++)
        offsets[i] = 10 * i;

    edgekd_outputs outputs = {
        .label_logits = labels,
        .tag_logits = tags,
        .token_spans = token_spans,
        .rows = json_get(line, "token_spans")->length,
        .token_count = (size_t)json_get(line, "token_count")->number,
    };
    const edgekd_result *result = edgekd_decode(decoder, &outputs, offsets);
    failures += golden_compare(line, number, result, 1e-3);
    for (size_t i = 0; i < result->slot_count; i++) {
        const edgekd_slot *slot = &result->slots[i];
        CHECK(slot->byte_start == 10 * slot->start && slot->byte_end == 10 * slot->end, "line %d", number);
    }
    free(labels);
    free(tags);
    free(token_spans);
    free(offsets);
}

int main(int argc, char **argv)
{
    char path[4096];
    if (argc != 2 || (decoder = edgekd_decoder_new()) == NULL)
        return 2;
    snprintf(path, sizeof path, "%s/golden.jsonl", argv[1]);
    int lines = golden_each(path, check);
    edgekd_decoder_free(decoder);
    printf("%d lines, %d failures\n", lines, failures);
    return failures > 0 || lines == 0;
}
