// What this program needs of libpq, PostgreSQL's client library, which is looked for when the program runs:
// https://www.postgresql.org/docs/current/libpq.html. The declarations are those of its libpq-fe.h.
#pragma once

#include <stddef.h>
#include <stdint.h>

typedef struct pg_conn PGconn;
typedef struct pg_result PGresult;
typedef void (*PQnoticeReceiver)(void *context, const PGresult *result);

// CONNECTION_BAD; PGRES_POLLING_FAILED, _READING, _WRITING and _OK; PGRES_COMMAND_OK and _TUPLES_OK.
enum { NO_PQ_CONNECTION_BAD = 1 };
enum { NO_PQ_POLLING_FAILED = 0, NO_PQ_POLLING_READING = 1, NO_PQ_POLLING_WRITING = 2, NO_PQ_POLLING_OK = 3 };
enum { NO_PQ_COMMAND_OK = 1, NO_PQ_TUPLES_OK = 2 };
// PG_DIAG_SEVERITY_NONLOCALIZED, PG_DIAG_SQLSTATE and PG_DIAG_MESSAGE_PRIMARY.
enum { NO_PQ_SEVERITY = 'V', NO_PQ_SQLSTATE = 'C', NO_PQ_MESSAGE = 'M' };

// PQconninfoOption.
typedef struct {
    char *keyword;
    char *environment;
    char *compiled;
    char *value;
    char *label;
    char *display;
    int size;
} no_pq_option;

// PGnotify.
typedef struct {
    char *channel;
    int process;
    char *payload;
} no_pq_notification;

// The functions of libpq, by their names without PQ.
typedef struct {
    no_pq_option *(*conninfoParse)(const char *location, char **reason);
    void (*conninfoFree)(no_pq_option *options);
    PGconn *(*connectStartParams)(const char *const *keywords, const char *const *values, int expandsName);
    int (*connectPoll)(PGconn *connection);
    int (*socket)(const PGconn *connection);
    int (*status)(const PGconn *connection);
    char *(*errorMessage)(const PGconn *connection);
    void (*finish)(PGconn *connection);
    int (*setnonblocking)(PGconn *connection, int isNonblocking);
    PQnoticeReceiver (*setNoticeReceiver)(PGconn *connection, PQnoticeReceiver receiver, void *context);
    int (*sendQuery)(PGconn *connection, const char *statements);
    int (*sendQueryParams)(PGconn *connection, const char *statement, int count, const uint32_t *types,
                           const char *const *values, const int *lengths, const int *formats, int resultFormat);
    int (*flush)(PGconn *connection);
    int (*consumeInput)(PGconn *connection);
    int (*isBusy)(PGconn *connection);
    PGresult *(*getResult)(PGconn *connection);
    no_pq_notification *(*notifies)(PGconn *connection);
    void (*freemem)(void *memory);
    int (*resultStatus)(const PGresult *result);
    char *(*resultErrorField)(const PGresult *result, int field);
    int (*ntuples)(const PGresult *result);
    int (*nfields)(const PGresult *result);
    char *(*getvalue)(const PGresult *result, int row, int column);
    int (*getlength)(const PGresult *result, int row, int column);
    int (*getisnull)(const PGresult *result, int row, int column);
    void (*clear)(PGresult *result);
} no_libpq;

// Looks for libpq. Returns NULL where all of its functions were found, or why not, for as long as the thread loads nothing else.
const char *no_load_libpq(no_libpq *functions);
