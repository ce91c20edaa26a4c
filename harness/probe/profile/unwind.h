/* unwind.h: call stacks from what a sample holds: registers and a copy of the top of the stack.
 *
 * Callers are found by the call frame information that compilers put into every program for exceptions (DWARF 5,
 * section 6.4), so frame pointers are not needed. Its rules are read once an address and kept with the module. A stack
 * is never guessed: where it cannot be followed it ends, and why is said. */
#ifndef PRONY_PROBE_PROFILE_UNWIND_H
#define PRONY_PROBE_PROFILE_UNWIND_H

#include "harness/probe/profile/maps.h"
#include "harness/probe/profile/registers.h"

enum { UNWIND_DEPTH = 512 };

enum unwind_end {
    UNWIND_WHOLE,     /* down to where the thread began */
    UNWIND_TRUNCATED, /* the copy of the stack ends, or there are more than UNWIND_DEPTH frames */
    UNWIND_UNKNOWN    /* code without unwind information: compiled at run time, hand-written, its file is gone */
};

struct unwind_input {
    const struct maps *maps;
    struct modules *modules;
    uint64_t registers[REGISTERS_COUNT];
    const unsigned char *stack; /* from the stack pointer up */
    size_t stack_bytes;
    bool stack_is_full; /* there was more than that */
};

/* Addresses, innermost first. All but the first are return addresses unless is_exact says that a signal interrupted
 * the function there. */
struct unwind_stack {
    uint64_t addresses[UNWIND_DEPTH];
    bool is_exact[UNWIND_DEPTH];
    bool is_signal[UNWIND_DEPTH]; /* not a function: what the kernel put there to call a signal handler */
    size_t count;
    enum unwind_end end;
};

void unwind(const struct unwind_input *input, struct unwind_stack *stack);

#endif
