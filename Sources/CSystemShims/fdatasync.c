#include "CSystemShims.h"

#include <fcntl.h>
#include <unistd.h>

int no_fdatasync(int fd) {
#if defined(__APPLE__)
    // fsync of Darwin leaves the bytes in the drive's cache.
    return fcntl(fd, F_FULLFSYNC) == -1 ? -1 : 0;
#else
    return fdatasync(fd);
#endif
}
