/* judgement_words.h: the words, numbers and order that all formats of a judgement share, so that they cannot disagree.
 *
 * Effects come as log ratios and leave as percent; + = the number grew (a time: slower). Texts live in the arena or in
 * the judgement; foreign parts of them (names, reasons) are not escaped yet. */
#ifndef PRONY_REPORTS_JUDGEMENT_WORDS_H
#define PRONY_REPORTS_JUDGEMENT_WORDS_H

#include "reports/judgement.h"
#include "reports/number.h"

/* ---- numbers. All write into buffer (at least 40 bytes) and return it ---- */

/* "+5.1 %", "-0.24 %", "12x" from twelve times on; "n/a" if not finite. */
char *judgement_effect(char *buffer, size_t size, double log_ratio);
/* The same without a sign: "1.0 %"; "none" if infinite. */
char *judgement_size(char *buffer, size_t size, double log_ratio);
/* "[+4.2, +6.0]"; "" without an interval. */
char *judgement_interval(char *buffer, size_t size, const struct compare_metric *metric);
/* "0.013", "<0.001"; "" where nothing was tested. */
char *judgement_probability(char *buffer, size_t size, double p);
/* "125.3 → 131.8 µs": medians of both sides, in one scale; arrow is put between them. */
const char *judgement_medians(const struct compare_metric *metric, const char *arrow, struct arena *arena);

/* ---- words ---- */

/* The gate's, or without a gate what the comparisons say. Nothing compared and nothing gated: GATE_COULD_NOT_RUN. */
enum gate_status judgement_status(const struct judgement *judgement);
/* "Regressed", "Pass", "Undecided", "Could not be judged" */
const char *judgement_status_word(enum gate_status status);
/* "3 regressed (1 acknowledged), 1 improved, 20 equivalent; 2 of 5 targets missed; 1 group over budget". Where there is
 * nothing of that kind, the worst that the gate found */
const char *judgement_count_line(const struct judgement *judgement, struct arena *arena);
/* "5.1 % slower", "wrong output", "failed", "no change seen": what became of a case, for a sentence. */
const char *judgement_change(const struct compare_case *item, struct arena *arena);
/* "run 41 (01234567), 83aa1f2 on main, 2026-11-21 20:15 UTC" */
const char *judgement_run_line(const struct store_run_row *run, struct arena *arena);
/* "12 pairs, interleaved", "not interleaved: ..." */
const char *judgement_method_line(const struct comparison *comparison, struct arena *arena);
/* What became of the output: "same output", "other output: error 2e-07 -> 0.4", NULL if not known. */
const char *judgement_output(const struct compare_case *item, struct arena *arena);
/* What q, floor and "could see" mean: one paragraph for the foot of a report. */
const char *judgement_legend(const struct judgement *judgement, struct arena *arena);
const char *judgement_fact(const struct store_run_row *run, const char *name);
/* "AMD EPYC 9R14, 4 CPUs"; NULL if not known. */
const char *judgement_machine(const struct store_run_row *run, struct arena *arena);
/* "" for one, "s" else. */
const char *judgement_plural(size_t count);

/* ---- what to show ---- */

/* All cases, the worst first (compare_sort). */
struct compare_case **judgement_sorted(const struct comparison *comparison, struct arena *arena);
/* Regressed, wrong, failed or improved. */
bool judgement_is_change(enum judge_verdict verdict);
bool judgement_is_bad(enum judge_verdict verdict);
/* The other metrics that changed, the largest first; at most limit. */
size_t judgement_counters(const struct compare_case *item, const struct compare_metric **metrics, size_t limit);
/* "instructions +4.6 %, llc_misses +12.8 %", "" if none changed. */
const char *judgement_counter_line(const struct compare_case *item, size_t limit, struct arena *arena);
/* Whether the tables of cases say already what the gate found: the verdict of the case, by its time. */
bool judgement_is_told_by_case(const struct gate_finding *finding);
/* Whether judgement_count_line says already what was found. */
bool judgement_is_headline(const struct judgement *judgement, const struct gate_finding *finding);
/* A group of one measured case, or of too few samples, has none. */
bool judgement_has_interval(const struct compare_metric *metric);
/* Findings of one kind, or of all but targets. */
size_t judgement_target_count(const struct gate *gate);
/* Whether a target was missed, whatever the policy makes of that; a tier is no must. */
bool judgement_is_missed(const struct gate_finding *finding);
/* "met", "missed", "not measured" */
const char *judgement_target_word(const struct gate_finding *finding);
/* "228.7 ms"; "n/a" if it was not measured. */
const char *judgement_target_value(const struct gate_finding *finding, double value, struct arena *arena);

#endif
