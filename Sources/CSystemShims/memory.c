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
    // As large as a heap of an arena can be, so that it is writable from the beginning. What is freed in it goes back to
    // the system by malloc_trim alone.
    mallopt(M_TOP_PAD, 64 << 20);
    // By default it follows what is freed, until one of these options is set.
    mallopt(M_MMAP_THRESHOLD, 4 << 20);
#endif
}
