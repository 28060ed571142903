/* edgekd FOLDER [TEXT]...   labels and slots of each text, or of each line of standard input, as JSON. */
#define _POSIX_C_SOURCE 200809L /* getline */

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "edgekd.h"
#include "utf8.h"

enum { DONE = 0, COULD_NOT = 1, WRONG_USAGE = 2 };

static void print_string(const char *text, size_t length)
{
    putchar('"');
    for (size_t used; length > 0; text += used, length -= used) {
        int32_t codepoint = edgekd_utf8_next(text, length, &used);
        if (codepoint < 0x20 || codepoint == EDGEKD_REPLACEMENT)
            printf("\\u%04x", (unsigned)codepoint);
        else if (codepoint == '"' || codepoint == '\\')
            printf("\\%c", (char)codepoint);
        else
            fwrite(text, 1, used, stdout);
    }
    putchar('"');
}

static void print_result(const char *text, const edgekd_result *result)
{
    printf("{\"labels\": [");
    for (size_t i = 0; i < result->label_count; i++) {
        fputs(i > 0 ? ", " : "", stdout);
        print_string(result->labels[i].name, strlen(result->labels[i].name));
    }
    printf("], \"scores\": [");
    for (size_t i = 0; i < result->label_count; i++)
        printf("%s%.6f", i > 0 ? ", " : "", result->labels[i].score);
    printf("], \"out_of_scope\": %s, \"out_of_scope_score\": ", result->out_of_scope ? "true" : "false");
    if (isnan(result->out_of_scope_score))
        printf("null");
    else
        printf("%.6f", result->out_of_scope_score);
    printf(", \"slots\": [");
    for (size_t i = 0; i < result->slot_count; i++) {
        const edgekd_slot *slot = &result->slots[i];
        printf("%s{\"slot\": ", i > 0 ? ", " : "");
        print_string(slot->name, strlen(slot->name));
        printf(", \"start\": %zu, \"end\": %zu, \"byte_start\": %zu, \"byte_end\": %zu, \"text\": ",
               slot->start, slot->end, slot->byte_start, slot->byte_end);
        print_string(text + slot->byte_start, slot->byte_end - slot->byte_start);
        putchar('}');
    }
    printf("], \"truncated\": %s}\n", result->truncated ? "true" : "false");
}

static bool answer(edgekd *bundle, const char *text, size_t length)
{
    edgekd_error error;
    const edgekd_result *result = edgekd_predict(bundle, text, length, &error);
    if (result == NULL) {
        fprintf(stderr, "edgekd: %s\n", error.message);
        return false;
    }
    print_result(text, result);
    return true;
}

static bool answer_lines(edgekd *bundle)
{
    bool well = true;
    char *line = NULL;
    size_t room = 0;
    for (ssize_t length; well && (length = getline(&line, &room, stdin)) >= 0;) {
        if (length > 0 && line[length - 1] == '\n')
            length--;
        well = answer(bundle, line, (size_t)length);
        fflush(stdout);
    }
    free(line);
    return well;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "usage: edgekd FOLDER [TEXT]...\n");
        return WRONG_USAGE;
    }
    edgekd_error error;
    edgekd *bundle = edgekd_load(argv[1], &error);
    if (bundle == NULL) {
        fprintf(stderr, "edgekd: %s\n", error.message);
        return COULD_NOT;
    }
    bool well = true;
    if (argc == 2)
        well = answer_lines(bundle);
    for (int i = 2; well && i < argc; i++)
        well = answer(bundle, argv[i], strlen(argv[i]));
    edgekd_free(bundle);
    return well ? DONE : COULD_NOT;
}
