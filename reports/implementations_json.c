/* implementations_json.c: implementations side by side as JSON. "version" grows when a key changes its meaning. */
#include "reports/implementations.h"
#include "reports/json_text.h"
#include <math.h>

enum { VERSION = 1 };

static void put_number(struct str *out, const char *key, double value)
{
    if (isfinite(value))
        str_appendf(out, ", \"%s\": %.17g", key, value);
    else
        str_appendf(out, ", \"%s\": null", key);
}

static void put_interval(struct str *out, struct stats_interval interval)
{
    if (isfinite(interval.low) && isfinite(interval.high))
        str_appendf(out, ", \"interval\": {\"low\": %.17g, \"high\": %.17g, \"coverage\": %.17g}", interval.low,
                    interval.high, interval.coverage);
    else
        str_append(out, ", \"interval\": null");
}

static void put_phases(struct str *out, const struct implementation_group *group,
                       const struct implementation_cell *cell)
{
    const char *comma = "";
    str_append(out, ", \"phases_ns\": {");
    for (size_t i = 0; i < group->phase_count; i++) {
        if (!isfinite(cell->phases_ns[i]))
            continue;
        str_append(out, comma);
        json_text(out, group->phases[i]);
        str_appendf(out, ": %.17g", cell->phases_ns[i]);
        comma = ", ";
    }
    str_append_char(out, '}');
}

static const char *output_word(enum compare_output output)
{
    static const char *const words[] = { [COMPARE_OUTPUT_UNKNOWN] = "unknown",
                                         [COMPARE_OUTPUT_SAME] = "same",
                                         [COMPARE_OUTPUT_WITHIN] = "within",
                                         [COMPARE_OUTPUT_DIFFERENT] = "different" };
    return words[output];
}

static void put_cell(struct str *out, const struct implementation_group *group, const struct implementation_cell *cell,
                     const char *value)
{
    str_append(out, "{\"value\": ");
    json_text(out, value);
    str_append(out, ", \"suite\": ");
    json_text(out, cell->source->suite);
    str_append(out, ", \"name\": ");
    json_text(out, cell->source->name);
    put_number(out, "median", cell->summary.median);
    str_appendf(out, ", \"processes\": %zu", cell->summary.count);
    put_number(out, "speedup", cell->speedup);
    put_interval(out, cell->interval);
    put_number(out, "p", cell->p);
    put_number(out, "q", cell->q);
    put_number(out, "efficiency", cell->efficiency);
    put_number(out, "peak_rss_bytes", cell->peak_rss_bytes);
    put_number(out, "heap_peak_bytes", cell->heap_peak_bytes);
    str_appendf(out, ", \"output\": \"%s\"", output_word(cell->output));
    put_number(out, "output_error", cell->output_error);
    put_phases(out, group, cell);
    str_append_char(out, '}');
}

static void put_group(struct str *out, const struct implementations *implementations,
                      const struct implementation_group *group)
{
    const char *comma = "";
    str_append(out, "    {\"suite\": ");
    json_text(out, group->suite);
    str_append(out, ", \"name\": ");
    json_text(out, group->name);
    str_append(out, ", \"metric\": ");
    json_text(out, group->metric);
    str_append(out, ", \"unit\": ");
    json_text(out, group->unit);
    str_append(out, ", \"cells\": [\n");
    for (size_t v = 0; v < implementations->value_count; v++) {
        if (!group->cells[v].source)
            continue;
        str_appendf(out, "%s      ", comma);
        put_cell(out, group, &group->cells[v], implementations->values[v].value);
        comma = ",\n";
    }
    str_append(out, "]}");
}

static void put_values(struct str *out, const struct implementations *implementations)
{
    for (size_t v = 0; v < implementations->value_count; v++) {
        const struct implementation_total *total = &implementations->values[v];
        str_append(out, v ? ", {\"value\": " : "{\"value\": ");
        json_text(out, total->value);
        put_number(out, "speedup", v == implementations->baseline_index ? 1 : total->speedup);
        put_interval(out, total->interval);
        str_appendf(out, ", \"groups\": %zu}", total->count);
    }
}

void implementations_json(const struct implementations *implementations, const char *title, struct str *out)
{
    str_appendf(out, "{\n  \"version\": %d,\n  \"title\": ", VERSION);
    json_text(out, title);
    str_append(out, ",\n  \"dimension\": ");
    json_text(out, implementations->dimension);
    str_append(out, ",\n  \"baseline\": ");
    json_text(out, implementations->baseline);
    str_append(out, ",\n  \"values\": [");
    put_values(out, implementations);
    str_append(out, "],\n  \"groups\": [\n");
    for (size_t i = 0; i < implementations->group_count; i++) {
        str_append(out, i ? ",\n" : "");
        put_group(out, implementations, &implementations->groups[i]);
    }
    str_append(out, "\n  ]\n}\n");
}
