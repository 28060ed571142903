/* SHA-256 (FIPS 180-4) of a file. */
#ifndef EDGEKD_SHA256_H
#define EDGEKD_SHA256_H

#include <stdbool.h>
#include <stdio.h>

/* Write the digest of the rest of `file` as 64 hexadecimal digits and a null; false if reading fails. */
bool edgekd_sha256(FILE *file, char digest[65]);

#endif
