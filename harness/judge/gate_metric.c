/* gate_metric.c: a budget of a metric that does not exist never fails, so somebody has to say it. */
#include "harness/base/near.h"
#include "harness/base/str.h"
#include "harness/judge/gate_internal.h"
#include <stdlib.h>
#include <string.h>

/* What passes and counters give where they were asked for: a policy may name them for the nights that do. */
static const char *const known[] = {
    "real_time",
    "cpu_time",
    "callgrind_instructions",
    "callgrind_branches",
    "callgrind_reads",
    "callgrind_writes",
    "callgrind_branch_misses",
    "callgrind_ll_misses",
    "callgrind_cycles_estimate",
    "peak_rss_bytes",
    "heap_allocations_per_operation",
    "heap_allocated_bytes",
    "heap_peak_bytes",
    "heap_growth_bytes",
    "mapped_bytes",
    "mapped_growth_bytes",
    "resident_anonymous_bytes",
    "resident_file_bytes",
    "growth_bytes_per_operation",
    "percent_waiting",
    "estimated_cycles",
    "cycles",
    "instructions",
    "branches",
    "branch_misses",
    "l1d_loads",
    "l1d_misses",
    "llc_loads",
    "llc_misses",
    "dtlb_walks",
    "stalls_frontend",
    "stalls_backend",
    "f32_flops",
    "int8_ops",
    "memory_reads",
    "task_clock",
    "page_faults",
    "minor_faults",
    "major_faults",
    "context_switches",
    "cpu_migrations",
    "alignment_faults",
    "energy_package",
    "energy_dram",
};
enum { KNOWN_COUNT = sizeof known / sizeof known[0] };

bool gate_metric_is_known(const char *name)
{
    for (size_t i = 0; i < KNOWN_COUNT; i++)
        if (str_equal(known[i], name))
            return true;
    return false;
}

struct names {
    const char **items;
    size_t count, capacity;
    struct arena *arena;
};

static bool has(const struct names *names, const char *name)
{
    for (size_t i = 0; i < names->count; i++)
        if (str_equal(names->items[i], name))
            return true;
    return false;
}

static void add(struct names *names, const char *name)
{
    if (!name || has(names, name))
        return;
    if (names->count == names->capacity) {
        names->capacity = names->capacity ? 2 * names->capacity : 64;
        const char **larger = arena_array(names->arena, names->capacity, sizeof *larger);
        if (names->count)
            memcpy(larger, names->items, names->count * sizeof *larger);
        names->items = larger;
    }
    names->items[names->count++] = name;
}

static void add_measured(struct names *names, const struct store_case *source)
{
    add(names, "real_time");
    add(names, "cpu_time");
    for (size_t i = 0; i < source->metric_count; i++)
        add(names, source->metrics[i].name);
}

static bool speaks_about(const struct gate_work *work, const struct gate_rule *rule, const char *suite,
                         const char *name)
{
    size_t index = (size_t)(rule - work->input->policy->rules);
    return (!rule->suite || str_equal(rule->suite, suite)) &&
           (!rule->pattern || regexec(&work->rules[index], name, 0, NULL, 0) == 0);
}

/* Metrics of the candidates' cases that the rule speaks about. */
static struct names names_of(const struct gate_work *work, const struct gate_rule *rule)
{
    const struct gate_input *input = work->input;
    struct names names = { .arena = work->arena };
    for (size_t i = 0; i < input->case_count; i++)
        if (speaks_about(work, rule, input->cases[i].suite, input->cases[i].name))
            add_measured(&names, &input->cases[i]);
    for (size_t i = 0; i < input->comparison_count; i++)
        for (size_t k = 0; k < input->comparisons[i].case_count; k++) {
            const struct compare_case *source = &input->comparisons[i].cases[k];
            if (source->candidate && speaks_about(work, rule, source->suite, source->name))
                add_measured(&names, source->candidate);
        }
    return names;
}

/* What was measured first: it is what somebody is likely to have meant. */
static const char *suggest(const struct names *measured, const char *metric, struct arena *arena)
{
    const char *near = near_names(metric, measured->items, measured->count, arena);
    return *near ? near : near_names(metric, known, KNOWN_COUNT, arena);
}

const char *gate_metric_suggest(const struct gate_work *work, const struct gate_rule *rule, const char *metric)
{
    struct names names = names_of(work, rule);
    return names.count && !gate_metric_is_known(metric) ? suggest(&names, metric, work->arena) : "";
}

static void check_rule(struct gate_work *work, const struct gate_rule *rule)
{
    struct names names = names_of(work, rule);
    for (size_t i = 0; names.count && i < rule->budget_count; i++) {
        const struct gate_budget *budget = &rule->budgets[i];
        if (has(&names, budget->metric) ? !compare_is_diagnostic(budget->metric) : gate_metric_is_known(budget->metric))
            continue;
        gate_warn(work,
                  has(&names, budget->metric)
                      ? arena_format(work->arena, "%s:%d: %s says how well something was measured: it never gates",
                                     work->input->policy->source, budget->line, budget->metric)
                      : arena_format(work->arena, "%s:%d: no case%s has a metric '%s', so its budget never applies%s",
                                     work->input->policy->source, budget->line,
                                     rule->suite || rule->pattern ? " of this rule" : "", budget->metric,
                                     suggest(&names, budget->metric, work->arena)));
    }
}

void gate_metric_check(struct gate_work *work)
{
    const struct gate_policy *policy = work->input->policy;
    for (size_t i = 0; !work->input->partial && policy->source && i < policy->rule_count; i++)
        check_rule(work, &policy->rules[i]);
}
