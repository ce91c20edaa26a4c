/* site_load.c: everything that the pages show, read once.
 *
 * The newest run of the main line is what the site is about: the branch, plan and machine with the most runs. Runs that
 * are sides of a comparison in pairs are shown as such only. */
#include "harness/base/mem.h"
#include "harness/base/str.h"
#include "reports/heat_map.h"
#include "reports/site_internal.h"
#include <stdlib.h>

const char *site_run_fact(const struct store_run_row *run, const char *name)
{
    for (size_t i = 0; i < run->build_count; i++)
        if (str_equal(run->build[i].name, name))
            return run->build[i].value;
    for (size_t i = 0; i < run->machine_count; i++)
        if (str_equal(run->machine[i].name, name))
            return run->machine[i].value;
    for (size_t i = 0; i < run->environment_count; i++)
        if (str_equal(run->environment[i].name, name))
            return run->environment[i].value;
    return "";
}

const char *site_run_name(const struct site *site, const struct store_run_row *run)
{
    const char *branch = site_run_fact(run, "git_branch");
    return arena_format(site->arena, "%s%s%s", branch, *branch ? ", " : "", run->plan);
}

const char *site_suite_page(const struct site *site, const char *suite)
{
    return arena_format(site->arena, "suites/%s.html", site_short_slug(site->arena, suite));
}

struct site_case *site_case_find(const struct site *site, const char *suite, const char *name)
{
    for (size_t i = 0; i < site->case_count; i++)
        if (str_equal(site->cases[i].name, name) && str_equal(site->cases[i].suite, suite))
            return &site->cases[i];
    return NULL;
}

/* ---- runs ---- */

static bool is_side(const struct site *site, int64_t run_id)
{
    for (size_t i = 0; i < site->stored_count; i++)
        if (site->stored[i].base_run == run_id || site->stored[i].candidate_run == run_id)
            return true;
    return false;
}

static int load_runs(struct site *site, struct error *error)
{
    struct store_run_row *all;
    size_t count;
    int code = store_comparisons(site->store, NULL, NULL, site->arena, &site->stored, &site->stored_count, error);
    if (!code)
        code = store_tags(site->store, site->arena, &site->tags, &site->tag_count, error);
    if (!code)
        code = store_runs(site->store, 0, site->arena, &all, &count, error);
    if (code)
        return code;
    site->runs = arena_array(site->arena, count + 1, sizeof *site->runs);
    for (size_t i = 0; i < count; i++)
        if (!is_side(site, all[i].id))
            site->runs[site->run_count++] = all[i];
    site->result->runs = count;
    return 0;
}

/* The newest measured run of every line; the line with the most runs goes first. */
static void find_lines(struct site *site)
{
    size_t most = 0;
    for (size_t i = 0; i < site->run_count; i++) {
        const struct store_run_row *run = &site->runs[i];
        size_t line = 0;
        if (run->case_count == 0)
            continue;
        while (line < site->line_count && !heat_map_same_line(site->lines[line].run, run))
            line++;
        if (line == site->line_count) {
            site->line_total++;
            if (site->line_count == SITE_LINE_LIMIT)
                continue;
            site->lines[site->line_count++] =
                (struct site_line){ .branch = site_run_fact(run, "git_branch"), .plan = run->plan, .run = run };
        }
        site->lines[line].run_count++;
    }
    for (size_t i = 1; i < site->line_count; i++)
        if (site->lines[i].run_count > site->lines[most].run_count)
            most = i;
    struct site_line main_line = site->lines[most];
    for (size_t i = most; i > 0; i--)
        site->lines[i] = site->lines[i - 1];
    site->lines[0] = main_line;
    site->newest = site->line_count ? main_line.run : NULL;
}

/* ---- comparisons ---- */

