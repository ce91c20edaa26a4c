/* benchmark_client.c: see benchmark_client.h. */
#include "tests/support/benchmark_client.h"
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define VARIABLE "PRONY_TEST_CLIENT"

const struct client *client_find(const struct client *clients, size_t count)
{
    const char *name = getenv(VARIABLE);
    for (size_t i = 0; name && i < count; i++)
        if (strcmp(clients[i].name, name) == 0)
            return &clients[i];
    if (name && *name) { /* never the tests: they would start themselves without end */
        fprintf(stderr, "there is no client '%s'\n", name);
        exit(99);
    }
    return NULL;
}

/* The line with the path of this program for every "%". */
static char *expand(const char *line)
{
    char path[PATH_MAX];
    struct str text = { 0 };
    ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
    path[length > 0 ? length : 0] = 0;
    for (; *line; line++) {
        if (*line == '%')
            str_appendf(&text, "'%s'", path);
        else
            str_append_char(&text, *line);
    }
    return str_take(&text);
}

struct client_result client_shell(const char *client, const char *line)
{
    char *expanded = expand(line), *variable = mem_format(VARIABLE "=%s", client);
    const char *const arguments[] = { "sh", "-c", expanded, NULL };
    /* Addresses stay as they are unless a test wants to see them change: nothing else here depends on it. */
    const char *const environment[] = { variable, "TERM=dumb", "PRONY_KEEP_ASLR=1", NULL };
    struct child_request request = { .arguments = arguments,
                                     .environment = environment,
                                     .timeout_s = 60,
                                     .output_limit_bytes = 64 << 20,
                                     .interrupt_fd = -1 };
    struct child_result child;
    struct error error;
    struct client_result result = { .status = -1 };
    if (child_run(&request, &child, &error)) {
        result.out = mem_strdup("");
        result.err = mem_strdup(error.text);
    } else {
        result.status = child.end == CHILD_EXITED ? child.status : -1;
        result.signal = child.end == CHILD_KILLED ? child.status : 0;
        result.out = str_take(&child.output);
        result.err = str_take(&child.errors);
        child_release(&child);
    }
    free(expanded);
    free(variable);
    return result;
}

struct client_result client_run(const char *client, const char *flags)
{
    char *line = mem_format("exec %% %s", flags);
    struct client_result result = client_shell(client, line);
    free(line);
    return result;
}

void client_release(struct client_result *result)
{
    free(result->out);
    free(result->err);
    *result = (struct client_result){ 0 };
}
