/* explain.c: store rows -> struct explain, and its sentences. */
#include "reports/explain.h"
#include "harness/base/str.h"
#include <math.h>
#include <stdio.h>

void explain_build(struct explain *explain, const struct view *view)
{
    *explain = (struct explain){ 0 };
    explain->counters = explain_build_pass(view, STORE_PASS_COUNTERS);
    explain->callgrind = explain_build_pass(view, STORE_PASS_CALLGRIND);
    explain->memory = explain_build_pass(view, STORE_PASS_MEMORY);
    explain_build_noise(explain, view);
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

int explain_load(struct explain *explain, const struct view *view, struct store *store, struct error *error)
{
    struct store_check *checks;
    struct store_profile_row *profiles;
    explain_build(explain, view);
    int code = store_checks(store, view->run.id, view->arena, &checks, &explain->check_count, error);
    if (code)
        return code;
    explain->checks = checks;
    count_checks(explain);
    size_t profile_count;
    code = store_profiles(store, view->run.id, view->arena, &profiles, &profile_count, error);
    if (code)
        return code;
    explain->profiles = profiles;
    explain->stacks = arena_array(view->arena, profile_count + 1, sizeof(struct stacks *));
    explain->stacks_problem = arena_array(view->arena, profile_count + 1, sizeof(char *));
    for (size_t i = 0; i < profile_count; i++) {
        struct error problem;
        explain->stacks[i] = NULL;
        explain->stacks_problem[i] = NULL;
        if (store_profile_stacks(store, profiles[i].id, &explain->stacks[i], &problem) != 0) {
            explain->stacks[i] = NULL;
            explain->stacks_problem[i] = arena_strdup(view->arena, problem.text);
        }
    }
    explain->profile_count = profile_count;
    return 0;
}

void explain_release(struct explain *explain)
{
    for (size_t i = 0; i < explain->profile_count; i++)
        stacks_release(explain->stacks[i]);
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

const char *explain_profile_line(struct arena *arena, const struct store_profile *profile)
{
    struct str line = { 0 };
    str_appendf(&line, "%s", profile->event);
    if (profile->frequency_hz > 0)
        str_appendf(&line, " at %g Hz", profile->frequency_hz);
    str_appendf(&line, ", %llu samples", (unsigned long long)profile->sample_count);
    if (profile->duration_ns > 0)
        str_appendf(&line, " in %.1f s", (double)profile->duration_ns / 1e9);
    if (profile->lost_count)
        str_appendf(&line, ", %llu lost", (unsigned long long)profile->lost_count);
    if (profile->truncated_count)
        str_appendf(&line, ", %llu cut short", (unsigned long long)profile->truncated_count);
    const char *text = arena_strdup(arena, str_text(&line));
    str_release(&line);
    return text;
}
