/* cmd_events.c: `prony events`: what can be counted here, what each name means, and what keeps it from counting.
 *
 * States are not guessed from tables: every metric is opened and read around a short piece of work. */
#include "harness/base/arena.h"
#include "harness/base/mem.h"
#include "harness/base/str.h"
#include "harness/cli/command.h"
#include "harness/probe/probe_groups.h"
#include "harness/probe/probe_metrics.h"
#include <dirent.h>
#include <inttypes.h>
#include <jansson.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

enum { PMU_LIMIT = 32, NOTE_LIMIT = 26, WORK_BYTES = 8 << 20, WORK_NS = 2000000, PAGE_BYTES = 4096 };

/* One metric or event, tried out. */
struct trial {
    struct probe_metrics_plan *plan;
    const struct probe_metrics_item *item;
    struct probe_metric_value value;
};

/* ---- trying ---- */

/* Loads that miss, branches that nobody predicts, floating-point operations, fresh pages. */
static void work(void)
{
    uint8_t *bytes = mmap(NULL, WORK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    struct timespec start, now;
    uint64_t random = 88172645463325252u;
    volatile float sum = 1;
    if (bytes == MAP_FAILED)
        return;
    clock_gettime(CLOCK_MONOTONIC, &start);
    do {
        for (int i = 0; i < 2000; i++) {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            uint8_t *byte = &bytes[random % WORK_BYTES];
            if (random >> 40 & 1)
                sum = sum * 1.0000001f + (float)*byte;
            else
                ++*byte;
        }
        clock_gettime(CLOCK_MONOTONIC, &now);
    } while ((now.tv_sec - start.tv_sec) * 1000000000LL + now.tv_nsec - start.tv_nsec < WORK_NS);
    munmap(bytes, WORK_BYTES);
}

static struct trial try_name(const char *name)
{
    struct trial trial = { .plan = probe_metrics_plan_create(probe_counters_system(), name) };
    struct probe_metrics *set = probe_metrics_open(trial.plan, PROBE_METRICS_THREAD, false);
    trial.item = probe_metrics_plan_item(trial.plan, 0);
    probe_metrics_start(set);
    work();
    probe_metrics_stop(set);
    probe_metrics_value(set, 0, &trial.value, NULL);
    bool is_hardware = !trial.item->metric || !trial.item->metric->is_software;
    if (is_hardware && trial.value.state <= PROBE_COUNTER_APPROXIMATE && trial.value.value == 0)
        snprintf(trial.value.reason, sizeof trial.value.reason, "it opens, but counted nothing in a trial of 2 ms");
    probe_metrics_close(set);
    return trial;
}

static const char *state_name(enum probe_counter_state state)
{
    static const char *const names[] = { [PROBE_COUNTER_OK] = "ok",
                                         [PROBE_COUNTER_SCALED] = "scaled",
                                         [PROBE_COUNTER_APPROXIMATE] = "approximate",
                                         [PROBE_COUNTER_NOT_COUNTED] = "not counted",
                                         [PROBE_COUNTER_UNSUPPORTED] = "unsupported" };
    return names[state];
}

/* ---- encodings ---- */

static const char *type_name(uint32_t type)
{
    static const char *const names[] = {
        [PERF_TYPE_HARDWARE] = "hardware", [PERF_TYPE_SOFTWARE] = "software", [PERF_TYPE_TRACEPOINT] = "tracepoint",
        [PERF_TYPE_HW_CACHE] = "cache",    [PERF_TYPE_RAW] = "raw",           [PERF_TYPE_BREAKPOINT] = "breakpoint"
    };
    return type < sizeof names / sizeof names[0] ? names[type] : "type";
}

/* "raw:0x20c7          8 x EVENT" */
static void append_term(struct str *text, const struct trial *trial, size_t term)
{
    size_t pmus;
    char encoding[64];
    const struct probe_counters_plan *counters = probe_metrics_plan_counters(trial->plan);
    const struct probe_metric_term *part = &trial->item->terms[term];
    const struct perf_event_attr *attributes = probe_counters_plan_attributes(counters, part->event, &pmus);
    int length =
        snprintf(encoding, sizeof encoding, "%s:0x%" PRIx64, type_name(attributes->type), (uint64_t)attributes->config);
    if (attributes->config1)
        snprintf(encoding + length, sizeof encoding - (size_t)length, ",0x%" PRIx64, (uint64_t)attributes->config1);
    str_appendf(text, "%-15s ", encoding);
    if (part->weight != 1)
        str_appendf(text, "%.4g x ", part->weight);
    str_append(text, probe_counters_plan_name(counters, part->event));
    if (pmus > 1)
        str_appendf(text, " (on %zu PMUs)", pmus);
}

static const char *source_of(const struct trial *trial)
{
    if (trial->item->metric && trial->item->metric->fallback >= PROBE_METRIC_ENERGY_PACKAGE)
        return "-               /sys/class/powercap";
    return "-";
}

/* ---- text ---- */

/* Reasons and remedies are said once, below the table. */
struct notes {
    const char *reason[NOTE_LIMIT], *remedy[NOTE_LIMIT];
    size_t count;
};

static char note_of(struct notes *notes, const struct trial *trial, struct arena *arena)
{
    if (!trial->value.reason[0])
        return ' ';
    for (size_t i = 0; i < notes->count; i++)
        if (str_equal(notes->reason[i], trial->value.reason) && str_equal(notes->remedy[i], trial->value.remedy))
            return (char)('a' + i);
    if (notes->count == NOTE_LIMIT)
        return '?';
    notes->reason[notes->count] = arena_strdup(arena, trial->value.reason);
    notes->remedy[notes->count] = arena_strdup(arena, trial->value.remedy);
    return (char)('a' + notes->count++);
}

static void print_notes(const struct notes *notes)
{
    for (size_t i = 0; i < notes->count; i++) {
        printf("\n(%c) %s\n", (char)('a' + i), notes->reason[i]);
        if (notes->remedy[i][0])
            printf("    remedy: %s\n", notes->remedy[i]);
    }
}

static void print_header(void)
{
    printf("%-18s %-12s %-15s encoding        event\n", "metric", "unit", "state");
}

static void print_row(const char *name, bool in_detail, struct notes *notes, struct arena *arena)
{
    struct trial trial = try_name(name);
    struct str term = { 0 };
    char state[24], note = note_of(notes, &trial, arena);
    snprintf(state, sizeof state, note == ' ' ? "%s" : "%s (%c)", state_name(trial.value.state), note);
    printf("%-18s %-12s %-15s ", name, trial.value.unit[0] ? trial.value.unit : "-", state);
    for (size_t i = 0; i < trial.item->term_count; i++) {
        str_clear(&term);
        append_term(&term, &trial, i);
        printf("%*s%s\n", i ? 48 : 0, i ? "+ " : "", str_text(&term));
    }
    if (!trial.item->term_count)
        printf("%s\n", source_of(&trial));
    if (in_detail && trial.item->metric)
        printf("%48s%s\n", "", trial.item->metric->summary);
    if (in_detail && trial.item->approximate)
        printf("%48sapproximate: %s\n", "", trial.item->approximate);
    str_release(&term);
    probe_metrics_plan_release(trial.plan);
}

static void print_pmus(void)
{
    struct probe_counters_pmu pmus[PMU_LIMIT];
    size_t count = probe_counters_pmus(pmus, PMU_LIMIT);
    const char *forced = getenv("LIBPFM_FORCE_PMU");
    printf("libpfm4 %s:", forced ? "is forced to see" : "sees");
    for (size_t i = 0; i < count; i++)
        if (pmus[i].counters)
            printf(" %s (%s, %d counters)", pmus[i].name, pmus[i].description, pmus[i].counters);
        else
            printf(" %s", pmus[i].name);
    printf("%s\nthe kernel has:", count ? "" : " no PMU, or is not there");
    DIR *devices = opendir("/sys/bus/event_source/devices");
    const struct dirent *entry;
    while (devices && (entry = readdir(devices)) != NULL)
        if (entry->d_name[0] != '.')
            printf(" %s", entry->d_name);
    if (devices)
        closedir(devices);
    printf("\n\n");
}

static void print_group(const struct probe_group *group, struct arena *arena)
{
    const char *const *passes;
    size_t count;
    probe_groups_passes(group, arena, &passes, &count);
    printf("%-9s %s\n", group->name, group->summary);
    for (size_t i = 0; i < count; i++)
        printf("          %s%s\n", count > 1 ? "a pass: " : "", passes[i]);
    for (size_t i = 0; i < group->formula_count; i++) {
        const struct probe_formula *formula = &group->formulas[i];
        printf("          %s = %s%s%s%s\n", formula->name, formula->expression, formula->unit[0] ? " [" : "",
               formula->unit, formula->unit[0] ? "]" : "");
    }
}

static void print_everything(struct arena *arena)
{
    const struct probe_group *groups;
    struct notes notes = { .count = 0 };
    size_t metrics, count;
    const struct probe_metric *list = probe_metric_list(&metrics);
    print_pmus();
    print_header();
    for (size_t i = 0; i < metrics; i++)
        print_row(list[i].name, false, &notes, arena);
    print_notes(&notes);
    printf("\ngroups: metrics counted together, and what is derived from them\n\n");
    probe_groups_shipped(arena, &groups, &count);
    for (size_t i = 0; i < count; i++)
        print_group(&groups[i], arena);
}

static void print_request(const struct probe_group *request, struct arena *arena)
{
    struct notes notes = { .count = 0 };
    print_header();
    for (size_t i = 0; i < request->metric_count; i++)
        print_row(request->metrics[i], true, &notes, arena);
    print_notes(&notes);
    if (request->formula_count)
        printf("\n");
    for (size_t i = 0; i < request->formula_count; i++)
        printf("%s = %s%s%s%s\n", request->formulas[i].name, request->formulas[i].expression,
               request->formulas[i].unit[0] ? " [" : "", request->formulas[i].unit,
               request->formulas[i].unit[0] ? "]" : "");
}

/* ---- JSON ---- */

static void set_text(json_t *object, const char *key, const char *text)
{
    if (text && text[0])
        json_object_set_new(object, key, json_string(text));
}

static json_t *describe_terms(const struct trial *trial)
{
    const struct probe_counters_plan *counters = probe_metrics_plan_counters(trial->plan);
    json_t *terms = json_array();
    for (size_t i = 0; i < trial->item->term_count; i++) {
        size_t pmus;
        const struct probe_metric_term *part = &trial->item->terms[i];
        const struct perf_event_attr *attributes = probe_counters_plan_attributes(counters, part->event, &pmus);
        char config[32], config1[32];
        snprintf(config, sizeof config, "0x%" PRIx64, (uint64_t)attributes->config);
        snprintf(config1, sizeof config1, "0x%" PRIx64, (uint64_t)attributes->config1);
        json_t *term =
            json_pack("{s:s, s:f, s:i, s:s, s:s}", "event", probe_counters_plan_name(counters, part->event), "weight",
                      part->weight, "type", (int)attributes->type, "config", config, "config1", config1);
        json_array_append_new(terms, term);
    }
    return terms;
}

static json_t *describe_metric(const char *name)
{
    struct trial trial = try_name(name);
    json_t *metric = json_object();
    set_text(metric, "name", name);
    set_text(metric, "unit", trial.value.unit);
    set_text(metric, "summary", trial.item->metric ? trial.item->metric->summary : NULL);
    set_text(metric, "state", state_name(trial.value.state));
    set_text(metric, "reason", trial.value.reason);
    set_text(metric, "remedy", trial.value.remedy);
    set_text(metric, "approximate", trial.item->approximate);
    json_object_set_new(metric, "hardware_counters", json_integer((json_int_t)probe_metrics_plan_cost(trial.plan, 0)));
    json_object_set_new(metric, "events", describe_terms(&trial));
    probe_metrics_plan_release(trial.plan);
    return metric;
}

static json_t *describe_group(const struct probe_group *group, struct arena *arena)
{
    const char *const *passes;
    size_t count;
    json_t *object = json_object(), *list = json_array(), *formulas = json_array();
    set_text(object, "name", group->name);
    set_text(object, "summary", group->summary);
    probe_groups_passes(group, arena, &passes, &count);
    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, json_string(passes[i]));
    for (size_t i = 0; i < group->formula_count; i++)
        json_array_append_new(formulas,
                              json_pack("{s:s, s:s, s:s}", "name", group->formulas[i].name, "unit",
                                        group->formulas[i].unit, "expression", group->formulas[i].expression));
    json_object_set_new(object, "passes", list);
    json_object_set_new(object, "formulas", formulas);
    return object;
}

