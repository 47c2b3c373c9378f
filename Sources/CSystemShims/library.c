#define _GNU_SOURCE
#include "CSystemShims.h"

#include <dlfcn.h>
#include <stddef.h>

const char *no_library_of(const char *symbol) {
    Dl_info info;
    void *address = dlsym(RTLD_DEFAULT, symbol);
    return address && dladdr(address, &info) ? info.dli_fname : NULL;
}
