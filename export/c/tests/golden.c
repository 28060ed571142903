#define _POSIX_C_SOURCE 200809L /* getline */
#include "golden.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "description.h"

int golden_each(const char *path, void (*check)(const json *line, int number))
{
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        fprintf(stderr, "there is no file %s\n", path);
        exit(2);
    }
    int number = 0;
    char *text = NULL;
    size_t room = 0;
    while (getline(&text, &room, file) >= 0) {
        json *line = json_parse(text);
        check(line, ++number);
        json_free(line);
    }
    free(text);
    fclose(file);
    return number;
}

static void compare_labels(const json *line, int number, const edgekd_result *result, double tolerance)
{
    const json *labels = json_get(line, "labels"), *scores = json_get(line, "scores");
    CHECK(result->label_count == labels->length, "line %d: %zu", number, result->label_count);
    const json *name = labels->first, *score = scores->first;
    for (size_t i = 0; i < result->label_count && name != NULL; i++) {
        CHECK(strcmp(result->labels[i].name, name->string) == 0, "line %d: %s", number,
              result->labels[i].name);
        CHECK(fabs(result->labels[i].score - score->number) <= tolerance, "line %d: %f", number,
              result->labels[i].score);
        name = name->next;
        score = score->next;
    }
}

static void compare_scope(const json *line, int number, const edgekd_result *result, double tolerance)
{
    const json *score = json_get(line, "out_of_scope_score");
    if (score->type == JSON_NULL) {
        CHECK(isnan(result->out_of_scope_score) && !result->out_of_scope, "line %d", number);
        return;
    }
    CHECK(fabs(result->out_of_scope_score - score->number) <= tolerance, "line %d: %f", number,
          result->out_of_scope_score);
    /* Within the tolerance of the threshold it may fall on either side. */
    if (fabs(score->number - edgekd_bundle.scope_threshold) > tolerance)
        CHECK(result->out_of_scope == (json_get(line, "out_of_scope")->number != 0), "line %d", number);
}

static void compare_slots(const json *line, int number, const edgekd_result *result)
{
    const json *slots = json_get(line, "slots");
    CHECK(result->slot_count == slots->length, "line %d: %zu", number, result->slot_count);
    const json *slot = slots->first;
    for (size_t i = 0; i < result->slot_count && slot != NULL; i++, slot = slot->next) {
        const edgekd_slot *found = &result->slots[i];
        CHECK(strcmp(found->name, json_get(slot, "slot")->string) == 0, "line %d: %s", number, found->name);
        CHECK((double)found->start == json_get(slot, "start")->number, "line %d: %zu", number, found->start);
        CHECK((double)found->end == json_get(slot, "end")->number, "line %d: %zu", number, found->end);
    }
}

int golden_compare(const json *line, int number, const edgekd_result *result, double tolerance)
{
    failures = 0;
    compare_labels(line, number, result, tolerance);
    compare_scope(line, number, result, tolerance);
    compare_slots(line, number, result);
    return failures;
}
