/* probe_obstacles.h: why the kernel refused a counter, and what helps first. The same errno has several causes (EPERM:
 * a seccomp filter, the paranoid level, a security module), so what the machine says about itself is looked at, too. */
#ifndef PRONY_PROBE_OBSTACLES_H
#define PRONY_PROBE_OBSTACLES_H

#include <stdbool.h>
#include <stddef.h>

enum { PROBE_PARANOID_UNKNOWN = -100 };

struct probe_obstacles {
    int paranoid_level;    /* of kernel.perf_event_paranoid */
    bool has_seccomp;      /* a filter watches this process's system calls */
    bool has_capability;   /* CAP_PERFMON or CAP_SYS_ADMIN */
    bool has_pmu;          /* the kernel drives one */
    bool is_virtual;       /* a hypervisor shows itself */
    bool is_container;     /* this process lives in one */
    bool software_refused; /* not even a software event of the own thread opens */
};
void probe_obstacles_find(struct probe_obstacles *obstacles);

/* errno_value: of perf_event_open. Both texts end in NUL; the remedy may be empty. */
void probe_obstacles_explain(const struct probe_obstacles *obstacles, int errno_value, bool is_software, char *reason,
                             size_t reason_size, char *remedy, size_t remedy_size);

#endif
