/* doctor.h: can numbers of this machine be trusted just now? A list of checks, each with what was seen, what that means
 * for a measurement and the command that mends it. What cannot be found out is unknown, never pass.
 *
 *     doctor_check     the verdicts
 *     doctor_fix       changes what can be changed back; doctor_restore puts it back
 *     doctor_record    a short look before a run: verdicts into the store, warnings to stderr */
#ifndef PRONY_RUN_DOCTOR_H
#define PRONY_RUN_DOCTOR_H

#include "harness/base/arena.h"
#include "harness/base/error.h"
#include "harness/store/store.h"
#include <stdio.h>

/* Time that one CPU did not get although a thread only ever read the clock there. */
struct doctor_detour {
    size_t cpu;
    int64_t watched_ns, lost_ns, longest_ns;
    size_t gap_count;
};

/* What is not read from files: what was watched and what was tried. Made by doctor_look, or by a test. */
struct doctor_readings {
    const size_t *cpus; /* that this process may use, best first (cpus.h) */
    size_t cpu_count;
    bool privileged;                     /* root, or CAP_PERFMON */
    int software_errno;                  /* of opening a software event of this process, without the kernel */
    int pmu_errno;                       /* of opening a hardware counter of cycles */
    uint64_t pmu_cycles;                 /* that it counted over some work; meaningless after an error */
    uint64_t open_files;                 /* soft limit of descriptors */
    const char *tools_missing;           /* "valgrind, gnuplot"; "" = none */
    const char *build_flags;             /* of this prony */
    double watched_s;                    /* 0 = nothing below was watched */
    const double *clock_hz;              /* short readings of the core clock, in order */
    size_t clock_count;                  /* 0 = this CPU has no such reading */
    const struct doctor_detour *detours; /* one a CPU */
    size_t detour_count;
    const double *a_ns, *b_ns; /* the same work measured as A and as B, interleaved */
    size_t same_count;
    const double *busy_shares; /* of CPU 0, 1, ... while watched, 0..1; NaN = not known */
    size_t busy_count;
    double steal_share;        /* of all CPUs' time; NaN = not known */
    int64_t throttle_increase; /* of all cores' counts; -1 = not known */
};

struct doctor_options {
    const char *root;     /* put before /proc and /sys: "" in real life, a made-up tree in tests */
    double seconds;       /* how long the checks that watch the machine may watch it; 0 = only look, do not watch */
    int threads;          /* that will be measured; 0 = as many as CPUs */
    uint64_t model_bytes; /* of the largest model; 0 = none */
    bool for_users;       /* judge what a user without privileges may do, though this process has them */
    const struct doctor_readings *readings; /* NULL = watch this machine */
};

struct doctor_report {
    struct store_check *checks; /* in the order people should read them: fail, warn, unknown, pass */
    size_t count;
    double watched_s;
    double precision;  /* numbers are good to about this share of themselves; NaN = not watched */
    const char *basis; /* where that comes from; why it is missing */
};

/* Everything lives in the arena. Never fails. */
void doctor_check(const struct doctor_options *options, struct arena *arena, struct doctor_report *report);
size_t doctor_count(const struct doctor_report *report, const char *verdict);

/* Looks at and watches this machine (doctor_watch.c). */
void doctor_look(const struct doctor_options *options, struct arena *arena, struct doctor_readings *readings);
/* Reads the clock again and again for window_ns; a step above threshold_ns is time that somebody else had. */
struct doctor_detour doctor_watch_detour(int64_t (*now_ns)(void *context), void *context, int64_t window_ns,
                                         int64_t threshold_ns);

/* ---- changes that can be undone (doctor_fix.c) ---- */

enum doctor_change_state {
    DOCTOR_CHANGED,
    DOCTOR_REFUSED, /* reason says why, command does it by hand */
    DOCTOR_LEFT     /* put back: not what we wrote, so somebody else's */
};

struct doctor_change {
    const char *check, *path, *before, *after;
    enum doctor_change_state state;
    const char *reason;  /* unless changed */
    const char *command; /* for people without the rights */
};

/* Every setting whose check said warn or fail. What was before is in the file state_path before anything is changed.
 * Fails, having changed nothing, when that file cannot be read or written; a setting that cannot be written is one
 * refused change. Settings that an earlier call changed keep their older `before`. */
int doctor_fix(const char *root, const char *state_path, const struct doctor_report *report, struct arena *arena,
               struct doctor_change **changes, size_t *count, struct error *error);
/* Puts back what the file holds; only the paths of `only` (its changes that were made), NULL = all. What could not be
 * written stays in the file; the file goes away with its last entry. A file of before the last boot: nothing is put
 * back, because the boot did. */
int doctor_restore(const char *root, const char *state_path, const struct doctor_change *only, size_t only_count,
                   struct arena *arena, struct doctor_change **changes, size_t *count, struct error *error);
/* Only one may change settings at a time: a second --fix would find them good, and lose them in the middle of its
 * command when the first puts them back. Take the lock before doctor_fix and doctor_restore and keep it for as long as
 * the changes shall last; ERROR_STATE if somebody else has it. It ends with the process. *lock is -1 where there is no
 * place for the file either. */
int doctor_lock(const char *state_path, int *lock, struct error *error);
void doctor_unlock(int lock);
/* How many of the report's warnings and failures doctor_fix can mend. */
size_t doctor_fixable(const char *root, const struct doctor_report *report, struct arena *arena);
/* The file for this user: /var/lib/prony/doctor.json for root, else below $XDG_STATE_HOME or ~/.local/state. */
const char *doctor_state_path(struct arena *arena);

/* ---- for people and programs (doctor_text.c) ---- */

struct doctor_style {
    bool color;
    int width;      /* lines are broken there, commands are not; 0 = nowhere */
    size_t fixable; /* warnings and failures that --fix mends, for the hint at the end */
};
void doctor_print_text(FILE *file, const struct doctor_report *report, const struct doctor_style *style);
void doctor_print_json(FILE *file, const struct doctor_report *report);

/* ---- before a run (doctor_record.c) ---- */

/* The size of the largest of these files, or, where there are none, of those that PRONY_MODELS names. */
uint64_t doctor_model_bytes(const char *const *models, size_t count);
/* Watches for a quarter of a second (unless options say for how long), stores the verdicts with the run and how good
 * numbers can be as its fact machine_precision_percent, and says at most five bad ones on stderr; quiet: only fails. */
int doctor_record(struct store *store, int64_t run_id, const struct doctor_options *options, bool quiet,
                  struct error *error);

#endif
