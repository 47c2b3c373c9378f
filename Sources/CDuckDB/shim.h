// The C API of libduckdb. duckdb.h is the unchanged header of DuckDB 1.5.5, the oldest version this package links,
// so that a build needs nothing but the library itself. Its licence is in LICENSE.
#include "duckdb.h"
