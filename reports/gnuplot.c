/* gnuplot.c: a gnuplot process, with a time limit, its complaints in a file. */
#include "harness/base/clock.h"
#include "harness/base/file.h"
#include "harness/base/mem.h"
#include "reports/chart.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;
static const int64_t limit_ns = 60LL * 1000 * 1000 * 1000;

/* -1 after the time limit. */
static int wait_for(const struct gnuplot *run)
{
    const struct timespec pause = { 0, 2 * 1000 * 1000 };
    int status;
    for (;;) {
        pid_t done = waitpid(run->pid, &status, WNOHANG);
        if (done == run->pid)
            return status;
        if (done < 0 && errno != EINTR)
            return -1;
        if (clock_wall_ns() > run->deadline_ns) {
            kill(run->pid, SIGKILL);
            waitpid(run->pid, &status, 0);
            return -1;
        }
        nanosleep(&pause, NULL);
    }
}

/* gnuplot points at the error with a line holding only a caret; the message comes after it. */
static void first_complaint(const char *path, char *text, size_t size)
{
    char *complaints = NULL;
    size_t length = 0;
    text[0] = 0;
    if (file_read(path, &complaints, &length, NULL) != 0)
        return;
    for (const char *line = complaints; *line;) {
        size_t end = strcspn(line, "\n");
        const char *message = memmem(line, end, "line ", 5);
        if (message) {
            size_t used = (size_t)(line + end - message) < size ? (size_t)(line + end - message) : size - 1;
            memcpy(text, message, used);
            text[used] = 0;
            break;
        }
        line += end + (line[end] == '\n');
    }
    free(complaints);
}

static int spawn(struct gnuplot *run, char **argv, const char *directory, struct error *error)
{
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, run->complaints, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    posix_spawn_file_actions_addchdir_np(&actions, directory);
    /* It starts in the other directory. */
    char *absolute = strchr(run->program, '/') ? realpath(run->program, NULL) : NULL;
    int code = posix_spawnp(&run->pid, absolute ? absolute : run->program, &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    free(absolute);
    run->deadline_ns = clock_wall_ns() + limit_ns;
    return code ? error_system(error, code, "gnuplot is needed, and %s cannot be started", run->program) : 0;
}

static int start(struct gnuplot *run, const char *program, const char *directory, const char *complaints,
                 const char *const *scripts, size_t count, struct error *error)
{
    *run = (struct gnuplot){ .program = program, .complaints = mem_format("%s/%s", directory, complaints) };
    char **argv = mem_array(count + 3, sizeof *argv);
    argv[0] = (char *)(uintptr_t)program;
    argv[1] = (char *)(uintptr_t) "-d"; /* no ~/.gnuplot may change what a report looks like */
    for (size_t i = 0; i < count; i++)
        argv[2 + i] = (char *)(uintptr_t)scripts[i];
    int code = spawn(run, argv, directory, error);
    free(argv);
    if (code) {
        remove(run->complaints);
        free(run->complaints);
    }
    return code;
}

int gnuplot_start(struct gnuplot *run, const char *program, const char *directory, const char *script,
                  struct error *error)
{
    char *complaints = mem_format("%s.errors", script);
    int code = start(run, program, directory, complaints, &script, 1, error);
    free(complaints);
    return code;
}

int gnuplot_end(struct gnuplot *run, struct error *error)
{
    char text[256];
    int status = wait_for(run), code = 0;
    first_complaint(run->complaints, text, sizeof text);
    if (status == -1)
        code = error_set(error, ERROR_IO, "%s: no answer after 60 s", run->program);
    else if (status != 0)
        code = error_set(error, ERROR_FORMAT, "%s failed%s%s", run->program, *text ? ": " : "", text);
    remove(run->complaints);
    free(run->complaints);
    return code;
}

int gnuplot_run(const char *program, const char *directory, const char *const *scripts, size_t count,
                struct error *error)
{
    struct gnuplot run;
    int code = start(&run, program, directory, "stderr", scripts, count, error);
    return code ? code : gnuplot_end(&run, error);
}
