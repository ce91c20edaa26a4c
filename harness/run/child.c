/* child.c: fork, exec, poll, kill, reap.
 *
 * Order at the end of a child: it has exited but is not reaped (so its process id, which is also the group's, cannot be
 * taken by somebody else), the rest of its group is killed, the pipes are drained, then it is reaped. */
#include "harness/run/child.h"
#include "harness/base/clock.h"
#include "harness/base/mem.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { TICK_MS = 200, ERRORS_KEPT = 8192, READS_AT_ONCE = 64 };

/* A running child. Descriptors are -1 when closed. */
struct child {
    const struct child_request *request;
    struct child_result *result;
    pid_t pid;
    int out, err, pidfd;
    int64_t started_ns, terminated_ns; /* terminated 0 = not asked to end yet */
    bool killed, stopped;              /* we ended it: with SIGKILL, at all */
};

extern char **environ;

/* ---- starting ---- */

/* environ (if has_ours) with the request's variables in front; the first one wins nowhere, so replaced names are left
 * out. */
static char **build_environment(const char *const *extra, bool has_ours)
{
    size_t count = 0, extra_count = 0;
    while (has_ours && environ[count])
        count++;
    while (extra && extra[extra_count])
        extra_count++;
    char **list = mem_array(count + extra_count + 1, sizeof *list);
    size_t used = 0;
    for (size_t i = 0; i < extra_count; i++)
        list[used++] = (char *)(uintptr_t)extra[i];
    for (size_t i = 0; i < count; i++) {
        size_t length = strcspn(environ[i], "=") + 1;
        bool replaced = false;
        for (size_t k = 0; k < extra_count && !replaced; k++)
            replaced = strncmp(environ[i], extra[k], length) == 0;
        if (!replaced)
            list[used++] = environ[i];
    }
    return list;
}

/* Descriptors of start(). */
enum { PIPE_OUT, PIPE_ERR, PIPE_REPORT, PIPE_GATE, PIPE_COUNT };

/* 0, 1 and 2 of the program. */
static bool connect_streams(const struct child_request *request, int pipes[PIPE_COUNT][2])
{
    bool keeps_input =
        request->keeps_streams && !isatty(0); /* its group is not the terminal's: reading would stop it */
    int null = keeps_input ? -1 : open("/dev/null", O_RDONLY);
    if (!keeps_input && (null < 0 || dup2(null, 0) < 0))
        return false;
    return request->keeps_streams || (dup2(pipes[PIPE_OUT][1], 1) >= 0 && dup2(pipes[PIPE_ERR][1], 2) >= 0);
}

/* Waits until the parent has attached what it wants. False: it could not, or it is gone. */
static bool pass_gate(int pipes[PIPE_COUNT][2])
{
    char byte;
    close(pipes[PIPE_GATE][1]);
    return read(pipes[PIPE_GATE][0], &byte, 1) == 1;
}

/* Runs in the child, between fork and exec: only async-signal-safe calls. */
static _Noreturn void become_program(const struct child_request *request, char **environment, pid_t parent,
                                     int pipes[PIPE_COUNT][2])
{
    /* Die with prony. If prony died before this line took effect, nobody would tell us: so look. */
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(127);
    setpgid(0, 0);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    signal(SIGXFSZ, SIG_DFL);
    if (request->fixed_addresses)
        personality((unsigned long)personality(0xffffffff) | ADDR_NO_RANDOMIZE);
    if (request->attach && !pass_gate(pipes))
        _exit(127);
    if (connect_streams(request, pipes) && (!request->directory || chdir(request->directory) == 0) &&
        (!request->cpus || sched_setaffinity(0, sizeof *request->cpus, request->cpus) == 0))
        execvpe(request->arguments[0], (char *const *)(uintptr_t)request->arguments, environment);
    int reason = errno;
    /* If even this write fails, the exit status says enough. */
    if (write(pipes[PIPE_REPORT][1], &reason, sizeof reason) != sizeof reason)
        _exit(126);
    _exit(127);
}

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

