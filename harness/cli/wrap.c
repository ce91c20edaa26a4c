/* wrap.c: see wrap.h. */
#include "harness/cli/wrap.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* The kernel sends signals of the terminal to the whole group: the command has got those already. */
static void forward(pid_t child, const siginfo_t *info)
{
    if (info->si_code <= 0)
        kill(child, info->si_signo);
}

static int wait_for(pid_t child, const sigset_t *set)
{
    int status;
    for (;;) {
        siginfo_t info;
        int number = sigwaitinfo(set, &info);
        if (number > 0 && number != SIGCHLD)
            forward(child, &info);
        pid_t ended = waitpid(child, &status, WNOHANG);
        if (ended == child)
            return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        if (ended < 0 && errno != EINTR)
            return 127; /* somebody else reaped it */
    }
}

/* In the child; only comes back to say why not. */
static void execute(const char *const *arguments, const sigset_t *before, int report_fd)
{
    signal(SIGPIPE, SIG_DFL); /* main.c ignores these two, and ignoring is inherited */
    signal(SIGXFSZ, SIG_DFL);
    sigprocmask(SIG_SETMASK, before, NULL);
    execvp(arguments[0], (char *const *)arguments);
    int reason = errno;
    (void)!write(report_fd, &reason, sizeof reason);
    _exit(127);
}

int wrap_command(const char *const *arguments, int *status, struct error *error)
{
    static const int signals[] = { SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGCHLD };
    sigset_t set, before;
    int pipe_fds[2], reason = 0;
    if (pipe2(pipe_fds, O_CLOEXEC) != 0)
        return error_system(error, errno, "%s", arguments[0]);
    sigemptyset(&set);
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
        sigaddset(&set, signals[i]);
    sigprocmask(SIG_BLOCK, &set, &before);
    pid_t child = fork();
    int fork_reason = errno;
    if (child == 0)
        execute(arguments, &before, pipe_fds[1]);
    close(pipe_fds[1]);
    /* The pipe closes by itself when the command has begun. */
    while (child > 0 && read(pipe_fds[0], &reason, sizeof reason) < 0 && errno == EINTR) {}
    close(pipe_fds[0]);
    if (child > 0)
        *status = wait_for(child, &set);
    sigprocmask(SIG_SETMASK, &before, NULL);
    if (child < 0 || reason)
        return error_system(error, child < 0 ? fork_reason : reason, "%s", arguments[0]);
    return 0;
}
