/* interrupt.h: Ctrl-C as a descriptor to poll, not as a handler: no global state, no interrupted writes. */
#ifndef PRONY_RUN_INTERRUPT_H
#define PRONY_RUN_INTERRUPT_H

#include "harness/base/error.h"
#include <signal.h>
#include <stdbool.h>

struct interrupt {
    int fd; /* readable once SIGINT, SIGTERM or SIGHUP has arrived */
    sigset_t before;
};

/* From here on these signals do not end the program. */
int interrupt_begin(struct interrupt *interrupt, struct error *error);
/* Has one arrived? Stays true. */
bool interrupt_arrived(const struct interrupt *interrupt);
/* Takes what has arrived and gives the signals their usual effect back. */
void interrupt_end(struct interrupt *interrupt);

#endif
