/* profile_fixture.c: see profile_fixture.h. */
#include "tests/support/profile_fixture.h"

enum { PERIOD_NS = 2000000 };

static uint32_t child(struct stacks *stacks, uint32_t parent, const char *function, const char *object,
                      const char *file, uint32_t line, enum stacks_kind kind)
{
    const struct stacks_frame frame = {
        .function = function, .object = object, .file = file, .line = line, .kind = kind
    };
    return stacks_add_node(stacks, parent, stacks_add_frame(stacks, &frame));
}

static uint32_t user(struct stacks *stacks, uint32_t parent, const char *function)
{
    return child(stacks, parent, function, "prony-engine", "engines/native/session.c", 10, STACKS_USER);
}

static void samples(struct stacks *stacks, uint32_t node, uint64_t count)
{
    stacks_add_weight(stacks, node, count * PERIOD_NS, count);
}

static void fill(struct stacks *stacks, bool changed)
{
    const char *matvec = changed ? "matvec_q8_0__avx512" : "matvec_q8_0__avx2";
    uint32_t main_thread = child(stacks, 0, "main thread", "", "", 0, STACKS_THREAD);
    uint32_t worker = child(stacks, 0, "worker 1", "", "", 0, STACKS_THREAD);
    uint32_t start = child(stacks, main_thread, "__libc_start_main", "libc.so.6", "", 0, STACKS_USER);
    uint32_t decode = user(stacks, user(stacks, start, "main"), "session_decode");
    samples(stacks, child(stacks, decode, matvec, "prony-engine", "kernels/matvec/x.c", 30, STACKS_USER),
            changed ? 250 : 400);
    uint32_t softmax = child(stacks, decode, "softmax", "prony-engine", "engines/native/layers.c", 7, STACKS_INLINE);
    samples(stacks, softmax, changed ? 110 : 100);
    samples(stacks, child(stacks, softmax, "expf", "libm.so.6", "", 0, STACKS_USER), 20);
    uint32_t fault = child(stacks, decode, "asm_exc_page_fault", "[kernel]", "", 0, STACKS_KERNEL);
    samples(stacks, child(stacks, fault, "clear_page", "[kernel]", "", 0, STACKS_KERNEL), 30);
    samples(stacks, child(stacks, main_thread, "libfoo.so+0x1234", "libfoo.so", "", 0, STACKS_USER), 9);
    samples(stacks, child(stacks, main_thread, "[unknown]", "", "", 0, STACKS_MARK), 1);
    uint32_t walk = user(stacks, user(stacks, user(stacks, start, "walk"), "visit"), "walk");
    samples(stacks, walk, 40);
    uint32_t run = user(stacks, worker, "run_worker");
    samples(stacks, child(stacks, run, matvec, "prony-engine", "kernels/matvec/x.c", 30, STACKS_USER),
            changed ? 200 : 350);
    samples(stacks, user(stacks, run, "pool_wait"), 50);
}

static void fill_hostile(struct stacks *stacks)
{
    static const char *const names[] = { "</script><b>bold</b>", "a;b c\n7", "| `x` |", "\x1b[31mred", "\xff\xfe",
                                         "quote\"\\'&amp;",      "" };
    uint32_t node = child(stacks, 0, "<i>thread</i>", "", "", 0, STACKS_THREAD);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        node = child(stacks, node, names[i], "<o>.so", "\"file\"", 1, STACKS_USER);
        samples(stacks, node, i + 1);
    }
}

void profile_fixture_make(enum profile_fixture which, struct profile *profile, struct stacks **stacks)
{
    *stacks = stacks_create();
    *profile = (struct profile){
        .about = { .suite = "generate",
                   .name = "decode/tiny",
                   .title =
                       which == PROFILE_FIXTURE_HOSTILE ? "</title><script>alert(1)</script>" : "decode/tiny/threads:2",
                   .kind = "cpu",
                   .event = "cpu-clock",
                   .unit = "ns",
                   .frequency_hz = 500,
                   .duration_ns = 1100000000,
                   .lost_count = 2,
                   .note = "user and kernel frames" },
        .stacks = *stacks,
        .id = 3,
    };
    if (which == PROFILE_FIXTURE_HOSTILE)
        fill_hostile(*stacks);
    else
        fill(*stacks, which == PROFILE_FIXTURE_CHANGED);
    profile->about.sample_count = profile_samples(profile);
}
