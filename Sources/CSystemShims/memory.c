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
