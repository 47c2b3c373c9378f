// What Swift cannot call by itself.
#pragma once

#include <stddef.h>
#include <stdint.h>

// The CRC32C (Castagnoli, RFC 3720 appendix B.4) of `count` bytes that follow bytes whose CRC32C is `crc`; 0 for none.
uint32_t no_crc32c(uint32_t crc, const void *bytes, size_t count);

// The same without special instructions, on processors that have none.
uint32_t no_crc32c_portable(uint32_t crc, const void *bytes, size_t count);

// Returns once the file's bytes are on stable storage: 0, or -1 with the reason in errno.
int no_fdatasync(int fd);

// Lowers the priority of the calling thread, and of those that it will make, so that others come first.
void no_give_way(void);

// Makes the memory of threads grow by much at a time, where the C library would ask the system for each page by itself
// while other threads wait.
void no_prepare_memory(void);

// Has the processor fetch what is at an address, without waiting for it.
static inline void no_prefetch(const void *address) {
    __builtin_prefetch(address);
}

// Gives memory that was freed back to the system, where the C library keeps it.
void no_return_memory(void);
