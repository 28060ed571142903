#include "model.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tensorflow/lite/c/c_api.h>

#include "description.h"
#include "error.h"
#include "sha256.h"

/* A signature of the file, ready to run. */
typedef struct {
    TfLiteSignatureRunner *runner;
    TfLiteTensor *input;
    const TfLiteTensor *label_logits, *tag_logits, *token_spans, *token_count;
} entry;

struct edgekd_model {
    TfLiteModel *file;
    TfLiteInterpreterOptions *options;
    TfLiteInterpreter *interpreter;
    char complaint[256]; /* the runtime's own first message: the cause */
    entry entries[];     /* one for each signature */
};

static void keep_complaint(void *data, const char *format, va_list values)
{
    edgekd_model *model = data;
    if (model->complaint[0] != '\0')
        return;
    vsnprintf(model->complaint, sizeof model->complaint, format, values);
    model->complaint[strcspn(model->complaint, "\n")] = '\0';
}

static bool fail_in_runtime(const edgekd_model *model, edgekd_error *error)
{
    edgekd_report(error, EDGEKD_RUNTIME,
                  "TensorFlow Lite %s cannot run %s: %s; expected version %s or newer", TfLiteVersion(),
                  edgekd_bundle.model_file, model->complaint[0] ? model->complaint : "no reason given",
                  edgekd_bundle.oldest_runtime);
    return false;
}

/* The runtime trusts what it reads, so a file that is not the exported one must not reach it. */
static bool verify(const char *path, edgekd_error *error)
{
    char digest[65];
    FILE *file = fopen(path, "rb");
    bool read = file != NULL && edgekd_sha256(file, digest);
    if (!read)
        edgekd_report(error, EDGEKD_NO_FILE, "%s cannot be read: %s; expected the model of the bundle \"%s\"",
                      path, strerror(errno), edgekd_bundle.name);
    if (file != NULL)
        fclose(file);
    if (!read)
        return false;
    if (strcmp(digest, edgekd_bundle.model_sha256) != 0) {
        edgekd_report(error, EDGEKD_OTHER_MODEL,
                      "%s is damaged or of another bundle: its SHA-256 is %.12s...; expected %.12s..., as "
                      "\"%s\" had when this program was built",
                      path, digest, edgekd_bundle.model_sha256, edgekd_bundle.name);
        return false;
    }
    return true;
}

static bool fits(const TfLiteTensor *tensor, TfLiteType type, size_t elements)
{
    return tensor != NULL && TfLiteTensorType(tensor) == type &&
           TfLiteTensorByteSize(tensor) == elements * 4; /* int32 and float32 both take 4 bytes */
}

static const TfLiteTensor *output(const entry *one, const char *name)
{
    return TfLiteSignatureRunnerGetOutputTensor(one->runner, name);
}

/* Find the tensors of a signature; false unless they have the sizes that edgekd.json tells. */
static bool find_tensors(entry *one, const edgekd_signature *signature)
{
    one->input = TfLiteSignatureRunnerGetInputTensor(one->runner, edgekd_bundle.input);
    one->token_count = output(one, "token_count");
    one->token_spans = output(one, "token_spans");
    bool right = fits(one->input, kTfLiteInt32, signature->chars) &&
                 fits(one->token_count, kTfLiteInt32, 1) &&
                 fits(one->token_spans, kTfLiteInt32, 2 * signature->tokens);
    if (edgekd_bundle.label_count > 0) {
        one->label_logits = output(one, "label_logits");
        right = right && fits(one->label_logits, kTfLiteFloat32, edgekd_bundle.label_count);
    }
    if (edgekd_bundle.slot_count > 0) {
        size_t tags = 2 * edgekd_bundle.slot_count + 1;
        one->tag_logits = output(one, "tag_logits");
        right = right && fits(one->tag_logits, kTfLiteFloat32, signature->tokens * tags);
    }
    return right;
}

