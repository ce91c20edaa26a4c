/* change_points.c: steps of histories: how many are false, how many are missed, and how well the labelled series are
 * cut. Prints Markdown tables; exits with 1 where a target is missed. Where the labelled series are not there
 * (PRONY_TESTDATA), it prints nothing, so that the tables in docs/METHOD.md stay as they are.
 *
 * The thresholds of stats_change_points were set on other seeds than these. --cost: CPU time instead. */
#include "harness/base/arena.h"
#include "harness/base/file.h"
#include "harness/base/mem.h"
#include "harness/base/str.h"
#include "harness/stats/change_points.h"
#include "tests/support/history_noise.h"
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { COUNT = 100, NULL_HISTORIES = 20000, STEP_HISTORIES = 4000, MARGIN = 5, LABEL_LIMIT = 64, READING_LIMIT = 32 };
static const uint64_t seed = 20261121;
static const double steps[] = { 0.01, 0.02, 0.05 };
/* Of gauss; false change points count for every kind of noise. */
static const double least_recall[] = { 0.45, 0.98, 1.0 };
static const double most_false = 0.01;
/* Apache Otava with its defaults on the same series and labels, run beside this study: the best of the others. */
static const double otava_f1 = 0.992, otava_covering = 0.974;

struct study {
    struct str text; /* Markdown */
    int missed;      /* targets */
};

static void __attribute__((format(printf, 2, 3))) study_line(struct study *study, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    str_vappendf(&study->text, format, arguments);
    va_end(arguments);
    str_append_char(&study->text, '\n');
}

static void __attribute__((format(printf, 3, 4))) study_target(struct study *study, bool met, const char *format, ...)
{
    if (met)
        return;
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "missed: ");
    vfprintf(stderr, format, arguments);
    fprintf(stderr, "\n");
    va_end(arguments);
    study->missed++;
}

/* ---- simulation ---- */

static double count_false(enum history_noise kind)
{
    struct rng rng;
    double values[COUNT];
    struct stats_change changes[COUNT];
    size_t total = 0;
    rng_seed(&rng, rng_mix(seed, (uint64_t)kind));
    for (int i = 0; i < NULL_HISTORIES; i++) {
        history_make(&rng, kind, 0.01, COUNT, 0, values, COUNT);
        total += stats_change_points(values, COUNT, NULL, changes, NULL);
    }
    return (double)total / NULL_HISTORIES;
}

/* Share of steps, anywhere but in the first and last fifth, that have a change point within the margin. */
static double recall(enum history_noise kind, double step)
{
    struct rng rng;
    double values[COUNT];
    struct stats_change changes[COUNT];
    size_t hits = 0;
    rng_seed(&rng, rng_mix(seed + 1, (uint64_t)kind * 100 + (uint64_t)(step * 1000)));
    for (int i = 0; i < STEP_HISTORIES; i++) {
        long at = (long)(COUNT / 5 + rng_below(&rng, COUNT - 2 * COUNT / 5));
        history_make(&rng, kind, 0.01, (size_t)at, step, values, COUNT);
        size_t count = stats_change_points(values, COUNT, NULL, changes, NULL);
        bool hit = false;
        for (size_t c = 0; c < count; c++)
            hit = hit || labs((long)changes[c].index - at) <= MARGIN;
        hits += hit;
    }
    return (double)hits / STEP_HISTORIES;
}

static void simulate(struct study *study)
{
    study_line(study,
               "False change points per 100 points without a step (%d histories of %d points each), and recall of one "
               "step of 1, 2, 5 %%\nwithin +-%d points (%d histories each); the noise has sd 1 %%, `spikes` and "
               "`bimodal` more:\n",
               NULL_HISTORIES, COUNT, MARGIN, STEP_HISTORIES);
    study_line(study, "| noise | false per 100 | 1 %% | 2 %% | 5 %% |\n|---|--:|--:|--:|--:|");
    for (int k = 0; k < HISTORY_NOISE_COUNT; k++) {
        enum history_noise kind = (enum history_noise)k;
        double wrong = count_false(kind), found[3];
        study_target(study, wrong <= most_false, "%s: %.4f false per 100, at most %g", history_noise_name(kind), wrong,
                     most_false);
        for (int s = 0; s < 3; s++) {
            found[s] = recall(kind, steps[s]);
            /* 1.0 as it would be printed */
            study_target(study, kind != HISTORY_GAUSS || found[s] >= least_recall[s] - 0.0005,
                         "gauss: recall %.4f of %g %%, at least %g", found[s], 100 * steps[s], least_recall[s]);
        }
        study_line(study, "| %s | %.4f | %.3f | %.3f | %.3f |", history_noise_name(kind), wrong, found[0], found[1],
                   found[2]);
    }
}

/* ---- labelled series ---- */

