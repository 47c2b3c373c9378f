#include <stdlib.h>

#include "CSystemShims.h"

#ifdef __GLIBC__
#include <malloc.h>
#endif

void no_return_memory(void) {
#ifdef __GLIBC__
    malloc_trim(0);
#endif
}

void no_prepare_memory(void) {
#ifdef __GLIBC__
    // As large as the part of an arena that is grown at a time.
    mallopt(M_TOP_PAD, 64 << 20);
    // By default it follows what is freed, until one of these options is set.
    mallopt(M_MMAP_THRESHOLD, 4 << 20);
#endif
}