/* Waits until exec has happened (the pipe closes) or failed (errno arrives). */
static int await_exec(struct child *child, int report, struct error *error)
{
    int reason;
    ssize_t got;
    do {
        got = read(report, &reason, sizeof reason);
    } while (got < 0 && errno == EINTR);
    if (got != (ssize_t)sizeof reason)
        return 0;
    waitpid(child->pid, NULL, 0);
    return error_system(error, reason, "cannot start %s", child->request->arguments[0]);
}

/* The child stands at its gate. */
static int attach(struct child *child, int gate, struct error *error)
{
    const struct child_request *request = child->request;
    int code = request->attach(request->attach_context, child->pid, error);
    if (code == 0 && write(gate, "", 1) != 1)
        code = error_system(error, errno, "cannot start %s", request->arguments[0]);
    if (code == 0)
        return 0;
    kill(child->pid, SIGKILL);
    waitpid(child->pid, NULL, 0);
    return code;
}

static int start(struct child *child, struct error *error)
{
    int pipes[PIPE_COUNT][2] = { { -1, -1 }, { -1, -1 }, { -1, -1 }, { -1, -1 } };
    int code = 0;
    for (int i = 0; i < PIPE_COUNT; i++)
        if (code == 0 && pipe2(pipes[i], O_CLOEXEC) != 0)
            code = error_system(error, errno, "cannot make a pipe");
    char **environment = build_environment(child->request->environment, !child->request->clean_environment);
    pid_t parent = getpid();
    if (code == 0) {
        child->started_ns = clock_wall_ns();
        child->pid = fork();
        if (child->pid == 0)
            become_program(child->request, environment, parent, pipes);
        if (child->pid < 0)
            code = error_system(error, errno, "cannot start %s", child->request->arguments[0]);
    }
    free(environment);
    for (int i = 0; i < PIPE_GATE; i++)
        close_fd(&pipes[i][1]);
    close_fd(&pipes[PIPE_GATE][0]);
    if (code == 0) {
        /* Also here, so that the group exists before we might kill it. It fails once the child has exec'ed: good. */
        setpgid(child->pid, child->pid);
        if (child->request->attach)
            code = attach(child, pipes[PIPE_GATE][1], error);
        if (code == 0)
            code = await_exec(child, pipes[PIPE_REPORT][0], error);
    }
    close_fd(&pipes[PIPE_GATE][1]);
    close_fd(&pipes[PIPE_REPORT][0]);
    if (code != 0) {
        close_fd(&pipes[PIPE_OUT][0]);
        close_fd(&pipes[PIPE_ERR][0]);
        return code;
    }
    child->out = pipes[PIPE_OUT][0];
    child->err = pipes[PIPE_ERR][0];
    fcntl(child->out, F_SETFL, O_NONBLOCK);
    fcntl(child->err, F_SETFL, O_NONBLOCK);
    child->pidfd =
        (int)syscall(SYS_pidfd_open, child->pid, 0); /* -1 before Linux 5.3: then the tick notices the exit */
    return 0;
}

/* ---- watching ---- */

static void stop(struct child *child, enum child_end end)
{
    if (child->stopped)
        return;
    child->stopped = true;
    child->result->end = end;
    child->terminated_ns = clock_wall_ns();
    kill(-child->pid, SIGTERM);
}

/* Reads what is there. Closes the descriptor at its end. The number of reads is limited (to more than a pipe holds): a
 * child that writes as fast as we read must not keep us from its time limit. */
static void drain(struct child *child, int *fd, bool is_errors)
{
    char buffer[65536];
    struct child_result *result = child->result;
    for (int i = 0; i < READS_AT_ONCE && *fd >= 0; i++) {
        ssize_t got = read(*fd, buffer, sizeof buffer);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0 && errno == EAGAIN)
            return;
        if (got <= 0) {
            close_fd(fd);
            return;
        }
        if (is_errors) {
            str_append_bytes(&result->errors, buffer, (size_t)got);
            if (result->errors.length > 2 * ERRORS_KEPT) {
                size_t drop = result->errors.length - ERRORS_KEPT;
                memmove(result->errors.data, result->errors.data + drop, ERRORS_KEPT + 1);
                result->errors.length = ERRORS_KEPT;
            }
        } else if (result->output.length + (size_t)got <= child->request->output_limit_bytes) {
            str_append_bytes(&result->output, buffer, (size_t)got);
        } else {
            stop(child, CHILD_TOO_LOUD);
        }
    }
}

