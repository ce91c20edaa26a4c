/* child.h: one program as a child process: watched, timed out, its output captured, nothing of it left behind.
 *
 * The child leads a process group of its own, dies with prony (PR_SET_PDEATHSIG), and has /dev/null as stdin. When it
 * ends, whatever is left of its group is killed. */
#ifndef PRONY_RUN_CHILD_H
#define PRONY_RUN_CHILD_H

#include "harness/base/error.h"
#include "harness/base/str.h"
#include <sched.h>
#include <stdbool.h>
#include <stddef.h>

struct child_request {
    const char *const *arguments;   /* arguments[0] is the program, NULL ends the list; a bare name is found by PATH */
    const char *const *environment; /* "NAME=value" on top of our own, NULL ends the list; may be NULL */
    bool clean_environment;         /* environment is all there is */
    const char *directory;          /* where it runs; a bare or relative program is looked for there; NULL = here */
    bool fixed_addresses;           /* no address space randomization, where the system allows that */
    const cpu_set_t *cpus;          /* NULL = ours */
    double timeout_s;               /* then SIGTERM, and SIGKILL after the grace; 0 = none */
    double grace_s;                 /* 0 = two seconds */
    size_t output_limit_bytes;      /* more on stdout than this ends the child */
    int interrupt_fd;               /* readable = stop (interrupt.h); -1 = none */
    void (*tick)(void *context);    /* called about five times a second while waiting; may be NULL */
    void *tick_context;
    bool keeps_streams; /* it writes where we write, and reads what we read unless that is a terminal */
    /* Called while the child, already a process of its own, waits before it becomes the program: to attach something to
     * it. An error keeps it from running, and is child_run's. May be NULL. */
    int (*attach)(void *context, pid_t pid, struct error *error);
    void *attach_context;
};

enum child_end { CHILD_EXITED, CHILD_KILLED, CHILD_TIMED_OUT, CHILD_TOO_LOUD, CHILD_INTERRUPTED };

struct child_result {
    enum child_end end;
    int status;        /* exit status if CHILD_EXITED, signal number if CHILD_KILLED */
    struct str output; /* stdout */
    struct str errors; /* the last 8 KiB of stderr */
    double wall_s;
};

/* Fails only when the child could not be started (no such program, no more processes). result is always to be
 * released. */
int child_run(const struct child_request *request, struct child_result *result, struct error *error);
void child_release(struct child_result *result);
/* "exited with status 3", "killed by signal 11 (Segmentation fault)", ... into buffer; returns it. */
char *child_describe(const struct child_result *result, const struct child_request *request, char *buffer, size_t size);

#endif
