/* fuzz_policy.c: any text as a policy and as acknowledgements. What is accepted keeps its promises; what is refused is
 * refused in one line that names the file. */
#include "harness/judge/gate_policy.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition)
{
    if (!condition)
        abort();
}

static void check_rule(const struct gate_rule *rule)
{
    require(rule->tier >= -1 && rule->tier < GATE_TIER_COUNT);
    for (size_t i = 0; i < rule->budget_count; i++) {
        const struct gate_budget *budget = &rule->budgets[i];
        require(*budget->metric && (budget->none || !isnan(budget->relative) || !isnan(budget->absolute.value)));
        require(!(budget->relative < 0) && !(budget->absolute.value < 0));
    }
    for (size_t i = 0; i < rule->target_count; i++)
        require(*rule->targets[i].metric && isfinite(rule->targets[i].limit.value));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = { 0 };
    const struct gate_policy *policy;
    struct gate_acknowledgements read;
    struct error error;
    if (gate_policy_parse(&policy, "fuzz.policy", (const char *)data, size, &arena, &error) != 0) {
        require(strncmp(error.text, "fuzz.policy", 11) == 0 && !strchr(error.text, '\n'));
    } else {
        require(policy->rule_count > 0 && policy->minimum_cases > 0 && policy->recent > 0 && policy->least_points > 0);
        for (size_t i = 0; i < policy->rule_count; i++)
            check_rule(&policy->rules[i]);
    }
    if (gate_acknowledgements_parse(&read, "fuzz.ack", (const char *)data, size, &arena, &error) != 0) {
        require(strncmp(error.text, "fuzz.ack", 8) == 0 && !strchr(error.text, '\n'));
    } else {
        for (size_t i = 0; i < read.count; i++)
            require(read.items[i].reason && read.items[i].author && read.items[i].pattern &&
                    read.items[i].until_ns > 0);
    }
    arena_release(&arena);
    return 0;
}
