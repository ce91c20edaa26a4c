/* junit.c: JUnit XML for CI servers: a run and a judgement; a suite of ours is a testsuite, a case is a testcase.
 *
 * What fails: of a run its failures and errors; of a judgement what the gate says (without a gate: regressed, wrong,
 * failed cases), missed targets too. Undecided and not measured are "skipped", with the reason. The attribute time is
 * that of one iteration in seconds: CI servers draw it over the builds. */
#include "reports/escape.h"
#include "reports/judgement_cases.h"
#include "reports/judgement_words.h"
#include "reports/report.h"
#include <math.h>

/* ---- XML ---- */

static void attribute(struct str *out, const char *name, const char *value)
{
    struct str plain = { 0 };
    escape_plain(&plain, value ? value : ""); /* an attribute has one line */
    str_appendf(out, " %s=\"", name);
    escape_html(out, str_text(&plain));
    str_append_char(out, '"');
    str_release(&plain);
}

static void head(struct str *out, const char *name, size_t tests, size_t failures, size_t errors, size_t skipped)
{
    str_append(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites");
    attribute(out, "name", name);
    str_appendf(out, " tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" skipped=\"%zu\">\n", tests, failures, errors,
                skipped);
}

static void case_begin(struct str *out, const char *suite, const char *name, double time_ns)
{
    str_append(out, "    <testcase");
    attribute(out, "classname", suite);
    attribute(out, "name", name);
    if (isfinite(time_ns))
        str_appendf(out, " time=\"%.9f\"", time_ns / 1e9);
}

/* <failure>, <error> or <skipped>, with the same text inside, where servers show it unfolded. */
static void complaint(struct str *out, const char *element, const char *type, const char *message, const char *detail)
{
    str_appendf(out, ">\n      <%s", element);
    if (type)
        attribute(out, "type", type);
    attribute(out, "message", message);
    str_append_char(out, '>');
    escape_html(out, detail ? detail : "");
    str_appendf(out, "</%s>\n    </testcase>\n", element);
}

/* ---- a judgement ---- */

static const char *suite_of(const struct judgement *judgement, const struct judgement_entry *entry, struct arena *arena)
{
    return judgement->count > 1 && entry->comparison
               ? arena_format(arena, "%s (%s)", entry->suite, entry->comparison->candidate_name)
               : entry->suite;
}

static const char *detail_of(const struct judgement_entry *entry, struct arena *arena)
{
    char text[40];
    if (!entry->item)
        return entry->message;
    const struct compare_metric *time = &entry->item->time;
    const char *lines = arena_format(arena, "%s\nbase: %s\ncandidate: %s\n", entry->message,
                                     judgement_run_line(&entry->comparison->base, arena),
                                     judgement_run_line(&entry->comparison->candidate, arena));
    if (isfinite(time->floor))
        lines = arena_format(arena, "%sfloor: %s\n", lines, judgement_size(text, sizeof text, time->floor));
    lines = arena_format(arena, "%scould have seen: %s\n", lines, judgement_size(text, sizeof text, time->detectable));
    const char *counters = judgement_counter_line(entry->item, 16, arena);
    return *counters ? arena_format(arena, "%scounters: %s\n", lines, counters) : lines;
}

static void entry_case(struct str *out, const struct judgement_entry *entry, struct arena *arena)
{
    const struct compare_case *item = entry->item;
    const char *name = entry->name;
    if (!item && *entry->metric)
        name = arena_format(arena, "%s%s%s", entry->metric, *name ? " " : "", name);
    if (!*name)
        name = entry->kind; /* of the gate as a whole */
    case_begin(out, item ? item->suite : arena_format(arena, "%s.%s", entry->suite, entry->kind), name,
               item && item->time.candidate.count ? item->time.candidate.median : NAN);
    switch (entry->level) {
    case JUDGEMENT_FINE:
        if (entry->message) {
            str_append(out, ">\n      <system-out>");
            escape_html(out, entry->message);
            str_append(out, "</system-out>\n    </testcase>\n");
        } else {
            str_append(out, "/>\n");
        }
        break;
    case JUDGEMENT_SHORT:
    case JUDGEMENT_ACKNOWLEDGED:
    case JUDGEMENT_OPEN: complaint(out, "skipped", NULL, entry->message, NULL); break;
    case JUDGEMENT_BAD: complaint(out, "failure", entry->kind, entry->message, detail_of(entry, arena)); break;
    }
}

static bool is_skipped(const struct judgement_entry *entry)
{
    return entry->level != JUDGEMENT_FINE && entry->level != JUDGEMENT_BAD;
}

static void count_levels(const struct judgement_entry *entries, size_t count, size_t *failures, size_t *skipped)
{
    *failures = *skipped = 0;
    for (size_t i = 0; i < count; i++) {
        *failures += entries[i].level == JUDGEMENT_BAD;
        *skipped += is_skipped(&entries[i]);
    }
}

/* Entries of one suite, wherever they are; taken ones are marked. */
static void suite_element(struct str *out, const struct judgement *judgement, struct judgement_entry *entries,
                          size_t count, size_t first, bool *taken, struct arena *arena)
{
    const char *name = suite_of(judgement, &entries[first], arena);
    struct str cases = { 0 };
    size_t tests = 0, failures = 0, skipped = 0;
    for (size_t i = first; i < count; i++) {
        if (taken[i] || entries[i].comparison != entries[first].comparison ||
            !str_equal(entries[i].suite, entries[first].suite))
            continue;
        taken[i] = true;
        tests++;
        failures += entries[i].level == JUDGEMENT_BAD;
        skipped += is_skipped(&entries[i]);
        entry_case(&cases, &entries[i], arena);
    }
    str_append(out, "  <testsuite");
    attribute(out, "name", entries[first].comparison ? name : arena_format(arena, "%s targets", name));
    str_appendf(out, " tests=\"%zu\" failures=\"%zu\" errors=\"0\" skipped=\"%zu\">\n", tests, failures, skipped);
    str_append_bytes(out, str_text(&cases), cases.length);
    str_append(out, "  </testsuite>\n");
    str_release(&cases);
}

int judgement_junit(const struct judgement *judgement, const struct report_options *options, struct str *out,
                    struct error *error)
{
    (void)options;
    (void)error;
    struct arena arena = { 0 };
    size_t count;
    struct judgement_entry *entries = judgement_entries(judgement, &count, &arena);
    bool *taken = arena_array(&arena, count + 1, sizeof *taken);
    /* Nothing compared is not a success: CI servers take an empty file for one. */
    bool nothing = judgement_status(judgement) == GATE_COULD_NOT_RUN;
    size_t failures, skipped;
    count_levels(entries, count, &failures, &skipped);
    head(out, judgement->title, count + nothing, failures, nothing, skipped);
    if (nothing) {
        str_append(out, "  <testsuite name=\"prony\" tests=\"1\" failures=\"0\" errors=\"1\" skipped=\"0\">\n");
        case_begin(out, "prony", "judgement", NAN);
        complaint(out, "error", "could not run", judgement_count_line(judgement, &arena), NULL);
        str_append(out, "  </testsuite>\n");
    }
    for (size_t i = 0; i < count; i++)
        if (!taken[i])
            suite_element(out, judgement, entries, count, i, taken, &arena);
    str_append(out, "</testsuites>\n");
    arena_release(&arena);
    return 0;
}

/* ---- a run ---- */

static void run_case(struct str *out, const struct view_case *view_case)
{
    const struct store_case *source = view_case->source;
    case_begin(out, view_case->suite, view_case->name, view_case->time_ns.count ? view_case->time_ns.median : NAN);
    if (source->error_count)
        complaint(out, "failure", "error", source->message ? source->message : "error", NULL);
    else if (!view_case->time_ns.count)
        complaint(out, "skipped", NULL, source->message ? source->message : "not measured", NULL);
    else
        str_append(out, "/>\n");
}

static void run_suite(struct str *out, const struct view *view, const char *suite)
{
    struct str cases = { 0 };
    size_t tests = 0, failures = 0, errors = 0, skipped = 0;
    for (size_t i = 0; i < view->case_count; i++) {
        const struct view_case *view_case = &view->cases[i];
        if (!str_equal(view_case->suite, suite))
            continue;
        tests++;
        failures += view_case->source->error_count > 0;
        skipped += view_case->source->error_count == 0 && !view_case->time_ns.count;
        run_case(&cases, view_case);
    }
    for (size_t i = 0; i < view->problem_count; i++) {
        const struct view_problem *problem = &view->problems[i];
        if (problem->kind != VIEW_FAILED || !str_equal(problem->suite, suite))
            continue;
        tests++;
        errors++;
        case_begin(&cases, suite, problem->name ? problem->name : "(whole program)", NAN);
        complaint(&cases, "error", "failed", problem->reason, problem->detail);
    }
    str_append(out, "  <testsuite");
    attribute(out, "name", suite);
    str_appendf(out, " tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" skipped=\"%zu\">\n", tests, failures, errors,
                skipped);
    str_append_bytes(out, str_text(&cases), cases.length);
    str_append(out, "  </testsuite>\n");
    str_release(&cases);
}

/* The suites of cases and of failures, each once. */
static size_t suites_of(const struct view *view, const char **suites)
{
    size_t count = 0;
    for (size_t i = 0; i < view->case_count + view->problem_count; i++) {
        const char *suite = i < view->case_count ? view->cases[i].suite : view->problems[i - view->case_count].suite;
        size_t known = 0;
        while (known < count && !str_equal(suites[known], suite))
            known++;
        if (known == count)
            suites[count++] = suite;
    }
    return count;
}

int report_junit(const struct view *view, const struct report_options *options, struct str *out, struct error *error)
{
    (void)error;
    const struct judgement targets = { .title = view->title, .gate = options->gate };
    size_t target_count;
    struct judgement_entry *entries = judgement_entries(&targets, &target_count, view->arena);
    bool *taken = arena_array(view->arena, target_count + 1, sizeof *taken);
    size_t failures, skipped, processes = 0;
    count_levels(entries, target_count, &failures, &skipped);
    for (size_t i = 0; i < view->case_count; i++) {
        failures += view->cases[i].source->error_count > 0;
        skipped += view->cases[i].source->error_count == 0 && !view->cases[i].time_ns.count;
    }
    for (size_t i = 0; i < view->problem_count; i++)
        processes += view->problems[i].kind == VIEW_FAILED;
    const char **suites = arena_array(view->arena, view->case_count + view->problem_count + 1, sizeof *suites);
    size_t count = suites_of(view, suites);
    head(out, view->title, view->case_count + processes + target_count, failures, processes, skipped);
    for (size_t i = 0; i < count; i++)
        run_suite(out, view, suites[i]);
    for (size_t i = 0; i < target_count; i++)
        if (!taken[i])
            suite_element(out, &targets, entries, target_count, i, taken, view->arena);
    str_append(out, "</testsuites>\n");
    return 0;
}
