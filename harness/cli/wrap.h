/* wrap.h: runs somebody else's command in our place: same terminal, same group, its exit status. */
#ifndef PRONY_CLI_WRAP_H
#define PRONY_CLI_WRAP_H

#include "harness/base/error.h"

/* Waits for arguments[0] (found by PATH) to end. Signals that would end us (INT, QUIT, TERM, HUP) end the command
 * instead and let us go on: what must be put back afterwards is put back. *status is its exit status, 128 + signal
 * where it was killed. Fails when it cannot be started. */
int wrap_command(const char *const *arguments, int *status, struct error *error);

#endif
