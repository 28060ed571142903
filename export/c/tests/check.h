/* Checks that say where they failed and go on, so that one run shows all. */
#ifndef EDGEKD_CHECK_H
#define EDGEKD_CHECK_H

#include <stdio.h>

static int failures;

/* CHECK(condition, format, values...): the format tells which case it was. */
#define CHECK(condition, ...)                                              \
    do {                                                                   \
        if (!(condition)) {                                                \
            failures++;                                                    \
            fprintf(stderr, "%s:%d: %s: ", __FILE__, __LINE__, #condition); \
            fprintf(stderr, __VA_ARGS__);                                  \
            fputc('\n', stderr);                                           \
        }                                                                  \
    } while (0)

#endif
