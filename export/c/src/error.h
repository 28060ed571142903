/* Saying what went wrong, or that all is well. */
#ifndef EDGEKD_ERROR_H
#define EDGEKD_ERROR_H

#include "edgekd.h"

/* Fill in `error`, which may be NULL; `format` as for printf. */
void edgekd_report(edgekd_error *error, edgekd_status status, const char *format, ...);

#endif