/* request: NULL = everything. */
static void print_json(const struct probe_group *request, struct arena *arena)
{
    struct probe_counters_pmu pmus[PMU_LIMIT];
    const struct probe_group *shipped;
    size_t count = probe_counters_pmus(pmus, PMU_LIMIT), metrics;
    const struct probe_metric *list = probe_metric_list(&metrics);
    json_t *root = json_object(), *found = json_array(), *rows = json_array(), *groups = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(found, json_pack("{s:s, s:s, s:i}", "name", pmus[i].name, "description",
                                               pmus[i].description, "counters", pmus[i].counters));
    for (size_t i = 0; i < (request ? request->metric_count : metrics); i++)
        json_array_append_new(rows, describe_metric(request ? request->metrics[i] : list[i].name));
    probe_groups_shipped(arena, &shipped, &count);
    if (request) {
        shipped = request;
        count = 1;
    }
    for (size_t i = 0; i < count; i++)
        json_array_append_new(groups, describe_group(&shipped[i], arena));
    json_object_set_new(root, "pmus", found);
    json_object_set_new(root, "metrics", rows);
    json_object_set_new(root, "groups", groups);
    json_dumpf(root, stdout, JSON_INDENT(2));
    printf("\n");
    json_decref(root);
}

/* ---- command ---- */

