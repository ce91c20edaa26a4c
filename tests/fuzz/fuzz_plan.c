/* fuzz_plan.c: any text as a plan. An accepted plan keeps its promises; a refused one is refused in one line. */
#include "harness/run/plan.h"
#include "harness/run/cpus.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition)
{
    if (!condition)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct plan plan;
    struct error error;
    if (plan_parse(&plan, "fuzz.plan", (const char *)data, size, &error) != 0) {
        require(strncmp(error.text, "fuzz.plan", 9) == 0 && !strchr(error.text, '\n'));
        return 0;
    }
    require(plan.suite_count > 0);
    for (size_t i = 0; i < plan.suite_count; i++) {
        const struct plan_suite *suite = &plan.suites[i];
        require(suite->name[0] && suite->program[0] && !strchr(suite->name, '/'));
        require(suite->rounds > 0 && suite->repetitions > 0 && suite->group > 0 && suite->timeout_s > 0);
        require(cpus_is_valid(suite->cpus));
    }
    plan_release(&plan);
    return 0;
}
