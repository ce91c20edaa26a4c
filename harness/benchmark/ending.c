/* ending.c: a JSON document that the program dies in the middle of is ended all the same.
 *
 * While benchmarks run, signals that would end the program (Ctrl-C, a crash, abort) first write the end of every open
 * document, then do what they would have done: the exit status still tells. Handlers are set only where nobody else
 * (the program, a sanitizer, nohup) has set one, and taken away afterwards. exit() inside a benchmark is covered too,
 * SIGKILL and _exit are not: a file of --benchmark_out survives those as well, because it is ended after every write
 * (unless SIGKILL comes within that one write, which Linux may then cut short at the end of a page).
 *
 * Invariant: outside benchmark_ending_hold ... release, what the document's descriptor has received is whole records. A
 * request to end that arrives while it is held waits for the release; a second one does not. A child that a benchmark
 * forks never writes. Everything that handlers touch lives in the registry. */
#include "harness/benchmark/internal.h"
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Requests come first, crashes from SIGABRT on. */
static const int fatal_signals[] = { SIGHUP,  SIGINT,  SIGQUIT, SIGTERM, SIGXCPU, SIGALRM,
                                     SIGABRT, SIGSEGV, SIGBUS,  SIGFPE,  SIGILL,  SIGSYS };
enum { SIGNAL_COUNT = sizeof fatal_signals / sizeof fatal_signals[0], REQUEST_COUNT = 6, STACK_BYTES = 65536 };

static struct benchmark_ending *ending_get(void)
{
    return &benchmark_registry_get()->ending;
}

/* Async-signal-safe. Each document is ended once, whoever comes first. */
static void write_ends(struct benchmark_ending *ending)
{
    int count = atomic_exchange(&ending->document_count, 0);
    for (int i = 0; i < count; i++) {
        const struct benchmark_document *document = &ending->documents[i];
        for (size_t done = 0; done < document->length;) {
            ssize_t written = write(document->fd, document->end + done, document->length - done);
            if (written < 0 && errno != EINTR)
                break;
            done += written > 0 ? (size_t)written : 0;
        }
    }
}

static bool is_request(int signal_number)
{
    for (int i = 0; i < REQUEST_COUNT; i++)
        if (fatal_signals[i] == signal_number)
            return true;
    return false;
}

/* The signal's own effect: now, or as soon as its handler returns. */
static void die_of(int signal_number)
{
    signal(signal_number, SIG_DFL);
    raise(signal_number);
}

/* A request that came while the document was held. */
static void die_of_pending(struct benchmark_ending *ending)
{
    int signal_number = atomic_exchange(&ending->pending, 0);
    if (!signal_number)
        return;
    write_ends(ending);
    die_of(signal_number);
}

static void handle(int signal_number)
{
    int saved_errno = errno;
    struct benchmark_ending *ending = ending_get();
    bool is_owner = getpid() == ending->owner, held = atomic_load(&ending->held);
    if (is_owner && held && is_request(signal_number)) {
        signal(signal_number, SIG_DFL);
        atomic_store(&ending->pending, signal_number);
        if (!atomic_load(&ending->held)) /* another thread released it before it could see the request */
            die_of_pending(ending);
    } else {
        if (is_owner && !held)
            write_ends(ending);
        die_of(signal_number);
    }
    errno = saved_errno;
}

/* For exit() in the middle of a benchmark. */
static void handle_exit(void)
{
    struct benchmark_ending *ending = ending_get();
    if (!atomic_load(&ending->document_count) || getpid() != ending->owner)
        return;
    fflush(NULL);
    write_ends(ending);
}

/* A stack for the handler, should the benchmark have run out of its own. */
void *benchmark_ending_lend_stack(void)
{
    stack_t present;
    if (sigaltstack(NULL, &present) || !(present.ss_flags & SS_DISABLE))
        return NULL;
    stack_t stack = { .ss_sp = malloc(STACK_BYTES), .ss_size = STACK_BYTES };
    if (stack.ss_sp && sigaltstack(&stack, NULL) == 0)
        return stack.ss_sp;
    free(stack.ss_sp);
    return NULL;
}

static void take_stack(struct benchmark_ending *ending)
{
    stack_t present, none = { .ss_flags = SS_DISABLE };
    if (ending->stack && sigaltstack(NULL, &present) == 0 && present.ss_sp == ending->stack)
        sigaltstack(&none, NULL);
    free(ending->stack);
    ending->stack = NULL;
}

void benchmark_ending_begin(void)
{
    struct benchmark_ending *ending = ending_get();
    /* Restarting: a request that waits must not cut short the write that it waits for. */
    struct sigaction ours = { .sa_handler = handle, .sa_flags = SA_ONSTACK | SA_RESTART }, present;
    if (ending->depth++)
        return; /* run_specified inside a benchmark: the outer run does it */
    ending->owner = getpid();
    if (!ending->has_exit_hook)
        ending->has_exit_hook = atexit(handle_exit) == 0;
    ending->stack = benchmark_ending_lend_stack();
    sigemptyset(&ours.sa_mask);
    for (int i = 0; i < SIGNAL_COUNT; i++)
        if (sigaction(fatal_signals[i], NULL, &present) == 0 && present.sa_handler == SIG_DFL)
            sigaction(fatal_signals[i], &ours, NULL);
}

void benchmark_ending_finish(void)
{
    struct benchmark_ending *ending = ending_get();
    struct sigaction present;
    if (--ending->depth)
        return;
    for (int i = 0; i < SIGNAL_COUNT; i++)
        if (sigaction(fatal_signals[i], NULL, &present) == 0 && present.sa_handler == handle)
            signal(fatal_signals[i], SIG_DFL);
    atomic_store(&ending->document_count, 0);
    take_stack(ending);
    ending->owner = 0;
}

void benchmark_ending_hold(void)
{
    atomic_fetch_add(&ending_get()->held, 1);
}

void benchmark_ending_release(void)
{
    struct benchmark_ending *ending = ending_get();
    if (atomic_fetch_sub(&ending->held, 1) == 1)
        die_of_pending(ending);
}

void benchmark_ending_open(FILE *out, const char *end)
{
    struct benchmark_ending *ending = ending_get();
    int count = atomic_load(&ending->document_count), fd = out ? fileno(out) : -1;
    if (!ending->owner || fd < 0 || count == BENCHMARK_DOCUMENT_LIMIT)
        return;
    ending->documents[count] = (struct benchmark_document){ fd, end, strlen(end) };
    atomic_store(&ending->document_count, count + 1);
}

void benchmark_ending_replace(FILE *out, const char *end, size_t length)
{
    struct benchmark_ending *ending = ending_get();
    int count = atomic_load(&ending->document_count), fd = out ? fileno(out) : -1;
    for (int i = 0; i < count; i++) {
        if (ending->documents[i].fd == fd) {
            ending->documents[i].end = end;
            ending->documents[i].length = length;
        }
    }
}

void benchmark_ending_close(FILE *out)
{
    struct benchmark_ending *ending = ending_get();
    int count = atomic_load(&ending->document_count), fd = out ? fileno(out) : -1;
    for (int i = 0; i < count; i++) {
        if (ending->documents[i].fd != fd)
            continue;
        ending->documents[i] = ending->documents[count - 1];
        atomic_store(&ending->document_count, count - 1);
        return;
    }
}
