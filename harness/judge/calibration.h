/* calibration.h: how often this harness cries wolf: base against base through the same pipeline (A/A).
 *
 * Every A/A comparison leaves its p-values and the noise of every case in the store (store_outcomes). */
#ifndef PRONY_JUDGE_CALIBRATION_H
#define PRONY_JUDGE_CALIBRATION_H

#include "harness/base/arena.h"
#include "harness/base/error.h"
#include "harness/judge/compare.h"
#include "harness/stats/multiple.h"

/* Only the newest count, so that a machine that was mended is believed again. */
#define CALIBRATION_WINDOW 50

struct calibration {
    size_t comparisons;     /* A/A comparisons on this machine, CALIBRATION_WINDOW at most */
    size_t tests, alarms;   /* cases tested; of them p <= alpha */
    size_t false_verdicts;  /* of them called regressed or improved */
    double rate;            /* alarms / tests; NaN = never calibrated */
    struct stats_band band; /* where alarms should lie, at 99 % */
    bool out_of_band;       /* more alarms than that. Fewer are no fault: few pairs and several looks are cautious. */
    int64_t newest_ns;
    struct calibration_noise *noise; /* in the order of suite, name */
    size_t noise_count;
};
struct calibration_noise {
    const char *suite, *name;
    /* Floor of log(ratio): 90 % of the A/A effects of this case on this machine are smaller; of a single comparison its
     * effect or half its interval, whichever is larger. */
    double noise;
    size_t comparisons;
};

/* fingerprint: of the machine. Comparisons of identical binaries are A/A data whatever their kind. No A/A data is no
 * error: comparisons == 0. */
int calibration_load(struct calibration *calibration, struct store *store, const char *fingerprint, struct arena *arena,
                     struct error *error);
double calibration_noise_of(const struct calibration *calibration, const char *suite, const char *name);
/* "A/A: 3 false alarms in 120 tests (2.5 %, expected 1..12)", or how to calibrate; in the arena. */
const char *calibration_line(const struct calibration *calibration, struct arena *arena);
/* Stores the outcomes of an A/A comparison (both sides the same build). */
int calibration_record(struct store *store, int64_t comparison_id, const struct comparison *comparison,
                       struct error *error);

#endif
