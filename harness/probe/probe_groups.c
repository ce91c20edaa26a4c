/* probe_groups.c: counter groups: the shipped ones inside the program, those of files, and their split into passes.
 *
 * Invariant: the formulas of a group are well-formed, whoever wrote them. */
#include "harness/probe/probe_groups.h"
#include "harness/base/conf.h"
#include "harness/base/file.h"
#include "harness/base/mem.h"
#include "harness/base/str.h"
#include "harness/probe/probe_metrics.h"
#include <stdlib.h>
#include <string.h>

#define GROUP_TEXT(symbol, path)                                \
    __asm__(".pushsection .rodata.group_" #symbol ",\"a\"\n"    \
            ".globl probe_group_text_" #symbol "\n"             \
            ".hidden probe_group_text_" #symbol "\n"            \
            "probe_group_text_" #symbol ":\n"                   \
            ".incbin \"harness/probe/groups/" path ".group\"\n" \
            ".byte 0\n"                                         \
            ".popsection\n");                                   \
    extern const char probe_group_text_##symbol[]

GROUP_TEXT(basic, "basic");
GROUP_TEXT(cache, "cache");
GROUP_TEXT(tlb, "tlb");
GROUP_TEXT(stalls, "stalls");
GROUP_TEXT(flops, "flops");
GROUP_TEXT(int8, "int8");
GROUP_TEXT(memory, "memory");
GROUP_TEXT(energy, "energy");
GROUP_TEXT(software, "software");

static const struct {
    const char *name, *text;
} shipped[] = {
    { "software", probe_group_text_software }, { "basic", probe_group_text_basic },
    { "cache", probe_group_text_cache },       { "tlb", probe_group_text_tlb },
    { "stalls", probe_group_text_stalls },     { "memory", probe_group_text_memory },
    { "flops", probe_group_text_flops },       { "int8", probe_group_text_int8 },
    { "energy", probe_group_text_energy },
};
enum { SHIPPED_COUNT = sizeof shipped / sizeof shipped[0], MAX_METRICS = 256, MAX_FORMULAS = 256 };

/* ---- a group that grows ---- */

struct builder {
    struct arena *arena;
    const char **metrics;
    struct probe_formula *formulas;
    size_t metric_count, formula_count;
};

static struct builder start_group(struct arena *arena)
{
    return (struct builder){ .arena = arena,
                             .metrics = arena_array(arena, MAX_METRICS, sizeof(char *)),
                             .formulas = arena_array(arena, MAX_FORMULAS, sizeof(struct probe_formula)) };
}

static int add_metric(struct builder *builder, const char *name, struct error *error)
{
    for (size_t i = 0; i < builder->metric_count; i++)
        if (str_equal(builder->metrics[i], name))
            return 0;
    if (builder->metric_count == MAX_METRICS)
        return error_set(error, ERROR_LIMIT, "more than %d metrics", (int)MAX_METRICS);
    builder->metrics[builder->metric_count++] = arena_strdup(builder->arena, name);
    return 0;
}

static int add_formula(struct builder *builder, const struct probe_formula *formula, struct error *error)
{
    for (size_t i = 0; i < builder->formula_count; i++) {
        if (!str_equal(builder->formulas[i].name, formula->name))
            continue;
        if (str_equal(builder->formulas[i].expression, formula->expression))
            return 0;
        return error_set(error, ERROR_FORMAT, "two formulas are called %.80s", formula->name);
    }
    if (builder->formula_count == MAX_FORMULAS)
        return error_set(error, ERROR_LIMIT, "more than %d formulas", (int)MAX_FORMULAS);
    builder->formulas[builder->formula_count++] = *formula;
    return 0;
}

static void finish_group(const struct builder *builder, struct probe_group *group)
{
    group->metrics = builder->metrics;
    group->metric_count = builder->metric_count;
    group->formulas = builder->formulas;
    group->formula_count = builder->formula_count;
}

/* ---- text ---- */

static char *trim(char *text)
{
    text += strspn(text, " \t");
    size_t length = strlen(text);
    while (length && strchr(" \t", text[length - 1]))
        text[--length] = '\0';
    return text;
}

static int parse_metrics(struct builder *builder, const char *value, struct error *error)
{
    char *rest = arena_strdup(builder->arena, value), *name;
    while ((name = strsep(&rest, ",")) != NULL) {
        name = trim(name);
        if (!*name || strpbrk(name, " \t\""))
            return error_set(error, ERROR_FORMAT, "'%.80s' is not a name", name);
        if (add_metric(builder, name, error) != 0)
            return error->code;
    }
    return 0;
}

static void ignore_name(void *context, const char *name)
{
    (void)context, (void)name;
}

