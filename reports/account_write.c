/* account_write.c: an account as a table for a terminal and as Markdown. */
#include "reports/account.h"
#include "reports/escape.h"
#include "reports/number.h"
#include "reports/text.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { NAME = 18, CALLS = 7, TIME = 12, SHARE = 9, RATE = 15, ALONE = 14 };

/* One line of either table; cells that do not apply are "". */
struct line {
    char name[96], calls[32], time[48], share[32], bytes[48], flops[48], alone[32];
};

static void set_time(struct line *line, const char *name, double time_ns, double iteration_ns)
{
    *line = (struct line){ 0 };
    snprintf(line->name, sizeof line->name, "%s", name);
    number_text(line->time, sizeof line->time, NUMBER_TIME_NS, time_ns);
    snprintf(line->share, sizeof line->share, "%.1f %%", 100 * time_ns / iteration_ns);
}

/* A rate says nothing where nothing moved. */
static void set_rate(char *text, size_t size, enum number_kind kind, double rate)
{
    if (rate > 0)
        number_text(text, size, kind, rate);
}

static void set_row(struct line *line, const struct account_row *row, double iteration_ns)
{
    set_time(line, row->operation, row->time_ns, iteration_ns);
    snprintf(line->calls, sizeof line->calls, "%.4g", row->calls);
    set_rate(line->bytes, sizeof line->bytes, NUMBER_BYTE_RATE, row->bytes_per_second);
    set_rate(line->flops, sizeof line->flops, NUMBER_FLOP_RATE, row->flops_per_second);
    if (isfinite(row->alone_ns) && row->time_ns > 0)
        snprintf(line->alone, sizeof line->alone, "%s%.0f %%", row->is_near ? "~" : "",
                 100 * row->alone_ns / row->time_ns);
}

typedef void line_writer(const struct line *line, struct str *out);

static void write_lines(const struct account *account, line_writer *write, struct str *out)
{
    struct line line;
    const double iteration_ns = account->iteration_ns;
    for (size_t i = 0; i < account->operation_count; i++) {
        set_row(&line, &account->operations[i], iteration_ns);
        write(&line, out);
    }
    set_time(&line, "waiting", account->waiting_ns, iteration_ns);
    write(&line, out);
    set_time(&line, "unexplained", account->unexplained_ns, iteration_ns);
    write(&line, out);
    set_time(&line, "iteration", iteration_ns, iteration_ns);
    write(&line, out);
}

/* ---- sentences, a line each ---- */

static void note_kernels(const struct account *account, struct str *out)
{
    char alone[48], here[48];
    if (!(account->alone_work_ns > 0))
        return;
    number_text(alone, sizeof alone, NUMBER_TIME_NS, account->alone_ns);
    number_text(here, sizeof here, NUMBER_TIME_NS, account->alone_work_ns);
    str_appendf(
        out,
        "Kernels: alone, as the kernels suite measured them, and divided among %.0f thread%s without loss, they "
        "would take %s; here they take %s (of kernel: %.0f %%; ~ = of the nearest shape that was measured).\n",
        account->threads, account->threads > 1 ? "s" : "", alone, here,
        100 * account->alone_ns / account->alone_work_ns);
}

static void note_layers(const struct account *account, struct str *out)
{
    char mean[48], low[48], high[48];
    const struct account_row *fastest = account->layers, *slowest = account->layers;
    double sum_ns = 0;
    if (account->layer_count < 2) /* a layer alone is its own account */
        return;
    for (size_t i = 0; i < account->layer_count; i++) {
        const struct account_row *row = &account->layers[i];
        sum_ns += row->time_ns;
        fastest = row->time_ns < fastest->time_ns ? row : fastest;
        slowest = row->time_ns > slowest->time_ns ? row : slowest;
    }
    number_text(mean, sizeof mean, NUMBER_TIME_NS, sum_ns / (double)account->layer_count);
    number_text(low, sizeof low, NUMBER_TIME_NS, fastest->time_ns);
    number_text(high, sizeof high, NUMBER_TIME_NS, slowest->time_ns);
    str_appendf(out, "Layers: %zu of %s on average, from %s (layer %d) to %s (layer %d)", account->layer_count, mean,
                low, fastest->layer, high, slowest->layer);
    if (isfinite(account->layer_alone_ns)) {
        number_text(low, sizeof low, NUMBER_TIME_NS, account->layer_alone_ns);
        str_appendf(out, "; the layers suite measured one alone at %s", low);
    }
    str_append(out, ".\n");
}

static void note_time(const struct account *account, struct str *out)
{
    char timed[48];
    if (isfinite(account->idle_share) && account->threads > 1)
        str_appendf(out, "Threads: without work in %.1f %% of their time, while another worked or all waited.\n",
                    100 * account->idle_share);
    if (!isfinite(account->timed_ns))
        return;
    number_text(timed, sizeof timed, NUMBER_TIME_NS, account->timed_ns);
    str_appendf(out, "Timed without tracing, an iteration takes %s.\n", timed);
}

void account_write_notes(const struct account *account, struct str *out)
{
    note_kernels(account, out);
    note_layers(account, out);
    note_time(account, out);
}

/* Calls write with each line, without its end. */
static void each_note(const struct account *account, void (*write)(const char *line, struct str *out), struct str *out)
{
    struct str notes = { 0 };
    account_write_notes(account, &notes);
    for (char *line = notes.data; line && *line;) {
        char *end = strchr(line, '\n');
        *end = 0;
        write(line, out);
        line = end + 1;
    }
    str_release(&notes);
}

/* ---- terminal ---- */

static void text_line(const struct line *line, struct str *out)
{
    text_pad(out, 2);
    text_left(out, line->name, NAME);
    text_right(out, line->calls, CALLS);
    text_right(out, line->time, TIME);
    text_right(out, line->share, SHARE);
    text_right(out, line->bytes, RATE);
    text_right(out, line->flops, RATE);
    text_right(out, line->alone, ALONE);
    text_end_line(out);
}

static void text_note(const char *note, struct str *out)
{
    text_paragraph(out, note, 2);
}

void account_write_text(const struct account *account, struct str *out)
{
    static const struct line head = { "operation", "calls", "time", "share", "bytes", "arithmetic", "of kernel" };
    struct str title = { 0 };
    str_append(&title, "Where the time goes: ");
    escape_plain(&title, account->source->name);
    text_heading(out, str_text(&title));
    text_line(&head, out);
    write_lines(account, text_line, out);
    each_note(account, text_note, out);
    str_release(&title);
}

/* ---- Markdown ---- */

static void markdown_line(const struct line *line, struct str *out)
{
    str_append(out, "| ");
    escape_markdown(out, line->name);
    str_appendf(out, " | %s | %s | %s | %s | %s | ", line->calls, line->time, line->share, line->bytes, line->flops);
    escape_markdown(out, line->alone);
    str_append(out, " |\n");
}

static void markdown_note(const char *note, struct str *out)
{
    str_append(out, "- ");
    escape_markdown(out, note);
    str_append_char(out, '\n');
}

void account_write_markdown(const struct account *account, struct str *out)
{
    str_append(out, "\n### Where the time goes: ");
    escape_markdown(out, account->source->name);
    str_append(out, "\n\n| operation | calls | time | share | bytes | arithmetic | of kernel |\n"
                    "|---|---:|---:|---:|---:|---:|---:|\n");
    write_lines(account, markdown_line, out);
    str_append_char(out, '\n');
    each_note(account, markdown_note, out);
}
