/* What edgekd.json says of the bundle. bundle.cmake writes the values when the program is built. */
#ifndef EDGEKD_DESCRIPTION_H
#define EDGEKD_DESCRIPTION_H

#include <stdbool.h>
#include <stddef.h>

/* One entry point of the model file. */
typedef struct {
    const char *name;
    size_t chars;  /* code points that it reads */
    size_t tokens; /* tokens that it has room for */
} edgekd_signature;

typedef struct {
    const char *name;
    const char *model_file;
    const char *model_sha256; /* 64 lower-case hexadecimal digits */
    const char *oldest_runtime;
    const char *input;
    bool multilabel;
    size_t label_count;
    const char *const *labels;
    size_t slot_count; /* tags are O, B-a, I-a, B-b, I-b, ... of the slots */
    const char *const *slots;
    size_t signature_count;
    const edgekd_signature *signatures; /* shortest first */
    bool knows_scope;                   /* there is a rule for texts out of scope */
    ptrdiff_t unscoped_label;           /* the label of such texts; -1 where there is none */
    double scope_threshold;
} edgekd_description;

extern const edgekd_description edgekd_bundle;

#endif
