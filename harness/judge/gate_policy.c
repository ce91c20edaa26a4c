/* gate_policy.c: the policy file becomes rules. docs/FORMATS.md describes it. */
#include "harness/judge/gate_policy.h"
#include "harness/base/conf.h"
#include "harness/base/file.h"
#include "harness/base/str.h"
#include <math.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>

const char *const gate_tier_names[GATE_TIER_COUNT] = { "functional", "usable", "competitive", "optimized" };
const char *const gate_event_names[GATE_EVENT_COUNT] = {
    "regressed", "undecided", "undecided_case", "insufficient", "wrong",         "failed",
    "missing",   "new",       "missed",         "unmeasured",   "other_machine", "out_of_band",
};
static const char *const action_names[] = { "", "pass", "warn", "undecided", "fail", "refuse" };

/* What every file starts from: the comparison's own floor is the budget of time; instruction counts are nearly exact.
 */
static const char built_in[] = "budget = real_time 0 %\n"
                               "budget = callgrind_instructions 1 %\n"
                               "regressed = fail\n"
                               "undecided = undecided\n"
                               "undecided_case = undecided\n"
                               "insufficient = undecided\n"
                               "wrong = fail\n"
                               "failed = fail\n"
                               "missing = fail\n"
                               "new = pass\n"
                               "missed = fail\n"
                               "unmeasured = undecided\n"
                               "other_machine = refuse\n"
                               "out_of_band = warn\n";

/* The file that is being read. */
struct reader {
    const char *source;
    struct arena *arena;
    struct gate_policy *policy;
    struct gate_rule *rule; /* of the section that is being read */
};
typedef int reader_set(struct reader *reader, const struct conf_entry *entry, struct error *error);

#define COMPLAIN(reader, at, ...) gate_complain(error, (reader)->source, (at)->line, __VA_ARGS__)