static struct site_comparison *add_comparison(struct site *site, const char *kind, const struct store_run_row *base,
                                              const struct store_run_row *candidate, const char *base_name,
                                              const char *candidate_name, struct error *error)
{
    struct site_comparison *added = &site->comparisons[site->comparison_count];
    const struct compare_options options = { .seed = 1 };
    *added = (struct site_comparison){ .kind = kind, .created_ns = candidate->started_ns };
    added->title = arena_format(site->arena, "%s against %s", candidate_name, base_name);
    /* A database of somebody else may have any text for a uuid: it must not lead out of the site. */
    added->page =
        arena_format(site->arena, "comparisons/%s.html",
                     site_short_slug(site->arena, arena_format(site->arena, "%.8s-%.8s", base->uuid, candidate->uuid)));
    if (compare_runs(&added->comparison, site->store, base, candidate, base_name, candidate_name, &options, site->arena,
                     error) != 0)
        return NULL;
    site->comparison_count++;
    return added;
}

static const struct store_run_row *run_of(const struct site *site, int64_t id)
{
    for (size_t i = 0; i < site->run_count; i++)
        if (site->runs[i].id == id)
            return &site->runs[i];
    return NULL;
}

static const struct store_run_row *baseline_of(const struct site *site)
{
    for (size_t i = 0; i < site->tag_count; i++)
        if (str_equal(site->tags[i].name, STORE_BASELINE_TAG))
            return run_of(site, site->tags[i].run_id);
    return NULL;
}

static const struct store_run_row *run_before(const struct site *site, const struct store_run_row *run)
{
    for (const struct store_run_row *at = run + 1; at < site->runs + site->run_count; at++)
        if (heat_map_same_line(at, run) && at->case_count)
            return at;
    return NULL;
}

static const char *title_of_run(const struct site *site, const struct store_run_row *run)
{
    return arena_format(site->arena, "%s run %lld", site_run_name(site, run), (long long)run->id);
}

/* The newest run against the baseline and against the run before it. */
static int compare_newest(struct site *site, struct error *error)
{
    const struct store_run_row *baseline = baseline_of(site), *before = run_before(site, site->newest);
    const char *name = title_of_run(site, site->newest);
    if (baseline && baseline != site->newest) {
        site->reference = add_comparison(site, "baseline", baseline, site->newest, "baseline", name, error);
        if (!site->reference)
            return error->code;
    }
    if (before && before != baseline) {
        site->previous =
            add_comparison(site, "previous", before, site->newest, title_of_run(site, before), name, error);
        if (!site->previous)
            return error->code;
    }
    if (!site->reference)
        site->reference = site->previous;
    site->lines[0].comparison = site->reference;
    site->lines[0].against = site->reference ? site->reference->comparison.base_name : NULL;
    return 0;
}

/* The other lines: against the baseline, else the newest run of the main line on the same machine, else the run before.
 */
static int compare_lines(struct site *site, struct error *error)
{
    for (size_t i = 1; i < site->line_count; i++) {
        struct site_line *line = &site->lines[i];
        const struct store_run_row *base = baseline_of(site);
        const char *name = base ? "baseline" : NULL;
        if (!base || base == line->run || !str_equal(base->fingerprint, line->run->fingerprint)) {
            base = str_equal(site->newest->fingerprint, line->run->fingerprint) ? site->newest
                                                                                : run_before(site, line->run);
            name = base ? title_of_run(site, base) : NULL;
        }
        if (!base)
            continue;
        line->comparison = add_comparison(site, "branch", base, line->run, name, title_of_run(site, line->run), error);
        line->against = name;
        if (!line->comparison)
            return error->code;
    }
    return 0;
}

