#include "json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static _Noreturn void stop(const char *at)
{
    fprintf(stderr, "not JSON: %.40s\n", at);
    exit(2);
}

static void *room(size_t bytes)
{
    void *memory = calloc(1, bytes);
    if (memory == NULL)
        stop("no memory");
    return memory;
}

static const char *skip(const char *at)
{
    return at + strspn(at, " \t\r\n");
}

static unsigned hex(const char *at)
{
    unsigned code;
    if (sscanf(at, "%4x", &code) != 1)
        stop(at);
    return code;
}

static char *put(char *out, unsigned code)
{
    if (code < 0x80) {
        *out++ = (char)code;
    } else if (code < 0x800) {
        *out++ = (char)(0xC0 | code >> 6);
        *out++ = (char)(0x80 | (code & 0x3F));
    } else if (code < 0x10000) {
        *out++ = (char)(0xE0 | code >> 12);
        *out++ = (char)(0x80 | (code >> 6 & 0x3F));
        *out++ = (char)(0x80 | (code & 0x3F));
    } else {
        *out++ = (char)(0xF0 | code >> 18);
        *out++ = (char)(0x80 | (code >> 12 & 0x3F));
        *out++ = (char)(0x80 | (code >> 6 & 0x3F));
        *out++ = (char)(0x80 | (code & 0x3F));
    }
    return out;
}

/* The escape behind a backslash at `at`; returns what follows it. */
static const char *escape(const char *at, char **out)
{
    static const char letters[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
    if (*at == 'u') {
        unsigned code = hex(at + 1);
        at += 5;
        if (code >= 0xD800 && code < 0xDC00 && at[0] == '\\' && at[1] == 'u') {
            unsigned low = hex(at + 2);
            if (low >= 0xDC00 && low < 0xE000) {
                code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
                at += 6;
            }
        }
        *out = put(*out, code);
        return at;
    }
    const char *letter = *at ? strchr(letters, *at) : NULL;
    if (letter == NULL)
        stop(at);
    *(*out)++ = meanings[letter - letters];
    return at + 1;
}

/* A string that starts behind its quote at `at`; returns what follows it. */
static const char *read_string(const char *at, char **string, size_t *length)
{
    char *out = *string = room(strlen(at) + 1); /* never longer than what is left */
    while (*at != '"') {
        if (*at == '\0')
            stop("a string without end");
        if (*at == '\\')
            at = escape(at + 1, &out);
        else
            *out++ = *at++;
    }
    *length = (size_t)(out - *string);
    char *fitting = realloc(*string, *length + 1);
    *string = fitting ? fitting : *string;
    return at + 1;
}

static const char *read_value(const char *at, json *value);

static const char *read_members(const char *at, json *value, char end)
{
    json **link = &value->first;
    at = skip(at);
    while (*at != end) {
        json *member = *link = room(sizeof *member);
        link = &member->next;
        value->length++;
        if (value->type == JSON_OBJECT) {
            size_t length;
            if (*at != '"')
                stop(at);
            at = skip(read_string(at + 1, &member->key, &length));
            if (*at++ != ':')
                stop(at);
        }
        at = skip(read_value(at, member));
        if (*at == ',')
            at = skip(at + 1);
        else if (*at != end)
            stop(at);
    }
    return at + 1;
}

static const char *read_value(const char *at, json *value)
{
    static const struct {
        const char *name;
        json_type type;
        double number;
    } words[] = {{"null", JSON_NULL, 0}, {"true", JSON_BOOL, 1}, {"false", JSON_BOOL, 0}};
    at = skip(at);
    if (*at == '{' || *at == '[') {
        value->type = *at == '{' ? JSON_OBJECT : JSON_ARRAY;
        return read_members(at + 1, value, *at == '{' ? '}' : ']');
    }
    if (*at == '"') {
        value->type = JSON_STRING;
        return read_string(at + 1, &value->string, &value->length);
    }
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strncmp(at, words[i].name, strlen(words[i].name)) == 0) {
            value->type = words[i].type;
            value->number = words[i].number;
            return at + strlen(words[i].name);
        }
    char *end;
    value->type = JSON_NUMBER;
    value->number = strtod(at, &end);
    if (end == at)
        stop(at);
    return end;
}

json *json_parse(const char *text)
{
    json *value = room(sizeof *value);
    const char *end = skip(read_value(text, value));
    if (*end != '\0')
        stop(end);
    return value;
}

void json_free(json *value)
{
    while (value != NULL) {
        json *next = value->next;
        json_free(value->first);
        free(value->string);
        free(value->key);
        free(value);
        value = next;
    }
}

const json *json_get(const json *object, const char *key)
{
    for (const json *member = object->first; member != NULL; member = member->next)
        if (strcmp(member->key, key) == 0)
            return member;
    return NULL;
}

static size_t collect(const json *array, double *numbers)
{
    size_t count = 0;
    for (const json *element = array->first; element != NULL; element = element->next) {
        if (element->type == JSON_ARRAY) {
            count += collect(element, numbers ? numbers + count : NULL);
        } else {
            if (numbers != NULL)
                numbers[count] = element->number;
            count++;
        }
    }
    return count;
}

/* The numbers of an array in a row, to be freed. */
static double *collected(const json *array, size_t *count)
{
    *count = collect(array, NULL);
    double *numbers = room((*count + 1) * sizeof *numbers);
    collect(array, numbers);
    return numbers;
}

float *json_floats(const json *array)
{
    size_t count;
    double *numbers = collected(array, &count);
    float *floats = room((count + 1) * sizeof *floats);
    for (size_t i = 0; i < count; i++)
        floats[i] = (float)numbers[i];
    free(numbers);
    return floats;
}

int32_t *json_ints(const json *array)
{
    size_t count;
    double *numbers = collected(array, &count);
    int32_t *ints = room((count + 1) * sizeof *ints);
    for (size_t i = 0; i < count; i++)
        ints[i] = (int32_t)numbers[i];
    free(numbers);
    return ints;
}
