/* interrupt.c: SIGINT, SIGTERM and SIGHUP through a signalfd. */
#include "harness/run/interrupt.h"
#include <errno.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

int interrupt_begin(struct interrupt *interrupt, struct error *error)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    sigprocmask(SIG_BLOCK, &set, &interrupt->before);
    interrupt->fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    if (interrupt->fd >= 0)
        return 0;
    int reason = errno;
    sigprocmask(SIG_SETMASK, &interrupt->before, NULL);
    return error_system(error, reason, "cannot watch for Ctrl-C");
}

bool interrupt_arrived(const struct interrupt *interrupt)
{
    struct pollfd fd = { .fd = interrupt->fd, .events = POLLIN };
    return poll(&fd, 1, 0) == 1;
}

void interrupt_end(struct interrupt *interrupt)
{
    struct signalfd_siginfo info;
    while (read(interrupt->fd, &info, sizeof info) == (ssize_t)sizeof info)
        ;
    close(interrupt->fd);
    sigprocmask(SIG_SETMASK, &interrupt->before, NULL);
}
