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

/* Another thread's difference; a member is absent if it is absent in either. */
void probe_scheduling_add(struct probe_scheduling *sum, const struct probe_scheduling *part);

/* Readings cost microseconds, too much around a run that takes one. A monitor spares most of them: a thread that was on
 * a CPU all the time has waited for none, so of one thread wall time minus CPU time bounds the delay, and where that is
 * within the noise of the clocks it is 0 without a reading. Zero bytes make a monitor of the whole process. */
struct probe_scheduling_monitor {
    bool of_thread;               /* only of the thread that calls */
    int sleepers;                 /* of the process: threads known to sleep while anything is monitored */
    struct probe_scheduling last; /* the last reading, */
    int64_t last_wall_ns;         /* and when it was taken */
    bool has_last;
    bool alone;    /* nothing but the calling thread ran when the run began */
    int file;      /* of that thread; -1 = the kernel keeps no schedstat */
    int thread_id; /* whose file that is; 0 = none is open */
};
/* Within this time off the CPU no other task ran: switching to one and back takes longer. */
enum { PROBE_SCHEDULING_NOISE_NS = 2000 };

/* Before a run. Takes a reading only if the last one is older than a millisecond, or beside other threads. */
void probe_scheduling_begin(struct probe_scheduling_monitor *monitor);
/* The same for a caller that has just read the wall clock. */
void probe_scheduling_begin_at(struct probe_scheduling_monitor *monitor, int64_t now_ns);
/* After it: what happened in the run. off_cpu_ns: wall minus CPU time of the run, INT64_MAX if that is not known.
 * Voluntary switches that took no time are not seen. */
struct probe_scheduling probe_scheduling_end(struct probe_scheduling_monitor *monitor, int64_t off_cpu_ns);
/* Closes its file. From any thread. */
void probe_scheduling_monitor_close(struct probe_scheduling_monitor *monitor);

#endif
