#define _GNU_SOURCE
#include "CSystemShims.h"

#ifdef __APPLE__
#include <pthread.h>

void no_give_way(void) {
    pthread_set_qos_class_self_np(QOS_CLASS_UTILITY, 0);
}

void no_name_thread(const char *name) {
    pthread_setname_np(name);
}
#else
#include <pthread.h>
#include <sys/resource.h>

// On Linux the nice value is that of a thread, and 0 means the one that calls (setpriority(2)).
void no_give_way(void) {
    setpriority(PRIO_PROCESS, 0, 10);
}

void no_name_thread(const char *name) {
    pthread_setname_np(pthread_self(), name);
}
#endif