struct reading {
    size_t indices[LABEL_LIMIT]; /* the first is 0: the beginning counts as found in all */
    size_t count;
};

struct labelled {
    char name[64];
    bool exponential;
    struct reading readings[READING_LIMIT];
    size_t reading_count;
    double *values;
    size_t value_count;
};

/* How many of truth have an own found one within the margin. */
static size_t matches(const struct reading *truth, const struct reading *found)
{
    bool taken[LABEL_LIMIT] = { false };
    size_t hits = 0;
    for (size_t t = 0; t < truth->count; t++) {
        size_t best = found->count, distance = MARGIN + 1;
        for (size_t f = 0; f < found->count; f++) {
            size_t apart = (size_t)labs((long)found->indices[f] - (long)truth->indices[t]);
            if (!taken[f] && apart < distance) {
                best = f;
                distance = apart;
            }
        }
        if (best < found->count) {
            taken[best] = true;
            hits++;
        }
    }
    return hits;
}

static void add_index(struct reading *reading, size_t index)
{
    for (size_t i = 0; i < reading->count; i++)
        if (reading->indices[i] == index)
            return;
    if (reading->count < LABEL_LIMIT)
        reading->indices[reading->count++] = index;
}

/* Precision against what any annotator marked, recall as the mean over the annotators (van den Burg, Williams 2020). */
static double f1(const struct labelled *series, const struct reading *found)
{
    struct reading any = { { 0 }, 1 };
    double share = 0;
    for (size_t r = 0; r < series->reading_count; r++) {
        const struct reading *reading = &series->readings[r];
        for (size_t i = 0; i < reading->count; i++)
            add_index(&any, reading->indices[i]);
        share += (double)matches(reading, found) / (double)reading->count / (double)series->reading_count;
    }
    double precision = (double)matches(&any, found) / (double)found->count;
    return precision + share > 0 ? 2 * precision * share / (precision + share) : 0;
}

static double jaccard(size_t a0, size_t a1, size_t b0, size_t b1)
{
    double common = fmax(0, (double)(a1 < b1 ? a1 : b1) - (double)(a0 > b0 ? a0 : b0));
    return common / ((double)(a1 - a0) + (double)(b1 - b0) - common);
}

static size_t end_of(const struct reading *reading, size_t index, size_t count)
{
    return index + 1 < reading->count ? reading->indices[index + 1] : count;
}

/* How well the segments of each annotator are covered by ours, mean over annotators (ibid.). */
static double covering(const struct labelled *series, const struct reading *found)
{
    double sum = 0;
    for (size_t r = 0; r < series->reading_count; r++) {
        const struct reading *reading = &series->readings[r];
        for (size_t i = 0; i < reading->count; i++) {
            size_t begin = reading->indices[i], end = end_of(reading, i, series->value_count);
            double best = 0;
            for (size_t f = 0; f < found->count; f++)
                best = fmax(best, jaccard(begin, end, found->indices[f], end_of(found, f, series->value_count)));
            sum += (double)(end - begin) * best;
        }
    }
    return sum / (double)series->value_count / (double)series->reading_count;
}

/* ---- reading ---- */

static bool read_series(struct labelled *series, const char *directory)
{
    char *path = mem_format("%s/%s.json", directory, series->name);
    json_t *root = json_load_file(path, 0, NULL);
    free(path);
    if (!root)
        return false;
    series->value_count = json_array_size(root);
    series->values = mem_array(series->value_count, sizeof *series->values);
    for (size_t i = 0; i < series->value_count; i++) {
        double value = json_number_value(json_array_get(root, i));
        series->values[i] = series->exponential ? 1000 * exp(value / 100) : value;
    }
    json_decref(root);
    return true;
}

/* A line "SERIES TRANSFORM: INDEX..." becomes a reading of the last series, or the first one of a new one. */
static void take_line(struct labelled *all, size_t *count, size_t limit, char *line)
{
    char name[64], transform[16];
    int used = 0;
    if (*line == '#' || sscanf(line, "%63s %15[a-z]:%n", name, transform, &used) != 2 || used == 0)
        return;
    if (*count == 0 || !str_equal(all[*count - 1].name, name)) {
        if (*count == limit)
            return;
        struct labelled *series = &all[(*count)++];
        snprintf(series->name, sizeof series->name, "%s", name);
        series->exponential = str_equal(transform, "exp");
    }
    struct labelled *series = &all[*count - 1];
    struct reading *reading = &series->readings[series->reading_count++];
    reading->count = 1;
    for (char *at = line + used, *end;; at = end) {
        unsigned long index = strtoul(at, &end, 10);
        if (end == at)
            return;
        add_index(reading, index);
    }
}

