/* A wrong model file is refused with a reason; no text makes the library fail. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "description.h"
#include "edgekd.h"

static char path[4096];

/* Write the model file in `folder`: the first `length` bytes of `content`. */
static void write_model(const char *folder, const unsigned char *content, size_t length)
{
    snprintf(path, sizeof path, "%s/%s", folder, edgekd_bundle.model_file);
    FILE *file = fopen(path, "wb");
    if (file == NULL || fwrite(content, 1, length, file) != length || fclose(file) != 0)
        exit(2);
}

static unsigned char *read_model(const char *folder, size_t *length)
{
    snprintf(path, sizeof path, "%s/%s", folder, edgekd_bundle.model_file);
    FILE *file = fopen(path, "rb");
    if (file == NULL || fseek(file, 0, SEEK_END) != 0)
        exit(2);
    *length = (size_t)ftell(file);
    rewind(file);
    unsigned char *content = malloc(*length);
    if (content == NULL || fread(content, 1, *length, file) != *length)
        exit(2);
    fclose(file);
    return content;
}

static void refuse(const char *folder, edgekd_status status, const char *part)
{
    edgekd_error error = {EDGEKD_OK, ""};
    edgekd *bundle = edgekd_load(folder, &error);
    CHECK(bundle == NULL, "%s", part);
    CHECK(error.status == status, "%s: %d", part, error.status);
    CHECK(strstr(error.message, part) != NULL, "%s", error.message);
    CHECK(edgekd_load(folder, NULL) == NULL, "without an error to fill in: %s", part);
    edgekd_free(bundle);
}

static void check_models(const char *good, const char *scratch)
{
    size_t length;
    unsigned char *content = read_model(good, &length);
    refuse("no/such/folder", EDGEKD_NO_FILE, "No such file");
    refuse("", EDGEKD_NO_FILE, "cannot be read");
    write_model(scratch, content, length / 2);
    refuse(scratch, EDGEKD_OTHER_MODEL, "damaged or of another bundle");
    write_model(scratch, content, 0);
    refuse(scratch, EDGEKD_OTHER_MODEL, "damaged or of another bundle");
    content[length / 2] ^= 1;
    write_model(scratch, content, length);
    refuse(scratch, EDGEKD_OTHER_MODEL, "damaged or of another bundle");
    content[length / 2] ^= 1;
    write_model(scratch, content, length);
    edgekd *bundle = edgekd_load(scratch, NULL);
    CHECK(bundle != NULL, "the file as it was");
    edgekd_free(bundle);
    free(content);
    edgekd_free(NULL);
}

static const edgekd_result *predict(edgekd *bundle, const char *text, size_t length)
{
    edgekd_error error;
    const edgekd_result *result = edgekd_predict(bundle, text, length, &error);
    CHECK(result != NULL && error.status == EDGEKD_OK, "%zu bytes: %s", length, error.message);
    for (size_t i = 0; result != NULL && i < result->slot_count; i++)
        CHECK(result->slots[i].byte_start <= result->slots[i].byte_end && result->slots[i].byte_end <= length,
              "%zu bytes: slot %zu", length, i);
    return result;
}

static void check_texts(edgekd *bundle)
{
    const edgekd_result *result = predict(bundle, "", 0);
    CHECK(result && !result->truncated && result->slot_count == 0, "empty");

    size_t most = edgekd_bundle.signatures[edgekd_bundle.signature_count - 1].chars;
    char *text = malloc(2 * most + 1);
    if (text == NULL)
        exit(2);
    memset(text, 'x', 2 * most + 1);
    result = predict(bundle, text, most);
    CHECK(result && !result->truncated, "as long as the model reads");
    result = predict(bundle, text, most + 1);
    CHECK(result && result->truncated, "one longer");
    for (size_t i = 0; i < most; i++)
        memcpy(text + 2 * i, "\xC3\xA4", 2);
    result = predict(bundle, text, 2 * most);
    CHECK(result && !result->truncated, "code points count, not bytes");
    uint32_t state = 1;
    for (int trial = 0; trial < 60; trial++) {
        size_t length = state % (2 * most);
        for (size_t i = 0; i < length; i++) {
            state = state * 1664525u + 1013904223u;
            text[i] = (char)(state >> 24);
        }
        predict(bundle, text, length);
        state = state * 1664525u + 1013904223u;
    }
    free(text);
}

int main(int argc, char **argv)
{
    if (argc != 3)
        return 2;
    check_models(argv[1], argv[2]);
    edgekd_error error;
    edgekd *bundle = edgekd_load(argv[1], &error);
    CHECK(bundle != NULL, "%s", error.message);
    if (bundle != NULL)
        check_texts(bundle);
    edgekd_free(bundle);
    return failures > 0;
}
