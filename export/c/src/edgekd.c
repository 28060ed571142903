#include "edgekd.h"

#include <stdint.h>
#include <stdlib.h>

#include "description.h"
#include "error.h"
#include "model.h"
#include "result.h"
#include "utf8.h"

struct edgekd {
    edgekd_model *model;
    edgekd_decoder *decoder;
    size_t max_chars;
    int32_t *codepoints; /* (max_chars) of the text */
    size_t *offsets;     /* (max_chars + 1) in bytes */
};

edgekd *edgekd_load(const char *folder, edgekd_error *error)
{
    /* What it is if one of the following gives NULL; the model reports its own errors. */
    edgekd_report(error, EDGEKD_NO_MEMORY, "no memory for the bundle \"%s\"", edgekd_bundle.name);
    edgekd *bundle = calloc(1, sizeof *bundle);
    if (bundle == NULL)
        return NULL;
    bundle->max_chars = edgekd_bundle.signatures[edgekd_bundle.signature_count - 1].chars;
    bundle->codepoints = calloc(bundle->max_chars, sizeof *bundle->codepoints);
    bundle->offsets = calloc(bundle->max_chars + 1, sizeof *bundle->offsets);
    bundle->decoder = edgekd_decoder_new();
    if (bundle->codepoints && bundle->offsets && bundle->decoder)
        bundle->model = edgekd_model_open(folder, error);
    if (bundle->model == NULL) {
        edgekd_free(bundle);
        return NULL;
    }
    edgekd_report(error, EDGEKD_OK, "");
    return bundle;
}

const edgekd_result *edgekd_predict(edgekd *bundle, const char *text, size_t length, edgekd_error *error)
{
    size_t count =
        edgekd_utf8_decode(text, length, bundle->max_chars, bundle->codepoints, bundle->offsets);
    edgekd_outputs outputs;
    if (!edgekd_model_run(bundle->model, bundle->codepoints, count, &outputs, error))
        return NULL;
    edgekd_result *result = edgekd_decode(bundle->decoder, &outputs, bundle->offsets);
    result->truncated = result->truncated || bundle->offsets[count] < length;
    edgekd_report(error, EDGEKD_OK, "");
    return result;
}

void edgekd_free(edgekd *bundle)
{
    if (bundle == NULL)
        return;
    edgekd_model_close(bundle->model);
    edgekd_decoder_free(bundle->decoder);
    free(bundle->codepoints);
    free(bundle->offsets);
    free(bundle);
}