static struct reading find(const struct labelled *series)
{
    struct stats_change *changes = mem_array(series->value_count, sizeof *changes);
    struct reading found = { { 0 }, 1 };
    size_t count = stats_change_points(series->values, series->value_count, NULL, changes, NULL);
    for (size_t i = 0; i < count; i++)
        add_index(&found, changes[i].index);
    free(changes);
    return found;
}

static void score(struct study *study, struct labelled *all, size_t count)
{
    double f1_sum = 0, covering_sum = 0;
    study_line(study, "\n| labelled series | points | found | F1 | covering |\n|---|--:|---|--:|--:|");
    for (size_t i = 0; i < count; i++) {
        struct reading found = find(&all[i]);
        struct str places = { 0 };
        for (size_t c = 1; c < found.count; c++)
            str_appendf(&places, "%s%zu", c > 1 ? ", " : "", found.indices[c]);
        double series_f1 = f1(&all[i], &found), series_covering = covering(&all[i], &found);
        study_line(study, "| %s | %zu | %s | %.3f | %.3f |", all[i].name, all[i].value_count,
                   found.count > 1 ? str_text(&places) : "none", series_f1, series_covering);
        f1_sum += series_f1 / (double)count;
        covering_sum += series_covering / (double)count;
        str_release(&places);
        free(all[i].values);
    }
    study_line(study, "| mean | | | %.3f | %.3f |", f1_sum, covering_sum);
    study_target(study, f1_sum >= otava_f1 - 0.0005, "F1 %.4f, at least %g", f1_sum, otava_f1);
    study_target(study, covering_sum >= otava_covering - 0.0005, "covering %.4f, at least %g", covering_sum,
                 otava_covering);
}

/* False where the series are not there: then the table of the file must not lose them. */
static bool score_labelled(struct study *study)
{
    const char *testdata = getenv("PRONY_TESTDATA");
    char *directory = mem_format("%s/history", testdata ? testdata : "../shared/testdata"), *text = NULL;
    struct labelled *all = mem_array(16, sizeof *all);
    size_t count = 0, length;
    bool complete = file_read("tests/study/history_labels.txt", &text, &length, NULL) == 0;
    for (char *line = complete ? strtok(text, "\n") : NULL; line; line = strtok(NULL, "\n"))
        take_line(all, &count, 16, line);
    for (size_t i = 0; i < count && complete; i++)
        complete = read_series(&all[i], directory);
    if (complete)
        score(study, all, count);
    else
        fprintf(stderr, "change_points: the labelled series are not in %s (PRONY_TESTDATA)\n", directory);
    free(text);
    free(all);
    free(directory);
    return complete;
}

/* ---- what it costs ---- */

static double best_of_five_ms(const double *values, size_t count, struct stats_change *changes, size_t *found)
{
    double best_s = INFINITY;
    for (int i = 0; i < 5; i++) {
        clock_t before = clock();
        *found = stats_change_points(values, count, NULL, changes, NULL);
        best_s = fmin(best_s, (double)(clock() - before) / CLOCKS_PER_SEC);
    }
    return 1000 * best_s;
}

/* Level histories, with a step of 3 % every 50 runs, and a ramp: many levels and many candidates. */
static void measure_cost(void)
{
    static const size_t counts[] = { 365, 1000, 10000 };
    static const char *const shapes[] = { "level", "steps", "ramp" };
    double *values = mem_array(counts[2], sizeof *values);
    struct stats_change *changes = mem_array(counts[2], sizeof *changes);
    printf("CPU milliseconds (steps found)  ");
    for (int c = 0; c < 3; c++)
        printf(" %16zu", counts[c]);
    for (int k = 0; k < 3 * HISTORY_NOISE_COUNT; k++) {
        enum history_noise kind = (enum history_noise)(k / 3);
        printf("\n%-12s %-18s ", history_noise_name(kind), shapes[k % 3]);
        for (int c = 0; c < 3; c++) {
            struct rng rng;
            size_t found;
            rng_seed(&rng, 1);
            history_make(&rng, kind, 0.01, counts[c], 0, values, counts[c]);
            for (size_t i = 0; i < counts[c]; i++)
                values[i] *= k % 3 == 1 ? 1 + 0.03 * (double)(i / 50 % 7) : k % 3 == 2 ? 1 + 0.002 * (double)i : 1;
            double ms = best_of_five_ms(values, counts[c], changes, &found);
            printf(" %9.2f (%4zu)", ms, found);
        }
    }
    printf("\n");
    free(values);
    free(changes);
}

int main(int argc, char **argv)
{
    struct study study = { .missed = 0 };
    if (argc > 1 && str_equal(argv[1], "--cost")) {
        measure_cost();
        return 0;
    }
    simulate(&study);
    if (score_labelled(&study))
        fputs(str_text(&study.text), stdout);
    str_release(&study.text);
    return study.missed > 0;
}
