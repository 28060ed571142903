/* Labels and slots from text, with one bundle of edgekd.
 *
 *     edgekd_error error;
 *     edgekd *student = edgekd_load("bundle", &error);
 *     const edgekd_result *result = edgekd_predict(student, text, strlen(text), &error);
 *     printf("%s\n", result->labels[0].name);
 *     edgekd_free(student);
 *
 * The names and sizes of the bundle are compiled in (bundle.cmake); the folder needs to hold the
 * model file alone. Nothing is allocated after loading.
 */
#ifndef EDGEKD_H
#define EDGEKD_H

#include <stdbool.h>
#include <stddef.h>

typedef enum {
    EDGEKD_OK = 0,
    EDGEKD_NO_FILE,     /* the model file is missing or cannot be read */
    EDGEKD_OTHER_MODEL, /* it is damaged, or of another bundle than this program was built for */
    EDGEKD_RUNTIME,     /* TensorFlow Lite cannot run it */
    EDGEKD_NO_MEMORY
} edgekd_status;

typedef struct {
    edgekd_status status;
    char message[512]; /* what was given, what was expected */
} edgekd_error;

typedef struct {
    const char *name;
    double score; /* probability, 0 to 1 */
} edgekd_label;

/* A slot value: the bytes of the text from byte_start to byte_end. Ends are exclusive. */
typedef struct {
    const char *name;
    size_t start, end; /* in code points */
    size_t byte_start, byte_end;
} edgekd_slot;

/* What a bundle says of a text. */
typedef struct {
    size_t label_count; /* 1; any number in multi-label tasks; 0 in tagging tasks */
    const edgekd_label *labels;
    size_t slot_count;
    const edgekd_slot *slots;  /* in the order of the text */
    bool out_of_scope;         /* the text is none of the labels, as far as the bundle can tell */
    double out_of_scope_score; /* 0 to 1; NAN where the bundle has no rule for it */
    bool truncated;            /* the text is longer than the model reads; its end was not seen */
} edgekd_result;

/* A loaded bundle. Not for several threads at once. */
typedef struct edgekd edgekd;

/* Load the model file in `folder`. NULL on failure; `error` may be NULL. */
edgekd *edgekd_load(const char *folder, edgekd_error *error);

/* Read `length` bytes of UTF-8. Each ill-formed part counts as one U+FFFD (see utf8.h).
 *
 * The result belongs to `bundle` and stands until the next call with it. NULL on failure; `error`
 * may be NULL.
 */
const edgekd_result *edgekd_predict(edgekd *bundle, const char *text, size_t length, edgekd_error *error);

/* `bundle` may be NULL. */
void edgekd_free(edgekd *bundle);

#endif
