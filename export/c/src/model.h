/* The model file in TensorFlow Lite. Nothing else here knows the runtime. */
#ifndef EDGEKD_MODEL_H
#define EDGEKD_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "edgekd.h"
#include "outputs.h"

typedef struct edgekd_model edgekd_model;

/* Load the model file in `folder`, its checksum verified first. NULL on failure. */
edgekd_model *edgekd_model_open(const char *folder, edgekd_error *error);

/* Run on `count` code points, at most as many as the longest signature reads. False on failure.
 * The pointers in `outputs` stand until the next run.
 */
bool edgekd_model_run(edgekd_model *model, const int32_t *codepoints, size_t count,
                      edgekd_outputs *outputs, edgekd_error *error);

void edgekd_model_close(edgekd_model *model);

#endif
