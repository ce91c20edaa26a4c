/* judgement_github.c: a judgement as workflow commands of GitHub Actions, printed by a step: annotations on the pull
 * request, at the source file of a case where there is one.
 *
 * A page shows ten errors and ten warnings of a step, so the worst come first and the rest is a count. Values are
 * escaped as the toolkit does it (actions/toolkit, packages/core/src/command.ts): % CR LF, and in properties : and ,.
 */
#include "reports/escape.h"
#include "reports/judgement_cases.h"
#include "reports/judgement_source.h"
#include "reports/judgement_words.h"
#include <string.h>

enum { LIMIT = 9 }; /* of each level; the tenth is the count */

static void escaped(struct str *out, const char *text, bool property)
{
    struct str plain = { 0 };
    escape_plain(&plain, text);
    for (const char *at = str_text(&plain); *at; at++)
        if (*at == '%')
            str_append(out, "%25");
        else if (property && *at == ':')
            str_append(out, "%3A");
        else if (property && *at == ',')
            str_append(out, "%2C");
        else
            str_append_char(out, *at);
    str_release(&plain);
}

static void command(struct str *out, const char *level, const char *file, const char *title, const char *message)
{
    str_appendf(out, "::%s ", level);
    if (file) {
        str_append(out, "file=");
        escaped(out, file, true);
        str_append(out, ",line=1,");
    }
    str_append(out, "title=");
    escaped(out, title, true);
    str_append(out, "::");
    escaped(out, message, false);
    str_append_char(out, '\n');
}

static void annotate(struct str *out, const struct judgement *judgement, const struct judgement_entry *entry,
                     const char *level, struct arena *arena)
{
    const char *what = *entry->name ? arena_format(arena, "%s %s", entry->suite, entry->name) : entry->suite;
    command(out, level, judgement_source(judgement->source_root, entry->suite, entry->name, arena),
            arena_format(arena, "%s: %s", entry->kind, what),
            /* Findings of the gate begin with the case by themselves. */
            *entry->name && str_starts(entry->message, arena_format(arena, "%s: ", entry->name))
                ? arena_format(arena, "%s %s", entry->suite, entry->message)
                : arena_format(arena, "%s: %s", what, entry->message));
}

int judgement_github(const struct judgement *judgement, const struct report_options *options, struct str *out,
                     struct error *error)
{
    static const struct {
        enum judgement_level level;
        const char *command, *rest;
    } levels[] = { { JUDGEMENT_BAD, "error", "more regressions" },
                   { JUDGEMENT_OPEN, "warning", "more that could not be decided" },
                   { JUDGEMENT_ACKNOWLEDGED, "notice", "more acknowledged" } };
    (void)options;
    (void)error;
    struct arena arena = { 0 };
    size_t count;
    enum gate_status status = judgement_status(judgement);
    const struct judgement_entry *entries = judgement_worst(judgement, &count, &arena);
    for (size_t l = 0; l < sizeof levels / sizeof levels[0]; l++) {
        size_t all = 0;
        for (size_t i = 0; i < count; i++)
            if (entries[i].level == levels[l].level && all++ < LIMIT)
                annotate(out, judgement, &entries[i], levels[l].command, &arena);
        if (all > LIMIT)
            command(out, levels[l].command, NULL, judgement->title,
                    arena_format(&arena, "%zu %s", all - LIMIT, levels[l].rest));
    }
    for (size_t i = 0; judgement->gate && i < judgement->gate->warning_count && i < LIMIT; i++)
        command(out, "warning", NULL, "gate", judgement->gate->warnings[i]);
    command(out, status == GATE_COULD_NOT_RUN ? "error" : "notice", NULL,
            arena_format(&arena, "%s: %s", judgement_status_word(status), judgement->title),
            arena_format(&arena, "%s. %s", judgement_count_line(judgement, &arena),
                         judgement->calibration ? calibration_line(judgement->calibration, &arena) : ""));
    arena_release(&arena);
    return 0;
}
