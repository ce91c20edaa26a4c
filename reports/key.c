/* key.c: the few numbers that a reader came for, found by the naming conventions of our suites.
 *
 * All generate numbers are of one model and format, the first decoded one, so that they belong together. A run without
 * these suites simply has fewer key numbers. */
#include "harness/base/str.h"
#include "harness/base/case_name.h"
#include "reports/view.h"
#include <string.h>

enum { KEY_LIMIT = 12, DECODE_LIMIT = 3 };

static void add_key(struct view *view, const char *title, const char *detail, const struct view_case *source,
                    enum number_kind kind, const struct stats_summary *summary)
{
    if (view->key_count < KEY_LIMIT && summary && summary->count)
        view->keys[view->key_count++] = (struct view_key){ title, detail, source, kind, *summary };
}

static const char *plural(double count)
{
    return count == 1 ? "" : "s";
}

/* "model/format" of a generate case: the first two parts after the operation. */
static bool same_model(struct arena *arena, const struct view_case *a, const struct view_case *b)
{
    return str_equal(case_name_part(arena, a->name, 1), case_name_part(arena, b->name, 1)) &&
           str_equal(case_name_part(arena, a->name, 2), case_name_part(arena, b->name, 2));
}

static const char *model_text(struct arena *arena, const struct view_case *view_case)
{
    return arena_format(arena, "%s %s", case_name_part(arena, view_case->name, 1),
                        case_name_part(arena, view_case->name, 2));
}

static bool is_measured(const struct view_case *view_case, const char *suite, const char *operation)
{
    return view_case->main.count && str_equal(view_case->suite, suite) && str_equal(view_case->operation, operation);
}

/* Decode rate by thread count, fewest threads first, at the smallest context. */
static void add_decode(struct view *view, const struct view_case *model)
{
    double above = 0;
    for (int added = 0; added < DECODE_LIMIT; added++) {
        const struct view_case *best = NULL;
        double best_threads = 0, best_context = 0;
        for (size_t i = 0; i < view->case_count; i++) {
            const struct view_case *candidate = &view->cases[i];
            double threads = case_name_number(candidate->name, "threads", 1);
            double context = case_name_number(candidate->name, "ctx", 0);
            if (!is_measured(candidate, "generate", "decode") || !same_model(view->arena, candidate, model) ||
                threads <= above)
                continue;
            if (!best || threads < best_threads || (threads == best_threads && context < best_context)) {
                best = candidate;
                best_threads = threads;
                best_context = context;
            }
        }
        if (!best)
            return;
        add_key(view, arena_format(view->arena, "Decode, %g thread%s", best_threads, plural(best_threads)),
                arena_format(view->arena, "%s, context %g", model_text(view->arena, best), best_context), best,
                best->kind, &best->main);
        above = best_threads;
    }
}

/* Of the generate cases of one operation and model: the one with the best main metric. */
static const struct view_case *best_of(const struct view *view, const char *operation, const struct view_case *model)
{
    const struct view_case *best = NULL;
    for (size_t i = 0; i < view->case_count; i++) {
        const struct view_case *candidate = &view->cases[i];
        if (!is_measured(candidate, "generate", operation) || (model && !same_model(view->arena, candidate, model)))
            continue;
        if (!best || (candidate->higher_is_better ? candidate->main.median > best->main.median
                                                  : candidate->main.median < best->main.median))
            best = candidate;
    }
    return best;
}

static void add_generate(struct view *view)
{
    const struct view_case *model = NULL;
    for (size_t i = 0; i < view->case_count && !model; i++)
        if (is_measured(&view->cases[i], "generate", "decode"))
            model = &view->cases[i];
    if (model)
        add_decode(view, model);
    const struct view_case *prefill = best_of(view, "prefill", model);
    if (prefill) {
        double threads = case_name_number(prefill->name, "threads", 1);
        add_key(view, arena_format(view->arena, "Prefill, %g thread%s", threads, plural(threads)),
                arena_format(view->arena, "%s, %g tokens", model_text(view->arena, prefill),
                             case_name_number(prefill->name, "tokens", 0)),
                prefill, prefill->kind, &prefill->main);
    }
    const struct view_case *first = best_of(view, "ttft", model);
    if (first) {
        double threads = case_name_number(first->name, "threads", 1);
        add_key(view, "Time to first token",
                arena_format(view->arena, "%s, prompt %g, %g thread%s", model_text(view->arena, first),
                             case_name_number(first->name, "prompt", 0), threads, plural(threads)),
                first, NUMBER_TIME_NS, &first->time_ns);
    }
    const struct view_case *load = best_of(view, "load", model);
    if (load)
        add_key(view, "Model load", model_text(view->arena, load), load, NUMBER_TIME_NS, &load->time_ns);
    if (model)
        add_key(view, "Peak memory", arena_format(view->arena, "%s, while decoding", model_text(view->arena, model)),
                model, NUMBER_BYTES, view_metric(model, "peak_rss_bytes"));
}

/* The kernel of an operation with the highest rate, and how near it comes to its measured ceiling. */
static void add_kernel(struct view *view, const char *operation, const char *rate, const char *share,
                       const char *share_of, const char *title)
{
    const struct view_case *best = NULL;
    const struct stats_summary *best_rate = NULL;
    for (size_t i = 0; i < view->case_count; i++) {
        const struct view_case *candidate = &view->cases[i];
        const struct stats_summary *summary = view_metric(candidate, rate);
        if (is_measured(candidate, "kernels", operation) && summary && (!best || summary->median > best_rate->median)) {
            best = candidate;
            best_rate = summary;
        }
    }
    if (!best)
        return;
    const struct stats_summary *percent = view_metric(best, share);
    const char *detail = case_name_rest(best->name);
    if (percent)
        detail = arena_format(view->arena, "%.0f %% of %s, %s", percent->median, share_of, detail);
    add_key(view, title, detail, best, str_equal(rate, "bytes_per_second") ? NUMBER_BYTE_RATE : NUMBER_FLOP_RATE,
            best_rate);
}

void view_find_keys(struct view *view)
{
    view->keys = arena_array(view->arena, KEY_LIMIT, sizeof *view->keys);
    add_generate(view);
    add_kernel(view, "matmul", "flops_per_second", "percent_of_peak", "peak", "Fastest GEMM");
    add_kernel(view, "matvec", "bytes_per_second", "percent_of_bandwidth", "memory bandwidth", "Fastest GEMV");
}
