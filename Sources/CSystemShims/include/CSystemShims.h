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

// Names the calling thread in the system's lists of threads: at most 15 bytes, or it keeps its name. Foundation's name of
// a thread is lost when the thread runs before the one that starts it has noted its number.
void no_name_thread(const char *name);

// Makes the memory of threads grow by much at a time, where the C library would ask the system for each page by itself
// while other threads wait.
void no_prepare_memory(void);

// Has the processor fetch what is at an address, without waiting for it.
static inline void no_prefetch(const void *address) {
    __builtin_prefetch(address);
}

// Gives memory that was freed back to the system, where the C library keeps it.
void no_return_memory(void);

// Starts a program whose only way to the outside is a socket, its descriptor 0: it has no environment, and nothing else
// open that can be read or written.
//
// `arguments` end with NULL. Returns 0, or the reason as in errno; then the socket's other end is in `socket`, and is not
// handed on to other programs, and the process's number is in `process`. On Linux the process should call
// `no_end_with_parent`, which goes by the thread that calls this.
int no_spawn(const char *path, char *const arguments[], int *socket, int *process);

// Sends bytes to a socket, without a signal where the other side is gone. Returns how many were taken, or -1.
long no_send(int socket, const void *bytes, size_t count);

// What SO_PEERCRED says of the process at the other end of a Unix socket: Linux' struct ucred, which the C library declares
// only for programs that ask for all of GNU.
typedef struct {
    int32_t process;
    uint32_t user;
    uint32_t group;
} no_peer;

// Has the process end when the thread that started it does; `parent` is the number of the process that should be there.
// Returns 0, or -1 where the parent is gone already.
int no_end_with_parent(int parent);

// Closes all descriptors from `first` on.
void no_close_from(int first);

// Has the system leave none of the process's memory behind if it crashes, nor of those that it starts.
void no_leave_no_core(void);

// Limits what the process may use: bytes of address space, and bytes of each file that it writes.
int no_limit_resources(uint64_t memory, uint64_t file);

// Gives the process the lowest priority of those that are sure to run at all.
void no_run_last(void);

// The file of the library that a symbol is in; NULL where there is none of that name.
const char *no_library_of(const char *symbol);

// How many threads the process has, or -1 where the system does not say.
int no_thread_count(void);

// Whether the system has the walls of `no_wall_in`.
int no_has_walls(void);

// Lets the thread, and those that it will make, open nothing but what is below `writable`, and for reading what is at or
// below `readable` (which ends with NULL; what does not exist is passed over), and connect to nothing where `connects` is
// 0. Returns 1, or 0 where the system has no such wall, or -1.
int no_wall_in(const char *writable, const char *const readable[], int connects);
