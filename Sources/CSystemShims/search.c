#define _GNU_SOURCE
#include <string.h>

#include "CSystemShims.h"

bool no_contains(const void *bytes, size_t count, const void *others, size_t other_count) {
    return memmem(bytes, count, others, other_count) != NULL;
}