static int resolve(struct probe_group *request, const struct option_list *names, struct arena *arena,
                   struct error *error)
{
    struct str text = { 0 };
    for (size_t i = 0; i < names->count; i++)
        str_appendf(&text, "%s%s", i ? "," : "", names->items[i]);
    int code = probe_groups_resolve(request, str_text(&text), arena, error);
    str_release(&text);
    return code;
}

static int run(struct app *app, int argc, char **argv)
{
    bool json = false;
    const struct option options[] = { { "json", 0, OPTION_FLAG, &json } };
    struct option_list names = { 0 };
    struct arena arena = { 0 };
    struct probe_group request;
    struct error error;
    (void)app;
    int code = options_parse(options, sizeof options / sizeof options[0], argc, argv, &names, &error);
    if (code == 0 && names.count)
        code = resolve(&request, &names, &arena, &error);
    if (code == 0 && json)
        print_json(names.count ? &request : NULL, &arena);
    else if (code == 0 && names.count)
        print_request(&request, &arena);
    else if (code == 0)
        print_everything(&arena);
    free(names.items);
    arena_release(&arena);
    return code == 0 ? EXIT_OK : command_fail(&cmd_events, &error);
}

const struct command cmd_events = {
    .name = "events",
    .synopsis = "prony events [NAME...] [--json]",
    .summary = "List what can be counted here: metrics, groups, and what each name encodes to",
    .help =
        "  NAME    a group, a file *.group, a metric, or a native event of libpfm4 with its umasks;\n"
        "          without one: all portable metrics and all groups\n"
        "  --json  the same for programs\n"
        "\n"
        "Every metric is opened and read around two milliseconds of work. A state that is not ok has a reason and a\n"
        "remedy. LIBPFM_FORCE_PMU=skx (icx, spr, amd64_fam17h_zen2, amd64_fam19h_zen4, ...) shows the encodings of\n"
        "another CPU.\n"
        "\n"
        "examples:\n"
        "  prony events\n"
        "  prony events basic page_faults\n"
        "  prony events RETIRED_INSTRUCTIONS\n"
        "  LIBPFM_FORCE_PMU=spr prony events f32_flops\n"
        "\n"
        "exit status: 0, or 2 if a name means nothing\n",
    .run = run,
};
