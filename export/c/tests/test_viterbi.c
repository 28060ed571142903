/* The best tags against every legal sequence there is, on small random logits. */
#include <math.h>
#include <stdint.h>

#include "check.h"
#include "decode.h"

enum { TOKENS = 5, TAGS = 5, SEQUENCES = 3125 /* TAGS to the power of TOKENS */ };

static float random_logit(void)
{
    static uint32_t state = 7; /* a linear congruential generator, the same everywhere */
    state = state * 1664525u + 1013904223u;
    return (float)(state >> 8) / (1 << 22) - 2.0f;
}

/* The sum of the logits of a sequence, its tags being the digits of `number`; -INFINITY if it is illegal. */
static double total_of(const float *logits, int number)
{
    double total = 0;
    for (int token = 0, before = 0; token < TOKENS; token++, number /= TAGS) {
        int tag = number % TAGS;
        if ((tag == 2 || tag == 4) && before != tag && before != tag - 1)
            return -INFINITY;
        total += logits[token * TAGS + tag];
        before = tag;
    }
    return total;
}

static int number_of(const int *tags)
{
    int number = 0;
    for (int token = TOKENS - 1; token >= 0; token--)
        number = number * TAGS + tags[token];
    return number;
}

int main(void)
{
    for (int trial = 0; trial < 500; trial++) {
        float logits[TOKENS * TAGS];
        for (int i = 0; i < TOKENS * TAGS; i++)
            logits[i] = random_logit();
        double highest = -INFINITY;
        for (int number = 0; number < SEQUENCES; number++)
            highest = fmax(highest, total_of(logits, number));

        int best[TOKENS], origins[TOKENS * TAGS];
        double totals[2 * TAGS];
        edgekd_best_tags(logits, TOKENS, TAGS, best, totals, origins);
        double found = total_of(logits, number_of(best));
        CHECK(fabs(found - highest) < 1e-6, "trial %d: %f, expected %f", trial, found, highest);
    }
    return failures > 0;
}
