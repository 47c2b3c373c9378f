#include "CPostgreSQL.h"

#include <dlfcn.h>
#include <stdint.h>

static const char *const names[] = {"libpq.so.5", "libpq.5.dylib", "libpq.dylib"};

// OPENSSL_INIT_NO_ATEXIT of OpenSSL, OPENSSL_init_crypto(3).
static const uint64_t no_cleanup_at_exit = 0x00080000;

// OpenSSL, which libpq logs in and encrypts with, must not clean up when the process exits: threads may still be in it.
static void keep_openssl(void *library) {
    int (*init)(uint64_t, const void *) = (int (*)(uint64_t, const void *))dlsym(library, "OPENSSL_init_crypto");
    if (init != NULL) init(no_cleanup_at_exit, NULL);
}

const char *no_load_libpq(no_libpq *functions) {
    void *library = NULL;
    for (size_t index = 0; library == NULL && index < sizeof names / sizeof *names; index++)
        library = dlopen(names[index], RTLD_NOW);
    if (library == NULL) return dlerror();
    keep_openssl(library);
#define FIND(member, name) \
    if ((*(void **)&functions->member = dlsym(library, name)) == NULL) return dlerror();
    FIND(conninfoParse, "PQconninfoParse")
    FIND(conninfoFree, "PQconninfoFree")
    FIND(connectStartParams, "PQconnectStartParams")
    FIND(connectPoll, "PQconnectPoll")
    FIND(socket, "PQsocket")
    FIND(status, "PQstatus")
    FIND(errorMessage, "PQerrorMessage")
    FIND(finish, "PQfinish")
    FIND(setnonblocking, "PQsetnonblocking")
    FIND(setNoticeReceiver, "PQsetNoticeReceiver")
    FIND(sendQuery, "PQsendQuery")
    FIND(sendQueryParams, "PQsendQueryParams")
    FIND(flush, "PQflush")
    FIND(consumeInput, "PQconsumeInput")
    FIND(isBusy, "PQisBusy")
    FIND(getResult, "PQgetResult")
    FIND(notifies, "PQnotifies")
    FIND(freemem, "PQfreemem")
    FIND(resultStatus, "PQresultStatus")
    FIND(resultErrorField, "PQresultErrorField")
    FIND(ntuples, "PQntuples")
    FIND(nfields, "PQnfields")
    FIND(getvalue, "PQgetvalue")
    FIND(getlength, "PQgetlength")
    FIND(getisnull, "PQgetisnull")
    FIND(clear, "PQclear")
#undef FIND
    return NULL;
}
