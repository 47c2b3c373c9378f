#define _GNU_SOURCE
#include "CSystemShims.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

int no_limit_resources(uint64_t memory, uint64_t file) {
    struct rlimit address_space = {memory, memory}, file_size = {file, file};
    // A write beyond the limit is an error then, and not the end.
    signal(SIGXFSZ, SIG_IGN);
    return setrlimit(RLIMIT_AS, &address_space) || setrlimit(RLIMIT_FSIZE, &file_size);
}

void no_leave_no_core(void) {
    struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
#ifdef __linux__
    // The limit does not count where a program takes dumps, as systemd-coredump does: what it gets has no memory (core(5)).
    int filter = open("/proc/self/coredump_filter", O_WRONLY | O_CLOEXEC);
    if (filter < 0) return;
    if (write(filter, "0", 1) < 0) {
        // A kernel without it.
    }
    close(filter);
#endif
}

void no_run_last(void) {
    setpriority(PRIO_PROCESS, 0, 19);
}

#ifdef __linux__
#include <linux/landlock.h>
#include <sys/stat.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

int no_end_with_parent(int parent) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    return getppid() == parent ? 0 : -1;
}

void no_close_from(int first) {
    syscall(SYS_close_range, first, ~0U, 0);
}

// What the first version of Landlock knows, and what later ones have added (landlock(7)).
static const uint64_t first_rights = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1;
static const uint64_t refer = 1ULL << 13, truncate_right = 1ULL << 14, ioctl_device = 1ULL << 15;
static const uint64_t bind_and_connect = 3;
static const uint64_t abstract_sockets_and_signals = 3;

// The newest form of `struct landlock_ruleset_attr`, which older headers do not have.
struct ruleset {
    uint64_t files, network, scopes;
};

static long landlock_version(void) {
    return syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
}

int no_has_walls(void) {
    return landlock_version() >= 1;
}

// Allows rights on a path, those that it can have.
static int allow(int rules, const char *path, uint64_t rights) {
    struct landlock_path_beneath_attr beneath = {.parent_fd = open(path, O_PATH | O_CLOEXEC)};
    struct stat status;
    if (beneath.parent_fd < 0) return -1;
    int state = fstat(beneath.parent_fd, &status);
    beneath.allowed_access = S_ISDIR(status.st_mode) ? rights : rights & LANDLOCK_ACCESS_FS_READ_FILE;
    if (state == 0) state = (int)syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0);
    close(beneath.parent_fd);
    return state;
}

int no_thread_count(void) {
    struct stat tasks;
    // A folder has a link for each thread, and two of its own.
    return stat("/proc/self/task", &tasks) == 0 ? (int)tasks.st_nlink - 2 : -1;
}

int no_wall_in(const char *writable, const char *const readable[], int connects) {
    long version = landlock_version();
    if (version < 1) return 0;
    struct ruleset ruleset = {first_rights, 0, 0};
    size_t size = sizeof(uint64_t);
    if (version >= 2) ruleset.files |= refer;
    if (version >= 3) ruleset.files |= truncate_right;
    if (version >= 4) {
        ruleset.network = connects ? 0 : bind_and_connect;
        size = 2 * sizeof(uint64_t);
    }
    if (version >= 5) ruleset.files |= ioctl_device;
    if (version >= 6) {
        ruleset.scopes = abstract_sockets_and_signals;
        size = sizeof ruleset;
    }
    int rules = (int)syscall(SYS_landlock_create_ruleset, &ruleset, size, 0);
    if (rules < 0) return -1;
    int state = allow(rules, writable, ruleset.files & ~(LANDLOCK_ACCESS_FS_EXECUTE | refer));
    for (; *readable; readable++) allow(rules, *readable, LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR);
    if (state == 0) state = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (state == 0) state = (int)syscall(SYS_landlock_restrict_self, rules, 0);
    close(rules);
    return state == 0 ? 1 : -1;
}
#else
int no_end_with_parent(int parent) {
    return getppid() == parent ? 0 : -1;
}

void no_close_from(int first) {
    for (int descriptor = first; descriptor < getdtablesize(); descriptor++) close(descriptor);
}

int no_has_walls(void) {
    return 0;
}

int no_thread_count(void) {
    return -1;
}

int no_wall_in(const char *writable, const char *const readable[], int connects) {
    return 0;
}
#endif
