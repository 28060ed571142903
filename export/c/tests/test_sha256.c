/* SHA-256 of the published examples, and around the ends of blocks. */
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "sha256.h"

static const struct {
    const char *text;
    size_t repeats;
    const char *digest;
} cases[] = {
    {"", 0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
    {"abc", 1, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    {"a", 55, "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318"},
    {"a", 56, "b35439a4ac6f0948b6d6f9e3c6af0f5f590ce20f1bde7090ef7970686ec6738a"},
    {"a", 63, "7d3e74a05d7db15bce4ad9ec0658ea98e3f06eeecf16b4c6fff2da457ddc2f34"},
    {"a", 64, "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb"},
    {"a", 1000000, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"},
};

int main(void)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        FILE *file = tmpfile();
        if (file == NULL)
            return 2;
        for (size_t n = 0; n < cases[i].repeats; n++)
            fputs(cases[i].text, file);
        rewind(file);
        char digest[65];
        CHECK(edgekd_sha256(file, digest) && strcmp(digest, cases[i].digest) == 0, "case %zu: %s", i, digest);
        fclose(file);
    }
    return failures > 0;
}
