// The system's zlib, which Swift needs itself on Linux.
#include <zlib.h>