static int gate_complain(struct error *error, const char *source, int line, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
static int gate_complain(struct error *error, const char *source, int line, const char *format, ...)
{
    struct str text = { 0 };
    va_list arguments;
    va_start(arguments, format);
    str_vappendf(&text, format, arguments);
    va_end(arguments);
    int code = error_set(error, ERROR_FORMAT, "%s:%d: %s", source, line, str_text(&text));
    str_release(&text);
    return code;
}

/* ---- one key each ---- */

static int set_suite(struct reader *reader, const struct conf_entry *entry, struct error *error)
{
    if (!*entry->value)
        return COMPLAIN(reader, entry, "suite needs a name");
    reader->rule->suite = arena_strdup(reader->arena, entry->value);
    return 0;
}

static int set_case(struct reader *reader, const struct conf_entry *entry, struct error *error)
{
    regex_t regex;
    int code = regcomp(&regex, entry->value, REG_EXTENDED | REG_NOSUB);
    if (code != 0) {
        char reason[128];
        regerror(code, &regex, reason, sizeof reason);
        return COMPLAIN(reader, entry, "'%.80s' is not a regular expression: %s", entry->value, reason);
    }
    regfree(&regex);
    reader->rule->pattern = arena_strdup(reader->arena, entry->value);
    return 0;
}

/* "2 %" or "+5 ms" into the budget; false if it is neither. */
static bool read_limit(struct gate_budget *budget, char *text)
{
    text += strspn(text, " \t");
    size_t length = strlen(text);
    while (length && strchr(" \t", text[length - 1]))
        text[--length] = 0;
    double percent;
    if (length && text[length - 1] == '%') {
        do
            text[--length] = 0;
        while (length && strchr(" \t", text[length - 1]));
        if (!isnan(budget->relative) || !str_parse_f64(text + (text[0] == '+'), &percent) ||
            !(percent >= 0 && percent <= 1000000))
            return false;
        budget->relative = log1p(percent / 100);
        return true;
    }
    return text[0] == '+' && isnan(budget->absolute.value) && gate_quantity_parse(text, &budget->absolute) &&
           budget->absolute.value >= 0;
}

static int set_budget(struct reader *reader, const struct conf_entry *entry, struct error *error)
{
    char *text = arena_strdup(reader->arena, entry->value);
    char *blank = strpbrk(text, " \t");
    struct gate_budget budget = { .metric = text, .relative = NAN, .absolute = { .value = NAN }, .line = entry->line };
    if (!blank)
        return COMPLAIN(reader, entry,
                        "'%.80s' is no budget: METRIC 2 %%, METRIC +5 ms, METRIC 2 %%, +5 ms or METRIC none",
                        entry->value);
    *blank++ = 0;
    char *limits = blank + strspn(blank, " \t");
    budget.none = str_equal(limits, "none");
    for (char *next; !budget.none && limits; limits = next) {
        next = strchr(limits, ',');
        if (next)
            *next++ = 0;
        limits += strspn(limits, " \t");
        if (!read_limit(&budget, arena_strdup(reader->arena, limits)))
            return COMPLAIN(reader, entry, "'%.80s' is no limit: 2 %%, +5 ms, +10 MB or none; at most one of each kind",
                            limits);
    }
    struct gate_rule *rule = reader->rule;
    struct gate_budget *all = arena_array(reader->arena, rule->budget_count + 1, sizeof *all);
    if (rule->budget_count)
        memcpy(all, rule->budgets, rule->budget_count * sizeof *all);
    all[rule->budget_count++] = budget;
    rule->budgets = all;
    return 0;
}

static int set_target(struct reader *reader, const struct conf_entry *entry, struct error *error)
{
    static const char *const comparators[] = { "<=", ">=", "<", ">" };
    char *text = arena_strdup(reader->arena, entry->value);
    struct gate_target target = { .text = arena_strdup(reader->arena, text), .line = entry->line, .metric = text };
    char *at = text + strcspn(text, " \t<>=");
    char *sign = at + strspn(at, " \t");
    for (size_t i = 0; i < 4 && !target.comparator; i++)
        if (str_starts(sign, comparators[i]))
            target.comparator = comparators[i];
    if (at == text || !target.comparator)
        return COMPLAIN(reader, entry, "'%.80s' is no target: METRIC < 500, METRIC >= 20, METRIC < 5 ms", entry->value);
    const char *limit = sign + strlen(target.comparator);
    limit += strspn(limit, " \t");
    if (!gate_quantity_parse(limit, &target.limit))
        return COMPLAIN(reader, entry, "'%.80s' is no number with a unit (ns us ms s B kB MB GB KiB MiB GiB, or none)",
                        limit);
    *at = 0;
    struct gate_rule *rule = reader->rule;
    struct gate_target *all = arena_array(reader->arena, rule->target_count + 1, sizeof *all);
    if (rule->target_count)
        memcpy(all, rule->targets, rule->target_count * sizeof *all);
    all[rule->target_count++] = target;
    rule->targets = all;
    return 0;
}

static int read_count(struct reader *reader, const struct conf_entry *entry, int64_t *count, struct error *error)
{
    if (!str_parse_i64(entry->value, count) || *count < 1 || *count > 1000000)
        return COMPLAIN(reader, entry, "%s: '%.80s' is not a whole number from 1 to 1000000", entry->key, entry->value);
    return 0;
}

static int set_minimum_cases(struct reader *reader, const struct conf_entry *entry, struct error *error)
{
    int64_t count = 0;
    int code = read_count(reader, entry, &count, error);
    reader->policy->minimum_cases = (size_t)count;
    return code;
}

static int set_recent(struct reader *reader, const struct conf_entry *entry, struct error *error)
{
    int64_t count = 0;
    int code = read_count(reader, entry, &count, error);
    reader->policy->recent = (int)count;
    return code;
}

static int set_least_points(struct reader *reader, const struct conf_entry *entry, struct error *error)
{
    int64_t count = 0;
    int code = read_count(reader, entry, &count, error);
    reader->policy->least_points = (int)count;
    return code;
}

static int set_acknowledged(struct reader *reader, const struct conf_entry *entry, struct error *error)
{
    if (!*entry->value)
        return COMPLAIN(reader, entry, "acknowledged needs a file");
    const char *slash = strrchr(reader->source, '/');
    bool beside = slash && entry->value[0] != '/';
    reader->policy->acknowledged = arena_format(reader->arena, "%.*s%s", beside ? (int)(slash + 1 - reader->source) : 0,
                                                reader->source, entry->value);
    return 0;
}

static int set_branch(struct reader *reader, const struct conf_entry *entry, struct error *error)
{
    if (!*entry->value)
        return COMPLAIN(reader, entry, "branch needs a name");
    reader->policy->branch = arena_strdup(reader->arena, entry->value);
    return 0;
}

static int find_tier(const char *name)
{
    for (int i = 0; i < GATE_TIER_COUNT; i++)
        if (str_equal(name, gate_tier_names[i]))
            return i;
    return -1;
}

static int set_tier(struct reader *reader, const struct conf_entry *entry, struct error *error)
{
    reader->policy->required_tier = find_tier(entry->value);
    if (reader->policy->required_tier < 0)
        return COMPLAIN(reader, entry, "'%.80s' is no tier: functional, usable, competitive or optimized",
                        entry->value);
    return 0;
}

enum where { HEAD = 1, RULE = 2, TARGETS = 4 };
static const struct key_row {
    const char *name;
    int where;
    reader_set *set;
} keys[] = {
    { "suite", RULE | TARGETS, set_suite },
    { "case", RULE | TARGETS, set_case },
    { "budget", HEAD | RULE, set_budget },
    { "target", HEAD | TARGETS, set_target },
    { "minimum_cases", HEAD, set_minimum_cases },
    { "acknowledged", HEAD, set_acknowledged },
    { "branch", HEAD, set_branch },
    { "recent", HEAD, set_recent },
    { "least_points", HEAD, set_least_points },
    { "tier", HEAD, set_tier },
};

/* regressed = fail: what an event means. */
static int set_action(struct reader *reader, const struct conf_entry *entry, int event, int where, struct error *error)
{
    if (where != HEAD && event >= GATE_EVENT_OTHER_MACHINE)
        return COMPLAIN(reader, entry, "%s belongs before the first section", entry->key);
    for (int action = GATE_ACTION_PASS; action <= GATE_ACTION_REFUSE; action++)
        if (str_equal(entry->value, action_names[action])) {
            reader->rule->actions[event] = (enum gate_action)action;
            return 0;
        }
    return COMPLAIN(reader, entry, "%s = '%.80s': there is only pass, warn, undecided, fail and refuse", entry->key,
                    entry->value);
}

static int read_entry(struct reader *reader, const struct conf_entry *entry, int where, struct error *error)
{
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        if (!str_equal(entry->key, keys[i].name))
            continue;
        if (!(keys[i].where & where))
            return COMPLAIN(reader, entry, "%s does not belong %s", entry->key,
                            where == HEAD      ? "before the first section"
                            : where == TARGETS ? "into [targets]"
                                               : "into [rule]");
        return keys[i].set(reader, entry, error);
    }
    for (int event = 0; event < GATE_EVENT_COUNT; event++)
        if (str_equal(entry->key, gate_event_names[event]))
            return set_action(reader, entry, event, where, error);
    return COMPLAIN(reader, entry, "there is no setting '%.80s'", entry->key);
}