static bool start(edgekd_model *model, const char *path, edgekd_error *error)
{
    model->file = TfLiteModelCreateFromFileWithErrorReporter(path, keep_complaint, model);
    model->options = TfLiteInterpreterOptionsCreate();
    if (model->file == NULL || model->options == NULL)
        return fail_in_runtime(model, error);
    TfLiteInterpreterOptionsSetNumThreads(model->options, 1); /* too small to gain from more */
    TfLiteInterpreterOptionsSetErrorReporter(model->options, keep_complaint, model);
    model->interpreter = TfLiteInterpreterCreate(model->file, model->options);
    if (model->interpreter == NULL)
        return fail_in_runtime(model, error);

    for (size_t i = 0; i < edgekd_bundle.signature_count; i++) {
        const edgekd_signature *signature = &edgekd_bundle.signatures[i];
        entry *one = &model->entries[i];
        one->runner = TfLiteInterpreterGetSignatureRunner(model->interpreter, signature->name);
        if (one->runner != NULL && TfLiteSignatureRunnerAllocateTensors(one->runner) != kTfLiteOk)
            return fail_in_runtime(model, error);
        if (one->runner == NULL || !find_tensors(one, signature)) {
            edgekd_report(error, EDGEKD_OTHER_MODEL,
                          "%s does not have the signature %s with the sizes that edgekd.json tells; expected "
                          "both from the same export",
                          path, signature->name);
            return false;
        }
    }
    return true;
}

edgekd_model *edgekd_model_open(const char *folder, edgekd_error *error)
{
    size_t room = strlen(folder) + strlen(edgekd_bundle.model_file) + 2;
    char *path = malloc(room);
    edgekd_model *model = calloc(1, sizeof *model + edgekd_bundle.signature_count * sizeof(entry));
    bool ready = false;
    if (path == NULL || model == NULL) {
        edgekd_report(error, EDGEKD_NO_MEMORY, "no memory for %s", edgekd_bundle.model_file);
    } else {
        snprintf(path, room, "%s/%s", folder, edgekd_bundle.model_file);
        ready = verify(path, error) && start(model, path, error);
    }
    free(path);
    if (!ready) {
        edgekd_model_close(model);
        return NULL;
    }
    return model;
}

bool edgekd_model_run(edgekd_model *model, const int32_t *codepoints, size_t count,
                      edgekd_outputs *outputs, edgekd_error *error)
{
    size_t last = edgekd_bundle.signature_count - 1;
    for (size_t i = 0; i <= last; i++) {
        const edgekd_signature *signature = &edgekd_bundle.signatures[i];
        const entry *one = &model->entries[i];
        if (count > signature->chars)
            continue;
        int32_t *input = TfLiteTensorData(one->input);
        memcpy(input, codepoints, count * sizeof *input);
        memset(input + count, 0, (signature->chars - count) * sizeof *input);
        if (TfLiteSignatureRunnerInvoke(one->runner) != kTfLiteOk)
            return fail_in_runtime(model, error);

        size_t tokens = (size_t)*(const int32_t *)TfLiteTensorData(one->token_count);
        if (tokens > signature->tokens && i < last)
            continue;
        outputs->label_logits = one->label_logits ? TfLiteTensorData(one->label_logits) : NULL;
        outputs->tag_logits = one->tag_logits ? TfLiteTensorData(one->tag_logits) : NULL;
        outputs->token_spans = TfLiteTensorData(one->token_spans);
        outputs->token_count = tokens;
        outputs->rows = tokens < signature->tokens ? tokens : signature->tokens;
        break;
    }
    return true;
}

void edgekd_model_close(edgekd_model *model)
{
    if (model == NULL)
        return;
    for (size_t i = 0; i < edgekd_bundle.signature_count; i++)
        TfLiteSignatureRunnerDelete(model->entries[i].runner);
    TfLiteInterpreterDelete(model->interpreter);
    TfLiteInterpreterOptionsDelete(model->options);
    TfLiteModelDelete(model->file);
    free(model);
}
