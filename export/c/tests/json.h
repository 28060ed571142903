/* A reader of JSON for the tests; the library itself needs none. */
#ifndef EDGEKD_JSON_H
#define EDGEKD_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum { JSON_NULL, JSON_BOOL, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT } json_type;

typedef struct json {
    json_type type;
    double number; /* also of a bool */
    char *string;  /* UTF-8, lone surrogates as three bytes; may hold zeros */
    size_t length; /* of the string in bytes, or of an array or object in elements */
    char *key;     /* in an object */
    struct json *first, *next;
} json;

/* Read one value; exits with a message if `text` is not JSON. Free it with json_free. */
json *json_parse(const char *text);
void json_free(json *value);

/* The value of a key, NULL where it is missing. */
const json *json_get(const json *object, const char *key);

/* The numbers of an array of numbers, or of an array of such arrays, row by row; free them. */
float *json_floats(const json *array);
int32_t *json_ints(const json *array);

#endif