static int compare_stored(struct site *site, struct error *error)
{
    size_t done = 0;
    for (size_t i = 0; i < site->stored_count && done < SITE_COMPARISON_LIMIT; i++) {
        const struct store_comparison *stored = &site->stored[i];
        struct store_run_row base, candidate;
        if (!str_equal(stored->kind, "ab"))
            continue;
        int code = store_run_find(site->store, arena_format(site->arena, "%lld", (long long)stored->base_run),
                                  site->arena, &base, error);
        if (!code)
            code = store_run_find(site->store, arena_format(site->arena, "%lld", (long long)stored->candidate_run),
                                  site->arena, &candidate, error);
        if (code)
            return code;
        struct site_comparison *added =
            add_comparison(site, "ab", &base, &candidate, stored->base_name, stored->candidate_name, error);
        if (!added)
            return error->code;
        added->created_ns = stored->created_ns;
        done++;
    }
    return 0;
}

static int load_comparisons(struct site *site, struct error *error)
{
    site->comparisons =
        arena_array(site->arena, SITE_COMPARISON_LIMIT + SITE_LINE_LIMIT + 2, sizeof *site->comparisons);
    int code = site->newest ? compare_newest(site, error) : 0;
    if (!code && site->newest)
        code = compare_lines(site, error);
    if (!code)
        code = compare_stored(site, error);
    return code;
}

/* ---- cases ---- */

static const struct compare_case *find_change(const struct site_comparison *comparison, const char *suite,
                                              const char *name)
{
    for (size_t i = 0; comparison && i < comparison->comparison.case_count; i++) {
        const struct compare_case *found = &comparison->comparison.cases[i];
        if (str_equal(found->name, name) && str_equal(found->suite, suite))
            return found;
    }
    return NULL;
}

static int load_case(struct site *site, struct site_case *own, const struct store_case *named, struct error *error)
{
    const struct history_options options = { .machine = site->newest ? site->newest->fingerprint : NULL,
                                             .branch =
                                                 site->newest && *site->lines[0].branch ? site->lines[0].branch : NULL,
                                             .limit = SITE_HISTORY_LIMIT };
    *own = (struct site_case){ .suite = named->suite, .name = named->name };
    own->page = arena_format(site->arena, "cases/%s.html",
                             site_slug(site->arena, arena_format(site->arena, "%s/%s", named->suite, named->name)));
    for (size_t i = 0; i < site->view.case_count && !own->newest; i++)
        if (str_equal(site->view.cases[i].name, named->name) && str_equal(site->view.cases[i].suite, named->suite))
            own->newest = &site->view.cases[i];
    own->change = find_change(site->reference, named->suite, named->name);
    own->previous = find_change(site->previous, named->suite, named->name);
    return history_load(&own->history, site->store, named->suite, named->name, &options, site->arena, error);
}

static int load_cases(struct site *site, struct error *error)
{
    struct store_case *names;
    size_t count;
    int code = store_case_names(site->store, site->arena, &names, &count, error);
    if (code)
        return code;
    site->cases = arena_array(site->arena, count + 1, sizeof *site->cases);
    site->suites = arena_array(site->arena, count + 1, sizeof *site->suites);
    for (size_t i = 0; i < count && !code; i++) {
        code = load_case(site, &site->cases[site->case_count++], &names[i], error);
        if (site->suite_count == 0 || !str_equal(site->suites[site->suite_count - 1], names[i].suite))
            site->suites[site->suite_count++] = names[i].suite;
    }
    site->result->cases = site->case_count;
    return code;
}

int site_load(struct site *site, struct error *error)
{
    int code = load_runs(site, error);
    if (code)
        return code;
    find_lines(site);
    if (site->newest) {
        code = view_load(&site->view, site->store, arena_format(site->arena, "%lld", (long long)site->newest->id), NULL,
                         site->arena, error);
        if (!code)
            code = explain_load(&site->explain, &site->view, site->store, error);
        if (!code)
            code = calibration_load(&site->calibration, site->store, site->newest->fingerprint, site->arena, error);
        site->has_calibration = !code;
        site->view.explain = &site->explain;
    } else {
        site->view.arena = site->arena;
    }
    if (!code)
        code = load_comparisons(site, error);
    if (!code)
        code = load_cases(site, error);
    return code;
}

void site_release(struct site *site)
{
    explain_release(&site->explain);
}