static int read_section(struct reader *reader, const struct conf_section *section, struct error *error)
{
    int where = HEAD;
    if (*section->kind) {
        reader->rule = &reader->policy->rules[reader->policy->rule_count++];
        *reader->rule =
            (struct gate_rule){ .name = arena_strdup(reader->arena, section->name), .tier = -1, .line = section->line };
        where = str_equal(section->kind, "rule") ? RULE : TARGETS;
        if (where == TARGETS && !str_equal(section->kind, "targets"))
            return COMPLAIN(reader, section, "there is no section [%.40s], only [rule NAME] and [targets TIER]",
                            section->kind);
        if (where == TARGETS && *section->name && (reader->rule->tier = find_tier(section->name)) < 0)
            return COMPLAIN(reader, section, "'%.40s' is no tier: functional, usable, competitive or optimized",
                            section->name);
    }
    for (size_t i = 0; i < section->entry_count; i++) {
        int code = read_entry(reader, &section->entries[i], where, error);
        if (code)
            return code;
    }
    return 0;
}

static int read_text(struct gate_policy *policy, const char *source, const char *text, size_t length,
                     struct arena *arena, struct error *error)
{
    struct conf conf;
    int code = conf_parse(&conf, source, text, length, error);
    if (code)
        return code;
    struct gate_rule *rules = arena_array(arena, conf.section_count, sizeof *rules);
    if (policy->rule_count)
        rules[0] = policy->rules[0];
    else
        rules[0] = (struct gate_rule){ .name = "", .tier = -1 };
    policy->rules = rules;
    policy->rule_count = 1;
    struct reader reader = { .source = source, .arena = arena, .policy = policy, .rule = &rules[0] };
    for (size_t i = 0; !code && i < conf.section_count; i++)
        code = read_section(&reader, &conf.sections[i], error);
    conf_release(&conf);
    return code;
}

/* Cannot fail: a test reads it. */
static struct gate_policy *read_built_in(struct arena *arena)
{
    struct gate_policy *policy = arena_alloc(arena, sizeof *policy);
    *policy = (struct gate_policy){ .minimum_cases = 1, .required_tier = -1, .recent = 7, .least_points = 6 };
    read_text(policy, "built-in policy", built_in, sizeof built_in - 1, arena, NULL);
    return policy;
}

int gate_policy_parse(const struct gate_policy **policy, const char *source, const char *text, size_t length,
                      struct arena *arena, struct error *error)
{
    struct gate_policy *parsed = read_built_in(arena);
    parsed->source = arena_strdup(arena, source);
    *policy = parsed;
    return read_text(parsed, parsed->source, text, length, arena, error);
}

int gate_policy_load(const struct gate_policy **policy, const char *path, struct arena *arena, struct error *error)
{
    if (!path) {
        *policy = read_built_in(arena);
        return 0;
    }
    char *text;
    size_t length;
    int code = file_read(path, &text, &length, error);
    if (code)
        return code;
    code = gate_policy_parse(policy, path, text, length, arena, error);
    free(text);
    return code;
}

const char *gate_policy_acknowledged(const struct gate_policy *policy)
{
    return policy->acknowledged;
}