/* "name [unit]" */
static int parse_formula(struct builder *builder, const struct conf_entry *entry, struct error *error)
{
    struct probe_formula formula = { .unit = "", .expression = arena_strdup(builder->arena, entry->value) };
    char *name = arena_strdup(builder->arena, entry->key), *open = strchr(name, '[');
    if (open) {
        size_t length = strlen(open);
        if (open[length - 1] != ']')
            return error_set(error, ERROR_FORMAT, "a unit stands in brackets: name [unit] = ...");
        open[length - 1] = '\0';
        *open = '\0';
        formula.unit = trim(open + 1);
    }
    formula.name = trim(name);
    size_t length = strspn(formula.name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
    if (!length || formula.name[length])
        return error_set(error, ERROR_FORMAT, "'%.80s' is not a name: letters, digits and _", formula.name);
    if (probe_metric_find(formula.name))
        return error_set(error, ERROR_FORMAT, "%s is a metric; call the formula something else", formula.name);
    int code = probe_formula_visit_names(formula.expression, ignore_name, NULL, builder->arena, error);
    return code ? code : add_formula(builder, &formula, error);
}

static int parse_entry(struct builder *builder, const struct conf_section *section, const struct conf_entry *entry,
                       struct error *error)
{
    if (str_equal(section->kind, "formulas"))
        return parse_formula(builder, entry, error);
    if (str_equal(section->kind, "") && str_equal(entry->key, "metrics"))
        return parse_metrics(builder, entry->value, error);
    return error_set(error, ERROR_FORMAT, "expected metrics = ..., or [formulas] and name [unit] = ...");
}

static int parse_group(struct builder *builder, const struct conf *conf, struct error *error)
{
    struct error local;
    error = error ? error : &local;
    for (size_t s = 0; s < conf->section_count; s++) {
        const struct conf_section *section = &conf->sections[s];
        if (s && (!str_equal(section->kind, "formulas") || *section->name))
            return error_set(error, ERROR_FORMAT, "%s:%d: there is only one section, [formulas]", conf->source,
                             section->line);
        for (size_t e = 0; e < section->entry_count; e++)
            if (parse_entry(builder, section, &section->entries[e], error) != 0)
                return error_prefix(error, "%s:%d", conf->source, section->entries[e].line);
    }
    if (!builder->metric_count)
        return error_set(error, ERROR_FORMAT, "%s: there are no metrics in it", conf->source);
    return 0;
}

/* The first comment. */
static const char *find_summary(const char *text, struct arena *arena)
{
    if (text[0] != '#')
        return "";
    text += 1 + strspn(text + 1, " ");
    return arena_strndup(arena, text, strcspn(text, "\r\n"));
}

int probe_group_parse(struct probe_group *group, const char *source, const char *text, size_t length,
                      struct arena *arena, struct error *error)
{
    struct conf conf;
    struct builder builder = start_group(arena);
    int code = conf_parse(&conf, source, text, length, error);
    if (code != 0)
        return code;
    code = parse_group(&builder, &conf, error);
    conf_release(&conf);
    *group = (struct probe_group){ .name = arena_strdup(arena, source) };
    group->summary = length ? find_summary(arena_strndup(arena, text, length), arena) : "";
    finish_group(&builder, group);
    return code;
}

/* ---- shipped ---- */

static struct probe_group *read_shipped(size_t index, struct arena *arena)
{
    struct probe_group *group = arena_alloc(arena, sizeof *group);
    const char *text = shipped[index].text;
    struct error error;
    if (probe_group_parse(group, shipped[index].name, text, strlen(text), arena, &error) != 0)
        abort(); /* our own text; a test reads them all */
    return group;
}

void probe_groups_shipped(struct arena *arena, const struct probe_group **groups, size_t *count)
{
    struct probe_group *list = arena_array(arena, SHIPPED_COUNT, sizeof *list);
    for (size_t i = 0; i < SHIPPED_COUNT; i++)
        list[i] = *read_shipped(i, arena);
    *groups = list;
    *count = SHIPPED_COUNT;
}

/* ---- what a person asked for ---- */

static int add_group(struct builder *builder, const struct probe_group *group, struct error *error)
{
    int code = 0;
    for (size_t i = 0; i < group->metric_count && !code; i++)
        code = add_metric(builder, group->metrics[i], error);
    for (size_t i = 0; i < group->formula_count && !code; i++)
        code = add_formula(builder, &group->formulas[i], error);
    return code;
}

static int add_file(struct builder *builder, const char *path, struct error *error)
{
    char *text;
    size_t size;
    struct probe_group group;
    int code = file_read(path, &text, &size, error);
    if (code != 0)
        return code;
    code = probe_group_parse(&group, path, text, size, builder->arena, error);
    free(text);
    return code ? code : add_group(builder, &group, error);
}

static bool is_event(const char *name)
{
    struct probe_metrics_plan *plan = probe_metrics_plan_create(probe_counters_system(), name);
    bool known = probe_metrics_plan_count(plan) == 1 && probe_metrics_plan_item(plan, 0)->term_count > 0;
    probe_metrics_plan_release(plan);
    return known;
}

static int add_word(struct builder *builder, const char *word, struct error *error)
{
    for (size_t i = 0; i < SHIPPED_COUNT; i++)
        if (str_equal(shipped[i].name, word))
            return add_group(builder, read_shipped(i, builder->arena), error);
    if (str_ends(word, ".group"))
        return add_file(builder, word, error);
    if (probe_metric_find(word) || is_event(word))
        return add_metric(builder, word, error);
    return error_set(error, ERROR_USAGE,
                     "%.120s is no counter group, no metric and no event of this machine; prony events lists them%s",
                     word,
                     probe_counters_perf() ? "" : " (this program was built without libpfm4, which knows events)");
}

int probe_groups_resolve(struct probe_group *group, const char *request, struct arena *arena, struct error *error)
{
    struct builder builder = start_group(arena);
    struct error local;
    char *rest = arena_strdup(arena, request), *word;
    int code = 0;
    error = error ? error : &local;
    while (!code && (word = strsep(&rest, ",")) != NULL) {
        word = trim(word);
        if (*word)
            code = add_word(&builder, word, error);
    }
    if (!code && !builder.metric_count)
        code = error_set(error, ERROR_USAGE, "no counters are named; prony events lists them");
    *group = (struct probe_group){ .name = arena_strdup(arena, request), .summary = "" };
    finish_group(&builder, group);
    return code;
}

/* ---- passes ---- */

struct passes {
    const struct probe_group *group;
    size_t *cost;  /* counters of each metric; 0 = it needs no PMU, or cannot be had */
    int *pass_of;  /* of each metric; -1 = not placed */
    size_t *taken; /* counters of each pass */
    size_t count;
};

static void place(struct passes *passes, size_t metric, size_t pass)
{
    passes->pass_of[metric] = (int)pass;
    passes->taken[pass] += passes->cost[metric];
    if (pass >= passes->count)
        passes->count = pass + 1;
}

/* The pass for metrics that need so many counters: preferred if they fit there, else the first where they do. */
static size_t find_pass(const struct passes *passes, size_t cost, int preferred)
{
    if (preferred >= 0 && passes->taken[preferred] + cost <= PROBE_METRIC_HARDWARE_LIMIT)
        return (size_t)preferred;
    for (size_t i = 0; i < passes->count; i++)
        if (passes->taken[i] + cost <= PROBE_METRIC_HARDWARE_LIMIT)
            return i;
    return passes->count;
}

struct operands {
    const struct probe_group *group;
    bool *is_operand;
};

static void mark_operand(void *context, const char *name)
{
    struct operands *operands = context;
    for (size_t i = 0; i < operands->group->metric_count; i++)
        if (str_equal(operands->group->metrics[i], name))
            operands->is_operand[i] = true;
}

/* Operands that have no place yet go together, to those that have one if they fit. */
static void place_formula(struct passes *passes, const bool *is_operand)
{
    size_t cost = 0;
    int preferred = -1;
    for (size_t i = 0; i < passes->group->metric_count; i++) {
        if (is_operand[i] && passes->pass_of[i] < 0)
            cost += passes->cost[i];
        else if (is_operand[i] && passes->cost[i])
            preferred = passes->pass_of[i];
    }
    size_t together = find_pass(passes, cost, preferred);
    bool fits = cost <= PROBE_METRIC_HARDWARE_LIMIT;
    for (size_t i = 0; i < passes->group->metric_count; i++)
        if (is_operand[i] && passes->pass_of[i] < 0)
            place(passes, i, fits ? together : find_pass(passes, passes->cost[i], -1));
}

static const char *join(const struct passes *passes, size_t pass, struct arena *arena)
{
    struct str text = { 0 };
    for (size_t i = 0; i < passes->group->metric_count; i++)
        if (passes->pass_of[i] == (int)pass)
            str_appendf(&text, "%s%s", text.length ? "," : "", passes->group->metrics[i]);
    const char *joined = arena_strdup(arena, str_text(&text));
    str_release(&text);
    return joined;
}

static void find_costs(struct passes *passes)
{
    for (size_t i = 0; i < passes->group->metric_count; i++) {
        struct probe_metrics_plan *plan = probe_metrics_plan_create(probe_counters_system(), passes->group->metrics[i]);
        passes->cost[i] = probe_metrics_plan_count(plan) ? probe_metrics_plan_cost(plan, 0) : 0;
        passes->pass_of[i] = -1;
        probe_metrics_plan_release(plan);
    }
}

void probe_groups_passes(const struct probe_group *group, struct arena *arena, const char *const **passes,
                         size_t *count)
{
    size_t metrics = group->metric_count;
    struct passes split = { .group = group,
                            .cost = arena_array(arena, metrics + 1, sizeof(size_t)),
                            .pass_of = arena_array(arena, metrics + 1, sizeof(int)),
                            .taken = arena_array(arena, metrics + 1, sizeof(size_t)) };
    find_costs(&split);
    for (size_t f = 0; f < group->formula_count; f++) {
        struct operands operands = { group, arena_array(arena, metrics + 1, sizeof(bool)) };
        probe_formula_visit_names(group->formulas[f].expression, mark_operand, &operands, arena, NULL);
        place_formula(&split, operands.is_operand);
    }
    for (size_t i = 0; i < metrics; i++)
        if (split.pass_of[i] < 0)
            place(&split, i, find_pass(&split, split.cost[i], -1));
    const char **list = arena_array(arena, split.count + 1, sizeof *list);
    for (size_t p = 0; p < split.count; p++)
        list[p] = join(&split, p, arena);
    *passes = list;
    *count = split.count;
}