/* How long poll may sleep. */
static int wait_ms(const struct child *child, int64_t now_ns)
{
    int64_t limit = TICK_MS;
    if (child->pidfd < 0)
        limit = 10;
    if (!child->stopped && child->request->timeout_s > 0) {
        int64_t left = child->started_ns + (int64_t)(child->request->timeout_s * 1e9) - now_ns;
        limit = left / 1000000 < limit ? left / 1000000 + 1 : limit;
    }
    return limit < 0 ? 0 : (int)limit;
}

static void enforce_limits(struct child *child, int64_t now_ns)
{
    const struct child_request *request = child->request;
    if (!child->stopped && request->timeout_s > 0 && (double)(now_ns - child->started_ns) >= request->timeout_s * 1e9)
        stop(child, CHILD_TIMED_OUT);
    double grace_s = request->grace_s > 0 ? request->grace_s : 2;
    if (child->stopped && !child->killed && (double)(now_ns - child->terminated_ns) > grace_s * 1e9) {
        child->killed = true;
        kill(-child->pid, SIGKILL);
    }
}

static bool has_exited(const struct child *child)
{
    siginfo_t info = { 0 };
    if (waitid(P_PID, (id_t)child->pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0)
        return errno == ECHILD; /* somebody else reaped it: gone all the same */
    return info.si_pid == child->pid;
}

static void watch(struct child *child)
{
    const struct child_request *request = child->request;
    int64_t next_tick_ns = child->started_ns + (int64_t)TICK_MS * 1000000;
    for (;;) {
        struct pollfd fds[4] = { { .fd = child->out, .events = POLLIN },
                                 { .fd = child->err, .events = POLLIN },
                                 { .fd = child->pidfd, .events = POLLIN },
                                 { .fd = child->stopped ? -1 : request->interrupt_fd, .events = POLLIN } };
        poll(fds, 4, wait_ms(child, clock_wall_ns()));
        drain(child, &child->out, false);
        drain(child, &child->err, true);
        if (fds[3].revents & POLLIN)
            stop(child, CHILD_INTERRUPTED);
        if (has_exited(child))
            return;
        int64_t now_ns = clock_wall_ns();
        enforce_limits(child, now_ns);
        if (request->tick && now_ns >= next_tick_ns) {
            request->tick(request->tick_context);
            next_tick_ns = now_ns + (int64_t)TICK_MS * 1000000;
        }
    }
}

static void finish(struct child *child)
{
    struct child_result *result = child->result;
    result->wall_s = (double)(clock_wall_ns() - child->started_ns) / 1e9;
    kill(-child->pid, SIGKILL); /* grandchildren that outlived it */
    drain(child, &child->out, false);
    drain(child, &child->err, true);
    close_fd(&child->out);
    close_fd(&child->err);
    close_fd(&child->pidfd);
    int status = 0;
    while (waitpid(child->pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (child->stopped)
        return;
    result->end = WIFEXITED(status) ? CHILD_EXITED : CHILD_KILLED;
    result->status = WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status);
}

int child_run(const struct child_request *request, struct child_result *result, struct error *error)
{
    *result = (struct child_result){ 0 };
    struct child child = { .request = request, .result = result, .out = -1, .err = -1, .pidfd = -1 };
    int code = start(&child, error);
    if (code != 0)
        return code;
    watch(&child);
    finish(&child);
    return 0;
}

void child_release(struct child_result *result)
{
    str_release(&result->output);
    str_release(&result->errors);
}

char *child_describe(const struct child_result *result, const struct child_request *request, char *buffer, size_t size)
{
    switch (result->end) {
    case CHILD_EXITED: snprintf(buffer, size, "exited with status %d", result->status); break;
    case CHILD_KILLED:
        snprintf(buffer, size, "killed by signal %d (%s)", result->status, strsignal(result->status));
        break;
    case CHILD_TIMED_OUT: snprintf(buffer, size, "timed out after %g s", request->timeout_s); break;
    case CHILD_TOO_LOUD:
        snprintf(buffer, size, "wrote more than %zu MiB to stdout", request->output_limit_bytes >> 20);
        break;
    case CHILD_INTERRUPTED: snprintf(buffer, size, "interrupted"); break;
    }
    return buffer;
}
