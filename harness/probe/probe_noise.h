/* probe_noise.h: what else than the program's own work happened to it: switches, page faults, moves to another CPU. A
 * reading takes about 20 us; take one before and one behind what is measured. Allocates nothing. */
#ifndef PRONY_PROBE_NOISE_H
#define PRONY_PROBE_NOISE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Counts since the process, or the thread, began. */
struct probe_noise {
    bool has_usage;
    int64_t voluntary_count, involuntary_count; /* context switches */
    int64_t minor_faults, major_faults;
    bool has_migrations; /* false: the kernel does not tell (see PROBE_NOISE_NO_MIGRATIONS) */
    int64_t migrations;  /* of the calling thread to another CPU, whatever of_thread is */
};
#define PROBE_NOISE_NO_MIGRATIONS "the kernel has no /proc/thread-self/sched (CONFIG_SCHED_DEBUG)"

/* of_thread: switches and faults of the calling thread only, else of the process. */
void probe_noise_read(struct probe_noise *reading, bool of_thread);
/* later - earlier; a member is absent if it is absent in either. */
struct probe_noise probe_noise_difference(const struct probe_noise *later, const struct probe_noise *earlier);
/* Another thread's difference; a member is absent if it is absent in either. */
void probe_noise_add(struct probe_noise *sum, const struct probe_noise *part);
/* "se.nr_migrations  :  12" in a text like /proc/thread-self/sched, which ends with a NUL. False if it is not there. */
bool probe_noise_parse_migrations(const char *text, int64_t *count);

#endif
