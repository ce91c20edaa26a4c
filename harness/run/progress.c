/* progress.c: one line of text, drawn so that it never wraps. */
#include "harness/run/progress.h"
#include "harness/base/str.h"
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { BAR_WIDTH = 24, DEFAULT_COLUMNS = 80 };

static int terminal_columns(FILE *stream)
{
    struct winsize size;
    if (ioctl(fileno(stream), TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        return size.ws_col;
    return DEFAULT_COLUMNS;
}

void progress_begin(struct progress *progress, FILE *stream, bool quiet, int64_t now_ns)
{
    *progress = (struct progress){ .stream = stream, .is_quiet = quiet, .estimated_left_s = -1, .started_ns = now_ns };
    const char *term = getenv("TERM");
    int fd = fileno(stream);
    progress->is_terminal = fd >= 0 && isatty(fd) && !str_equal(term, "dumb");
    progress->columns = progress->is_terminal ? terminal_columns(stream) : DEFAULT_COLUMNS;
}

/* "45 s", "3:20", "1:02:03" */
static void format_time(char *buffer, size_t size, double seconds)
{
    long total = seconds < 0 ? 0 : (long)(seconds + 0.5);
    if (total < 60)
        snprintf(buffer, size, "%ld s", total);
    else if (total < 3600)
        snprintf(buffer, size, "%ld:%02ld", total / 60, total % 60);
    else
        snprintf(buffer, size, "%ld:%02ld:%02ld", total / 3600, total / 60 % 60, total % 60);
}

static const char *phase(const struct progress *progress)
{
    return progress->phase ? progress->phase : "round";
}

static void draw(struct progress *progress, int64_t now_ns)
{
    if (!progress->is_terminal || progress->is_quiet)
        return;
    char bar[BAR_WIDTH + 1], left[48] = "", line[512], head[192];
    size_t filled = progress->total ? progress->done * BAR_WIDTH / progress->total : 0;
    for (size_t i = 0; i < BAR_WIDTH; i++)
        bar[i] = i < filled ? '=' : i == filled ? '>' : ' ';
    bar[BAR_WIDTH] = 0;
    double left_s = progress->estimated_left_s;
    if (left_s >= 0) {
        char text[32];
        format_time(text, sizeof text, left_s);
        snprintf(left, sizeof left, " %s left", text);
    } else {
        char text[32];
        format_time(text, sizeof text, (double)(now_ns - progress->started_ns) / 1e9);
        snprintf(left, sizeof left, " %s", text);
    }
    snprintf(head, sizeof head, "[%s] %s %d/%d%s", bar, phase(progress), progress->round + 1, progress->round_count,
             left);
    if (progress->failure_count)
        snprintf(head + strlen(head), sizeof head - strlen(head), ", %zu failed", progress->failure_count);
    snprintf(line, sizeof line, "%s  %s", head, progress->current);
    /* One column stays free: a full last column makes some terminals wrap. */
    size_t room = progress->columns > 1 ? (size_t)progress->columns - 1 : 1;
    if (strlen(line) > room)
        line[room] = 0;
    fprintf(progress->stream, "\r\033[K%s", line);
    fflush(progress->stream);
}

void progress_round_begin(struct progress *progress, int round, int64_t now_ns)
{
    progress->round = round;
    progress->round_started_ns = now_ns;
    progress->round_samples = progress->sample_count;
}

void progress_round_end(struct progress *progress, int64_t now_ns)
{
    if (progress->is_terminal || progress->is_quiet)
        return;
    char took[32], left[48] = "";
    format_time(took, sizeof took, (double)(now_ns - progress->round_started_ns) / 1e9);
    if (progress->estimated_left_s >= 0.5) {
        char text[32];
        format_time(text, sizeof text, progress->estimated_left_s);
        snprintf(left, sizeof left, ", about %s left", text);
    }
    if (progress->phase) {
        fprintf(progress->stream, "%s %d/%d: %s, %zu failures so far%s\n", progress->phase, progress->round + 1,
                progress->round_count, took, progress->failure_count, left);
        fflush(progress->stream);
        return;
    }
    fprintf(progress->stream, "round %d/%d: %zu samples in %s, %zu failures so far%s\n", progress->round + 1,
            progress->round_count, progress->sample_count - progress->round_samples, took, progress->failure_count,
            left);
    fflush(progress->stream);
}

void progress_show(struct progress *progress, const char *current, int64_t now_ns)
{
    snprintf(progress->current, sizeof progress->current, "%s", current);
    draw(progress, now_ns);
}

void progress_tick(struct progress *progress, int64_t now_ns)
{
    draw(progress, now_ns);
}

void progress_clear(struct progress *progress)
{
    if (!progress->is_terminal || progress->is_quiet)
        return;
    fputs("\r\033[K", progress->stream);
    fflush(progress->stream);
}
