/* gate_match.c: which rules of the policy speak about a case. */
#include "harness/judge/gate_internal.h"
#include "harness/base/str.h"
#include <stdio.h>
#include <stdlib.h>

/* Patterns were tried when the file was read: only memory can be short now, and then nothing goes on, as in mem.h. */
static void compile(regex_t *regex, const char *pattern)
{
    if (regcomp(regex, pattern ? pattern : "", REG_EXTENDED | REG_NOSUB) == 0)
        return;
    fputs("out of memory\n", stderr);
    exit(2);
}

void gate_match_open(struct gate_work *work)
{
    const struct gate_policy *policy = work->input->policy;
    const struct gate_acknowledgements *excuses = work->input->acknowledgements;
    size_t count = excuses ? excuses->count : 0;
    work->rules = arena_array(work->arena, policy->rule_count + 1, sizeof *work->rules);
    work->rule_used = arena_array(work->arena, policy->rule_count + 1, sizeof *work->rule_used);
    work->excuses = arena_array(work->arena, count + 1, sizeof *work->excuses);
    for (size_t i = 0; i < policy->rule_count; i++)
        compile(&work->rules[i], policy->rules[i].pattern);
    for (size_t i = 0; i < count; i++)
        compile(&work->excuses[i], excuses->items[i].pattern);
}

void gate_match_close(struct gate_work *work)
{
    const struct gate_acknowledgements *excuses = work->input->acknowledgements;
    for (size_t i = 0; i < work->input->policy->rule_count; i++)
        regfree(&work->rules[i]);
    for (size_t i = 0; excuses && i < excuses->count; i++)
        regfree(&work->excuses[i]);
}

struct gate_matched gate_match(struct gate_work *work, const char *suite, const char *name)
{
    const struct gate_policy *policy = work->input->policy;
    struct gate_matched matched = { .rules = arena_array(work->arena, policy->rule_count, sizeof *matched.rules) };
    for (size_t i = 0; i < policy->rule_count; i++) {
        const struct gate_rule *rule = &policy->rules[i];
        if (rule->suite && !str_equal(rule->suite, suite))
            continue;
        if (rule->pattern && (!name || regexec(&work->rules[i], name, 0, NULL, 0) != 0))
            continue;
        matched.rules[matched.count++] = rule;
        work->rule_used[i] = true;
    }
    return matched;
}

enum gate_action gate_match_action(const struct gate_matched *matched, enum gate_event event)
{
    enum gate_action action = GATE_ACTION_UNSET;
    for (size_t i = 0; i < matched->count; i++)
        if (matched->rules[i]->actions[event] != GATE_ACTION_UNSET)
            action = matched->rules[i]->actions[event];
    return action;
}

const struct gate_budget *gate_match_budget(const struct gate_matched *matched, const char *metric)
{
    const struct gate_budget *budget = NULL;
    for (size_t i = 0; i < matched->count; i++)
        for (size_t k = 0; k < matched->rules[i]->budget_count; k++)
            if (str_equal(matched->rules[i]->budgets[k].metric, metric))
                budget = &matched->rules[i]->budgets[k];
    return budget && !budget->none ? budget : NULL;
}
