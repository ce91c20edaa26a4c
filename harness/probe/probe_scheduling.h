/* probe_scheduling.h: what the scheduler did to this process: time that its threads were ready to run but waited for
 * a CPU, and context switches. Read before and after a run; the difference says how disturbed the run was. */
#ifndef PRONY_PROBE_SCHEDULING_H
#define PRONY_PROBE_SCHEDULING_H

#include <stdbool.h>
#include <stdint.h>

struct probe_scheduling {
    bool has_run_delay; /* false: the kernel keeps no schedstat */
    bool has_switches;
    int64_t run_delay_ns;      /* summed over the threads alive at the reading */
    int64_t involuntary_count; /* preemptions, of all threads */
    int64_t voluntary_count;
};

void probe_scheduling_read(struct probe_scheduling *reading);
/* later - earlier. A member is absent if it is absent in either, or if a thread that had waited has ended between. */
struct probe_scheduling probe_scheduling_difference(const struct probe_scheduling *later,
                                                    const struct probe_scheduling *earlier);

#endif
