/* explain.c: store rows -> struct explain, and its sentences. */
#include "reports/explain.h"
#include "harness/base/str.h"
#include <math.h>
#include <stdint.h>
#include <stdio.h>

/* The cases of a view lie behind each other, as the store gave them. */
static void build_accounts(struct explain *explain, const struct view *view)
{
    explain->accounts = arena_array(view->arena, view->case_count + 1, sizeof *explain->accounts);
    for (size_t i = 0; i < view->case_count; i++)
        explain->account_count += account_build(&explain->accounts[explain->account_count], view->cases[i].source,
                                                view->cases[0].source, view->case_count, view->arena);
}

void explain_build(struct explain *explain, const struct view *view)
{
    *explain = (struct explain){ 0 };
    explain->counters = explain_build_pass(view, STORE_PASS_COUNTERS);
    explain->callgrind = explain_build_pass(view, STORE_PASS_CALLGRIND);
    explain->memory = explain_build_pass(view, STORE_PASS_MEMORY);
    explain_build_noise(explain, view);
    build_accounts(explain, view);
}

static void count_checks(struct explain *explain)
{
    for (size_t i = 0; i < explain->check_count; i++) {
        const char *verdict = explain->checks[i].verdict;
        explain->check_fail += str_equal(verdict, "fail");
        explain->check_warn += str_equal(verdict, "warn");
        explain->check_unknown += str_equal(verdict, "unknown");
    }
}

static int load_profiles(struct explain *explain, const struct view *view, struct store *store, struct error *error)
{
    struct store_profile_row *rows;
    size_t count;
    int code = store_profiles(store, view->run.id, view->arena, &rows, &count, error);
    if (code)
        return code;
    explain->profiles = arena_array(view->arena, count + 1, sizeof *explain->profiles);
    explain->profile_problems = arena_array(view->arena, count + 1, sizeof *explain->profile_problems);
    for (size_t i = 0; i < count; i++) {
        struct stacks *stacks = NULL;
        struct error problem;
        explain->profile_problems[i] = NULL;
        if (store_profile_stacks(store, rows[i].id, &stacks, &problem) != 0) {
            stacks = NULL;
            explain->profile_problems[i] = arena_strdup(view->arena, problem.text);
        }
        explain->profiles[i] = (struct profile){ .about = rows[i].profile, .stacks = stacks, .id = rows[i].id };
    }
    explain->profile_count = count;
    return 0;
}

int explain_load(struct explain *explain, const struct view *view, struct store *store, struct error *error)
{
    struct store_check *checks;
    explain_build(explain, view);
    int code = store_checks(store, view->run.id, view->arena, &checks, &explain->check_count, error);
    if (code)
        return code;
    explain->checks = checks;
    count_checks(explain);
    return load_profiles(explain, view, store, error);
}

void explain_release(struct explain *explain)
{
    for (size_t i = 0; i < explain->profile_count; i++)
        stacks_release((struct stacks *)(uintptr_t)explain->profiles[i].stacks); /* load_profiles made them */
    explain->profile_count = 0;
}

/* ---- sentences ---- */

const char *explain_check_line(const struct view *view, const struct explain *explain)
{
    if (explain->check_count == 0)
        return "";
    if (explain->check_fail + explain->check_warn == 0)
        return arena_format(view->arena, "machine checks passed%s",
                            explain->check_unknown ? arena_format(view->arena, ", %zu unknown", explain->check_unknown)
                                                   : "");
    struct str line = { 0 };
    if (explain->check_fail)
        str_appendf(&line, ", %zu machine check%s failed", explain->check_fail, explain->check_fail > 1 ? "s" : "");
    if (explain->check_warn)
        str_appendf(&line, explain->check_fail ? ", %zu warn" : ", %zu machine checks warn", explain->check_warn);
    const char *text = arena_strdup(view->arena, line.data + 2);
    str_release(&line);
    return text;
}

const char *explain_mark(const struct explain_cell *cell)
{
    if (!cell->series || !isfinite(cell->value))
        return "";
    return cell->series->worst_state == STORE_SCALED ? "~" : cell->series->worst_state == STORE_APPROXIMATE ? "≈" : "";
}

char *explain_digits(char *buffer, size_t size, const struct explain_column *column, const struct explain_cell *cell)
{
    double value = cell->value * number_scale(column->kind, cell->value).factor;
    if (column->kind == NUMBER_COUNT && fabs(cell->value) < 1e4 && cell->value == floor(cell->value))
        snprintf(buffer, size, "%.0f", value);
    else
        number_digits(buffer, size, value);
    return buffer;
}

char *explain_text(char *buffer, size_t size, const struct explain_column *column, const struct explain_cell *cell)
{
    char digits[32];
    if (!isfinite(cell->value)) {
        snprintf(buffer, size, "–");
        return buffer;
    }
    const char *scale = number_scale(column->kind, cell->value).unit;
    const char *unit = column->kind == NUMBER_COUNT ? column->unit : "";
    snprintf(buffer, size, "%s%s%s%s%.12s", explain_mark(cell), explain_digits(digits, sizeof digits, column, cell),
             *scale || *unit ? " " : "", scale, unit);
    return buffer;
}
