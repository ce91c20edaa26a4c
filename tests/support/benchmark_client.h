/* benchmark_client.h: a test program that is also the benchmark program it drives. The program starts itself anew with
 * PRONY_TEST_CLIENT=<name> in the environment, and its main calls the client of that name instead of the tests. */
#ifndef PRONY_TESTS_BENCHMARK_CLIENT_H
#define PRONY_TESTS_BENCHMARK_CLIENT_H

#include "harness/base/mem.h"
#include "harness/base/str.h"
#include "harness/run/child.h"

struct client {
    const char *name;
    int (*main)(int argc, char **argv);
};

/* The client that this process is to be, or NULL: then it runs the tests. */
const struct client *client_find(const struct client *clients, size_t count);

/* How a client ended. */
struct client_result {
    char *out, *err;
    int status, signal; /* signal 0 = exited with status */
};

/* Runs the shell line with "%" replaced by the client's command (the program, as that client). */
struct client_result client_shell(const char *client, const char *line);
/* The client with flags (separated by blanks, quoted as in a shell). */
struct client_result client_run(const char *client, const char *flags);
void client_release(struct client_result *result);

#endif
