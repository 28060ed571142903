/* Each text of golden.jsonl, through the model. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "description.h"
#include "golden.h"
#include "model.h"

/* Kernels differ between processors and versions of the runtime; 8-bit sums by more than float ones. */
static const double tolerance = 0.03;

static edgekd *bundle;
static edgekd_model *model;

/* The front end is arithmetic of integers: it must give the same tokens everywhere. */
static void check_tokens(const json *line, int number)
{
    const json *expected = json_get(line, "token_spans");
    int32_t *codepoints = json_ints(json_get(line, "codepoints"));
    int32_t *spans = json_ints(expected);
    size_t count = json_get(line, "codepoints")->length;
    size_t most = edgekd_bundle.signatures[edgekd_bundle.signature_count - 1].chars;
    edgekd_outputs outputs;
    edgekd_error error;
    bool ran = edgekd_model_run(model, codepoints, count < most ? count : most, &outputs, &error);
    CHECK(ran, "line %d: %s", number, error.message);
    if (ran) {
        CHECK((double)outputs.token_count == json_get(line, "token_count")->number, "line %d: %zu", number,
              outputs.token_count);
        CHECK(outputs.rows == expected->length, "line %d: %zu", number, outputs.rows);
        for (size_t i = 0; outputs.rows == expected->length && i < 2 * outputs.rows; i++)
            CHECK(outputs.token_spans[i] == spans[i], "line %d: token %zu: %d", number, i / 2,
                  (int)outputs.token_spans[i]);
    }
    free(codepoints);
    free(spans);
}

static bool holds_surrogate(const json *codepoints)
{
    for (const json *one = codepoints->first; one != NULL; one = one->next)
        if (one->number >= 0xD800 && one->number < 0xE000)
            return true;
    return false;
}

static void check_text(const json *line, int number)
{
    const json *text = json_get(line, "text");
    edgekd_error error;
    const edgekd_result *result = edgekd_predict(bundle, text->string, text->length, &error);
    CHECK(result != NULL, "line %d: %s", number, error.message);
    if (result == NULL)
        return;
    CHECK(result->truncated == (json_get(line, "truncated")->number != 0), "line %d", number);
    if (json_get(line, "stable")->number == 0)
        return;
    int different = golden_compare(line, number, result, tolerance);
    failures += different;
    if (different > 0)
        return;
    const json *slot = json_get(line, "slots")->first;
    for (size_t i = 0; i < result->slot_count; i++, slot = slot->next) {
        const edgekd_slot *found = &result->slots[i];
        const json *words = json_get(slot, "text");
        CHECK(found->byte_end - found->byte_start == words->length &&
                  memcmp(text->string + found->byte_start, words->string, words->length) == 0,
              "line %d: %.*s", number, (int)(found->byte_end - found->byte_start),
              text->string + found->byte_start);
    }
}

static void check(const json *line, int number)
{
    check_tokens(line, number);
    if (!holds_surrogate(json_get(line, "codepoints"))) /* UTF-8 has none */
        check_text(line, number);
}

int main(int argc, char **argv)
{
    edgekd_error error;
    if (argc != 2)
        return 2;
    bundle = edgekd_load(argv[1], &error);
    model = bundle ? edgekd_model_open(argv[1], &error) : NULL;
    if (model == NULL) {
        fprintf(stderr, "%s\n", error.message);
        return 2;
    }
    char path[4096];
    snprintf(path, sizeof path, "%s/golden.jsonl", argv[1]);
    int lines = golden_each(path, check);
    edgekd_model_close(model);
    edgekd_free(bundle);
    printf("%d lines, %d failures\n", lines, failures);
    return failures > 0 || lines == 0;
}
