/* doctor_text.c: the verdicts as a table for a terminal, and as JSON. */
#include "harness/run/doctor_internal.h"
#include "harness/base/str.h"
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { INDENT = 32 }; /* verdict, name */

/* Words; further lines at the indent, where the first one starts. */
static void print_wrapped(FILE *file, const char *text, int indent, int width)
{
    int column = indent;
    for (bool first = true; *text; first = false) {
        int length = (int)strcspn(text, " ");
        bool breaks = !first && width > indent + 20 && column + 1 + length > width;
        if (breaks)
            fprintf(file, "\n%*s", indent, "");
        else if (!first)
            fputc(' ', file);
        column = (breaks ? indent : column + !first) + length;
        fprintf(file, "%.*s", length, text);
        text += length + (text[length] == ' ');
    }
    fputc('\n', file);
}

/* Advice is a sentence, the rest are commands. */
static void print_remedy(FILE *file, const char *remedy, int width)
{
    fprintf(file, "%*s", INDENT, "");
    if (remedy[0] >= 'A' && remedy[0] <= 'Z')
        print_wrapped(file, remedy, INDENT, width);
    else
        fprintf(file, "$ %s\n", remedy);
}

static void print_check(FILE *file, const struct store_check *check, const struct doctor_style *style)
{
    bool bad = str_equal(check->verdict, "fail") || str_equal(check->verdict, "warn");
    bool pass = str_equal(check->verdict, "pass");
    const char *color = !style->color                       ? ""
                        : str_equal(check->verdict, "fail") ? "\033[1;31m"
                        : str_equal(check->verdict, "warn") ? "\033[1;33m"
                        : pass                              ? "\033[32m"
                                                            : "\033[2m";
    const char *plain = style->color ? "\033[0m" : "", *faint = style->color ? "\033[2m" : "";
    fprintf(file, "%s%-7s%s  %-21s  ", color, str_equal(check->verdict, "fail") ? "FAIL" : check->verdict, plain,
            check->name);
    print_wrapped(file, check->seen, INDENT, style->width);
    if (bad) {
        fprintf(file, "%s%*s", faint, INDENT, "");
        print_wrapped(file, check->meaning, INDENT, style->width);
        fputs(plain, file);
    }
    if (check->remedy) /* commands to be pasted stay on one line */
        print_remedy(file, check->remedy, style->width);
    if (bad)
        fputc('\n', file);
}

static void print_summary(FILE *file, const struct doctor_report *report, const struct doctor_style *style)
{
    static const char *const verdicts[] = { "fail", "warn", "unknown", "pass" };
    for (size_t i = 0; i < 4; i++)
        fprintf(file, "%s%zu %s", i ? ", " : "", doctor_count(report, verdicts[i]), verdicts[i]);
    char percent[32];
    struct str text = { 0 };
    if (isnan(report->precision))
        str_appendf(&text, "How good numbers of this machine are cannot be said: %s.", report->basis);
    else
        str_appendf(&text, "Numbers of this machine are good to about %s just now: %s (watched %.1f s).",
                    doctor_percent(percent, sizeof percent, report->precision), report->basis, report->watched_s);
    fputc('\n', file);
    print_wrapped(file, str_text(&text), 0, style->width);
    str_release(&text);
    if (style->fixable)
        fprintf(file, "sudo prony doctor --fix mends %zu of these, --restore puts them back.\n", style->fixable);
}

void doctor_print_text(FILE *file, const struct doctor_report *report, const struct doctor_style *style)
{
    fputs("Can numbers of this machine be trusted just now?\n\n", file);
    for (size_t i = 0; i < report->count; i++) {
        if (i > 0 && str_equal(report->checks[i].verdict, "pass") &&
            str_equal(report->checks[i - 1].verdict, "unknown"))
            fputc('\n', file);
        print_check(file, &report->checks[i], style);
    }
    fputc('\n', file);
    print_summary(file, report, style);
}

static json_t *text_or_null(const char *text)
{
    json_t *json = text ? json_string(text) : NULL;
    return json ? json : json_null(); /* also for bytes that are no UTF-8 */
}

void doctor_print_json(FILE *file, const struct doctor_report *report)
{
    static const char *const verdicts[] = { "fail", "warn", "unknown", "pass" };
    json_t *json = json_object(), *counts = json_object(), *checks = json_array();
    for (size_t i = 0; i < 4; i++)
        json_object_set_new(counts, verdicts[i], json_integer((json_int_t)doctor_count(report, verdicts[i])));
    for (size_t i = 0; i < report->count; i++) {
        const struct store_check *check = &report->checks[i];
        json_t *entry = json_object();
        json_object_set_new(entry, "name", text_or_null(check->name));
        json_object_set_new(entry, "verdict", text_or_null(check->verdict));
        json_object_set_new(entry, "seen", text_or_null(check->seen));
        json_object_set_new(entry, "meaning", text_or_null(check->meaning));
        json_object_set_new(entry, "remedy", text_or_null(check->remedy));
        json_array_append_new(checks, entry);
    }
    json_object_set_new(json, "watched_seconds", json_real(report->watched_s));
    json_object_set_new(json, "precision_percent",
                        isnan(report->precision) ? json_null() : json_real(report->precision * 100));
    json_object_set_new(json, "basis", text_or_null(report->basis));
    json_object_set_new(json, "counts", counts);
    json_object_set_new(json, "checks", checks);
    json_dumpf(json, file, JSON_INDENT(2) | JSON_REAL_PRECISION(6));
    fputc('\n', file);
    json_decref(json);
}
