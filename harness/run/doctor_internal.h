/* doctor_internal.h: what the files of the doctor share. */
#ifndef PRONY_RUN_DOCTOR_INTERNAL_H
#define PRONY_RUN_DOCTOR_INTERNAL_H

#include "harness/run/doctor.h"
#include "harness/run/sysfs.h"

enum doctor_verdict { DOCTOR_FAIL, DOCTOR_WARN, DOCTOR_UNKNOWN, DOCTOR_PASS };

struct doctor {
    const struct doctor_options *options;
    const struct doctor_readings *readings;
    const char *root;
    struct arena *arena;
    size_t threads; /* that will be measured */
    double precision;
};

/* One row of a table of checks. run() calls doctor_say exactly once. */
struct doctor_row {
    const char *name;
    const char *meaning; /* for a measurement, one sentence */
    void (*run)(struct doctor *doctor, struct store_check *check);
};

/* Tables end with a row without a name. */
extern const struct doctor_row doctor_watch_rows[];  /* doctor_watched.c: what has been watched */
extern const struct doctor_row doctor_cpu_rows[];    /* doctor_cpu.c: clocks, cores, shares of them */
extern const struct doctor_row doctor_load_rows[];   /* doctor_load.c: who else is here */
extern const struct doctor_row doctor_kernel_rows[]; /* doctor_kernel.c: settings of the system */
extern const struct doctor_row doctor_tool_rows[];   /* doctor_tools.c: counters, build, tools */

/* remedy: a command, or a sentence that begins with a capital letter; NULL = there is none. */
void doctor_say(struct doctor *doctor, struct store_check *check, enum doctor_verdict verdict, const char *remedy,
                const char *seen_format, ...) __attribute__((format(printf, 5, 6)));
/* Unknown, because path cannot be read (or does not say what it should). */
void doctor_cannot_read(struct doctor *doctor, struct store_check *check, const char *path, const char *remedy);
/* fail at or above fail_limit, warn at or above warn_limit, else pass. */
enum doctor_verdict doctor_grade(double value, double warn_limit, double fail_limit);
/* "12.3 %", with as many digits as say something, into buffer (at least 32 bytes); returns it. */
char *doctor_percent(char *buffer, size_t size, double share);

#endif
