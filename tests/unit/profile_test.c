/* profile_test.c: profiles out of and into the formats of other tools; the files are read back by readers of this
 * test's own. */
#include "harness/base/file.h"
#include "harness/base/mem.h"
#include "reports/flame.h"
#include "reports/profile_diff.h"
#include "reports/profile_read.h"
#include "tests/support/profile_fixture.h"
#include <jansson.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>
#include <cmocka.h>

static const struct profile_options options = { .top = 10 };

static void write_profile(enum profile_fixture which, const char *format, struct str *out)
{
    struct profile profile;
    struct stacks *stacks;
    struct error error;
    profile_fixture_make(which, &profile, &stacks);
    if (profile_format_find(format)->write(&profile, &options, out, &error))
        fail_msg("%s", error.text);
    stacks_release(stacks);
}

/* ---- folded ---- */

static struct stacks *read_folded(const char *text, bool counted, int expected, const char *reason)
{
    struct stacks *stacks = stacks_create();
    struct error error = { 0 };
    char *copy = mem_strdup(text);
    assert_int_equal(profile_read_folded(copy, counted, stacks, &error), expected);
    if (!strstr(error.text, reason))
        fail_msg("'%s' does not say '%s'", error.text, reason);
    free(copy);
    return stacks;
}

static void test_folded_round_trip(void **state)
{
    (void)state;
    struct str out = { 0 }, again = { 0 };
    write_profile(PROFILE_FIXTURE_BASE, "folded", &out);
    struct stacks *stacks = read_folded(out.data, true, 0, "");
    const struct profile profile = { .about = { .kind = "cpu", .unit = "samples", .title = "t" }, .stacks = stacks };
    assert_int_equal(profile_folded(&profile, &options, &again, NULL), 0);
    assert_int_equal(again.length, out.length);
    assert_int_equal(profile_samples(&profile), 1000);
    int kinds[5] = { 0 };
    for (size_t i = 0; i < stacks_frame_count(stacks); i++)
        kinds[stacks_frames(stacks)[i].kind]++;
    assert_int_equal(kinds[STACKS_KERNEL], 2);
    assert_int_equal(kinds[STACKS_INLINE], 1);
    assert_int_equal(kinds[STACKS_MARK], 1);
    stacks_release(stacks);
    str_release(&out);
    str_release(&again);
}

static void test_folded_reading(void **state)
{
    (void)state;
    struct stacks *stacks = read_folded("# a comment\n\na;b with blanks 3\r\na;b with blanks 4.4\na 1", true, 0, "");
    assert_int_equal(stacks_node_count(stacks), 3);
    assert_string_equal(stacks_frames(stacks)[1].function, "b with blanks");
    assert_true(stacks_nodes(stacks)[2].self == 7 && stacks_nodes(stacks)[2].count == 7);
    stacks_release(stacks);
    stacks = read_folded("a 5", false, 0, "");
    assert_true(stacks_nodes(stacks)[1].self == 5 && stacks_nodes(stacks)[1].count == 0);
    stacks_release(stacks);
    stacks_release(read_folded("a 1\nno number\n", true, ERROR_FORMAT, "line 2"));
    stacks_release(read_folded("12\n", true, ERROR_FORMAT, "line 1"));
    stacks_release(read_folded("a -1\n", true, ERROR_FORMAT, "no possible weight"));
    stacks_release(read_folded("a 1e30\n", true, ERROR_FORMAT, "no possible weight"));
    stacks_release(read_folded("a 4e18\nb 4e18\n", true, ERROR_FORMAT, "line 2"));
}

/* ---- perf script ---- */

static const char perf_text[] = "prony-engine  4711/4712 [001]  5012.123456:    2004008 cpu-clock:pppH: \n"
                                "\t    55e0d1c3c3f0 matvec_q8_0__avx2+0x150 (/usr/bin/prony-engine)\n"
                                "\t    55e0d1c3a000 helper (inlined)\n"
                                "\t    55e0d1c3a000 std::vector<int, (anonymous)>::at+0x4 (/usr/bin/prony-engine)\n"
                                "\n"
                                "my tool 7 5012.2: cpu-clock: \n"
                                "\tffffffff81409e44 do_idle+0x14 ([kernel.kallsyms])\n"
                                "\t            14ff [unknown] (/lib/libz.so.1)\n";

static void test_perf_script(void **state)
{
    (void)state;
    struct stacks *stacks = stacks_create();
    struct arena arena = { 0 };
    struct error error;
    const char *event;
    char *copy = mem_strdup(perf_text);
    assert_true(profile_is_perf(copy));
    assert_false(profile_is_perf("main;work 12\n"));
    assert_false(profile_is_perf("a: b 3"));
    if (profile_read_perf(copy, &arena, stacks, &event, &error))
        fail_msg("%s", error.text);
    assert_string_equal(event, "cpu-clock");
    struct str out = { 0 };
    const struct profile profile = { .about = { .kind = "cpu", .unit = "samples", .title = "t" }, .stacks = stacks };
    profile_folded(&profile, &options, &out, NULL);
    assert_string_equal(out.data, "prony-engine;std::vector<int, (anonymous)>::at;helper_[i];matvec_q8_0__avx2 1\n"
                                  "my tool;[unknown];do_idle_[k] 1\n");
    assert_string_equal(stacks_frames(stacks)[2].object, "prony-engine"); /* that of the function around it */
    static const char *const bad[] = { "\t 12 f (x)\n", "tool 7 5: e:\n\tnonsense\n", "tool 7 5: e:\n\t12 f\n",
                                       "no id here:\n" };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char *text = mem_strdup(bad[i]);
        assert_int_equal(profile_read_perf(text, &arena, stacks, &event, &error), ERROR_FORMAT);
        assert_non_null(strstr(error.text, "line "));
        free(text);
    }
    str_release(&out);
    stacks_release(stacks);
    arena_release(&arena);
    free(copy);
}

/* ---- files ---- */

static void test_files(void **state)
{
    (void)state;
    char path[] = "/tmp/prony-profile-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    struct arena arena = { 0 };
    struct profile profile;
    struct stacks *stacks;
    struct error error;
    struct str out = { 0 };
    write_profile(PROFILE_FIXTURE_BASE, "stacks", &out);
    assert_int_equal(file_write(path, out.data, out.length, NULL), 0);
    assert_int_equal(profile_read(path, NULL, &arena, &profile, &stacks, NULL), 0);
    assert_true(profile_total(&profile) == 2000000000);
    assert_true(str_starts(profile.about.title, "prony-profile-"));
    stacks_release(stacks);
    static const struct {
        const char *text, *reason;
        size_t size;
    } bad[] = { { "PSTK\x01garbage", "damaged", 12 },
                { "", "no stacks in it", 0 },
                { "a 1\0b 2", "neither folded", 7 },
                { "hello world\n", "line 1", 12 } };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(file_write(path, bad[i].text, bad[i].size, NULL), 0);
        assert_int_equal(profile_read(path, NULL, &arena, &profile, &stacks, &error), ERROR_FORMAT);
        assert_null(stacks);
        if (!strstr(error.text, bad[i].reason) || !str_starts(error.text, path))
            fail_msg("'%s' does not say '%s'", error.text, bad[i].reason);
    }
    unlink(path);
    assert_int_equal(profile_read(path, NULL, &arena, &profile, &stacks, &error), ERROR_IO);
    str_release(&out);
    arena_release(&arena);
}

/* ---- speedscope: what its JSON schema demands ---- */

static size_t check_speedscope(const char *text)
{
    json_error_t reason;
    json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, &reason);
    if (!root)
        fail_msg("line %d: %s", reason.line, reason.text);
    assert_string_equal(json_string_value(json_object_get(root, "$schema")),
                        "https://www.speedscope.app/file-format-schema.json");
    json_t *frames = json_object_get(json_object_get(root, "shared"), "frames"), *item;
    size_t i, total = 0;
    json_array_foreach(frames, i, item)
    {
        assert_true(json_is_string(json_object_get(item, "name")));
        json_t *line = json_object_get(item, "line");
        assert_true(!line || json_is_integer(line));
    }
    json_t *profiles = json_object_get(root, "profiles");
    assert_true(json_array_size(profiles) > 0);
    json_array_foreach(profiles, i, item)
    {
        assert_string_equal(json_string_value(json_object_get(item, "type")), "sampled");
        assert_true(json_is_string(json_object_get(item, "name")));
        static const char units[] = "none nanoseconds microseconds milliseconds seconds bytes";
        assert_non_null(strstr(units, json_string_value(json_object_get(item, "unit"))));
        json_t *samples = json_object_get(item, "samples"), *weights = json_object_get(item, "weights");
        assert_int_equal(json_array_size(samples), json_array_size(weights));
        json_int_t sum = 0;
        for (size_t s = 0; s < json_array_size(samples); s++) {
            json_t *stack = json_array_get(samples, s);
            sum += json_integer_value(json_array_get(weights, s));
            for (size_t f = 0; f < json_array_size(stack); f++)
                assert_true(json_integer_value(json_array_get(stack, f)) < (json_int_t)json_array_size(frames));
        }
        assert_true(json_integer_value(json_object_get(item, "startValue")) == 0);
        assert_true(json_integer_value(json_object_get(item, "endValue")) == sum);
        total += (size_t)sum;
    }
    json_decref(root);
    return total;
}

static void test_speedscope(void **state)
{
    (void)state;
    static const enum profile_fixture fixtures[] = { PROFILE_FIXTURE_BASE, PROFILE_FIXTURE_HOSTILE };
    static const size_t totals[] = { 2000000000, 28 * 2000000 };
    for (size_t i = 0; i < 2; i++) {
        struct str out = { 0 };
        write_profile(fixtures[i], "speedscope", &out);
        assert_int_equal(check_speedscope(out.data), totals[i]);
        str_release(&out);
    }
}

/* ---- pprof: a reader of profile.proto ---- */

struct message {
    const unsigned char *at, *end;
};

static uint64_t varint(struct message *message)
{
    uint64_t value = 0;
    for (unsigned shift = 0;; shift += 7) {
        assert_true(message->at < message->end && shift < 64);
        value |= (uint64_t)(*message->at & 0x7f) << shift;
        if (!(*message->at++ & 0x80))
            return value;
    }
}

/* The next field; its number, or 0 at the end. A number is in *value, anything else in *part. */
static unsigned field(struct message *message, uint64_t *value, struct message *part)
{
    if (message->at == message->end)
        return 0;
    uint64_t key = varint(message);
    *value = varint(message);
    if ((key & 7) == 2) {
        assert_true(*value <= (size_t)(message->end - message->at));
        *part = (struct message){ message->at, message->at + *value };
        message->at += *value;
    } else {
        assert_int_equal(key & 7, 0);
    }
    return (unsigned)(key >> 3);
}

struct decoded {
    char *strings[256];
    size_t string_count;
    uint64_t function_names[64];        /* by id */
    uint64_t location_functions[64][4]; /* by id: the lines, 0 ends */
    struct str folded;                  /* samples as text: leaf<caller<... values [thread] */
    uint64_t period, duration;
};

static void decode_location(struct decoded *decoded, struct message message)
{
    uint64_t value, id = 0, line_value;
    struct message part;
    size_t lines = 0;
    uint64_t functions[4] = { 0 };
    for (unsigned number; (number = field(&message, &value, &part));) {
        if (number == 1)
            id = value;
        while (number == 4 && (number = field(&part, &line_value, &part)))
            if (number == 1)
                functions[lines++] = line_value;
            else
                number = 4;
    }
    assert_in_range(id, 1, 63);
    memcpy(decoded->location_functions[id], functions, sizeof functions);
}

static void decode_function(struct decoded *decoded, struct message message)
{
    uint64_t value, id = 0, name = 0;
    struct message part;
    for (unsigned number; (number = field(&message, &value, &part));) {
        id = number == 1 ? value : id;
        name = number == 2 ? value : name;
    }
    assert_in_range(id, 1, 63);
    assert_in_range(name, 1, decoded->string_count - 1);
    decoded->function_names[id] = name;
}

static void decode_sample(struct decoded *decoded, struct message message)
{
    uint64_t value;
    struct message part;
    for (unsigned number; (number = field(&message, &value, &part));) {
        while (number == 1 && part.at < part.end) {
            const uint64_t *functions = decoded->location_functions[varint(&part)];
            assert_true(functions[0] > 0);
            for (size_t i = 0; i < 4 && functions[i]; i++)
                str_appendf(&decoded->folded, "%s%s", decoded->strings[decoded->function_names[functions[i]]],
                            i + 1 < 4 && functions[i + 1] ? "=" : "<");
        }
        while (number == 2 && part.at < part.end)
            str_appendf(&decoded->folded, " %llu", (unsigned long long)varint(&part));
        if (number == 3) {
            uint64_t label;
            for (unsigned key; (key = field(&part, &label, &(struct message){ 0 }));)
                str_appendf(&decoded->folded, " %s", decoded->strings[label]);
        }
    }
    str_append_char(&decoded->folded, '\n');
}

static void each_field(const struct str *plain, unsigned wanted, void visit(struct decoded *, struct message),
                       struct decoded *decoded)
{
    struct message all = { (unsigned char *)plain->data, (unsigned char *)plain->data + plain->length }, part;
    uint64_t value;
    for (unsigned number; (number = field(&all, &value, &part));) {
        if (number == wanted)
            visit(decoded, part);
        if (number == 12)
            decoded->period = value;
        if (number == 10)
            decoded->duration = value;
    }
}

static void decode_string(struct decoded *decoded, struct message message)
{
    assert_true(decoded->string_count < 256);
    decoded->strings[decoded->string_count++] =
        mem_strndup((const char *)message.at, (size_t)(message.end - message.at));
}

static void gunzip(const struct str *packed, struct str *plain)
{
    unsigned char buffer[1 << 16];
    z_stream stream = { .next_in = (unsigned char *)packed->data, .avail_in = (unsigned)packed->length };
    assert_int_equal(inflateInit2(&stream, 15 + 16), Z_OK);
    stream.next_out = buffer;
    stream.avail_out = sizeof buffer;
    assert_int_equal(inflate(&stream, Z_FINISH), Z_STREAM_END);
    str_append_bytes(plain, buffer, stream.total_out);
    assert_int_equal(stream.avail_in, 0);
    inflateEnd(&stream);
}

static void test_pprof(void **state)
{
    (void)state;
    struct str packed = { 0 }, plain = { 0 };
    struct decoded *decoded = mem_alloc(sizeof *decoded);
    write_profile(PROFILE_FIXTURE_BASE, "pprof", &packed);
    gunzip(&packed, &plain);
    each_field(&plain, 6, decode_string, decoded);
    each_field(&plain, 5, decode_function, decoded);
    each_field(&plain, 4, decode_location, decoded);
    each_field(&plain, 2, decode_sample, decoded);
    assert_string_equal(decoded->strings[0], "");
    assert_true(decoded->period == 2000000 && decoded->duration == 1100000000);
    /* Inlined functions (=) share the location of their caller; threads are labels. */
    assert_non_null(strstr(decoded->folded.data,
                           "\nsoftmax=session_decode<main<__libc_start_main< 100 200000000 thread "
                           "main thread\n"));
    assert_non_null(strstr(decoded->folded.data,
                           "\nexpf<softmax=session_decode<main<__libc_start_main< 20 40000000 thread main thread\n"));
    assert_non_null(strstr(decoded->folded.data, "\nmatvec_q8_0__avx2<run_worker< 350 700000000 thread worker 1\n"));
    assert_non_null(strstr(decoded->folded.data, "\nwalk<visit<walk<__libc_start_main< 40 "));
    for (size_t i = 0; i < decoded->string_count; i++)
        free(decoded->strings[i]);
    str_release(&decoded->folded);
    free(decoded);
    str_release(&packed);
    str_release(&plain);
}

/* ---- pages ---- */

static size_t occurrences(const char *text, const char *part)
{
    size_t count = 0;
    for (; (text = strstr(text, part)); text += strlen(part))
        count++;
    return count;
}

static void test_hostile_names(void **state)
{
    (void)state;
    struct profile profile;
    struct stacks *stacks;
    struct str page = { 0 }, fragment = { 0 }, folded = { 0 };
    profile_fixture_make(PROFILE_FIXTURE_HOSTILE, &profile, &stacks);
    assert_int_equal(profile_html(&profile, &options, &page, NULL), 0);
    profile_html_fragment(&profile, "\"><script>", &fragment);
    assert_int_equal(occurrences(page.data, "</script"), 2); /* the data's and the script's own */
    assert_int_equal(occurrences(page.data, "<script"), 2);
    assert_int_equal(occurrences(fragment.data, "<script"), 0);
    assert_null(strstr(page.data, "<b>bold"));
    assert_null(strstr(fragment.data, "<b>bold"));
    assert_null(strstr(page.data, "\x1b"));
    static const char *const forbidden[] = { "http:", "https:", " src=", "url(", "@import", "<link", "<iframe" };
    for (size_t i = 0; i < sizeof forbidden / sizeof forbidden[0]; i++)
        assert_null(strstr(page.data, forbidden[i]));
    /* The data is JSON whatever the names are. */
    char *data = strstr(page.data, "id=\"data\">") + strlen("id=\"data\">");
    *strstr(data, "</script>") = 0;
    json_t *json = json_loads(data, 0, NULL);
    assert_non_null(json);
    assert_int_equal(json_array_size(json_object_get(json, "nodes")), 4 * (stacks_node_count(stacks) - 1));
    json_decref(json);
    assert_int_equal(profile_folded(&profile, &options, &folded, NULL), 0);
    assert_int_equal(occurrences(folded.data, "\n"), 7);
    assert_non_null(strstr(folded.data, ";a:b c 7 2\n"));
    str_release(&page);
    str_release(&fragment);
    str_release(&folded);
    stacks_release(stacks);
}

static void test_classes(void **state)
{
    (void)state;
    static const struct {
        struct stacks_frame frame;
        enum flame_class class;
    } cases[] = {
        { { "matvec_q8_0__avx2", "prony-engine", "", 0, STACKS_USER }, FLAME_KERNELS },
        { { "dot", "prony-engine", "/src/kernels/dot.c", 0, STACKS_INLINE }, FLAME_KERNELS },
        { { "main", "prony-engine", "", 0, STACKS_USER }, FLAME_PROGRAM },
        { { "__avx_start", "prony-engine", "", 0, STACKS_USER }, FLAME_PROGRAM },
        { { "inflate", "libz.so.1", "", 0, STACKS_USER }, FLAME_LIBRARY },
        { { "memcpy", "libc.so.6", "", 0, STACKS_USER }, FLAME_LIBC },
        { { "libz.so.1+0x12", "libz.so.1", "", 0, STACKS_USER }, FLAME_UNKNOWN },
        { { "[unknown]", "", "", 0, STACKS_MARK }, FLAME_UNKNOWN },
        { { "clear_page", "[kernel]", "", 0, STACKS_KERNEL }, FLAME_SYSTEM },
        { { "worker", "", "", 0, STACKS_THREAD }, FLAME_THREAD },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(flame_class(&cases[i].frame), cases[i].class);
}

/* ---- difference ---- */

static const struct profile_diff_function *find(const struct profile_diff *diff, const char *name)
{
    for (size_t i = 0; i < diff->function_count; i++)
        if (str_equal(stacks_frames(diff->weights[0])[diff->functions[i].frame].function, name))
            return &diff->functions[i];
    fail_msg("%s is not there", name);
    return NULL;
}

static void test_difference(void **state)
{
    (void)state;
    struct profile sides[2];
    struct stacks *stacks[2];
    struct profile_diff diff;
    struct error error;
    profile_fixture_make(PROFILE_FIXTURE_BASE, &sides[0], &stacks[0]);
    profile_fixture_make(PROFILE_FIXTURE_CHANGED, &sides[1], &stacks[1]);
    assert_int_equal(profile_diff_make(&diff, &sides[0], &sides[1], &error), 0);
    assert_true(diff.counted);
    const struct profile_diff_function *gone = find(&diff, "matvec_q8_0__avx2"),
                                       *new = find(&diff, "matvec_q8_0__avx512");
    assert_true(fabs(gone->flat[0] - 0.75) < 1e-12 && gone->flat[1] == 0 && gone->flat_changed);
    assert_true(new->flat[0] == 0 && fabs(new->flat[1] - 450.0 / 710) < 1e-12 && new->flat_changed);
    assert_true(find(&diff, "softmax")->flat_changed);
    assert_false(find(&diff, "clear_page")->flat_changed);
    assert_ptr_equal(gone, &diff.functions[0]); /* the largest change */
    for (size_t i = 1; i < stacks_node_count(diff.weights[0]); i++)
        assert_int_not_equal(stacks_frames(diff.weights[0])[stacks_nodes(diff.weights[0])[i].frame].kind,
                             STACKS_THREAD);
    profile_diff_release(&diff);

    /* The same against itself: nothing changed. */
    assert_int_equal(profile_diff_make(&diff, &sides[0], &sides[0], &error), 0);
    for (size_t i = 0; i < stacks_node_count(diff.weights[0]); i++)
        assert_false(diff.changed[i]);
    profile_diff_release(&diff);

    sides[1].about.unit = "B";
    assert_int_equal(profile_diff_make(&diff, &sides[0], &sides[1], &error), ERROR_USAGE);
    assert_non_null(strstr(error.text, "cannot be compared"));
    profile_diff_release(&diff);
    stacks_release(stacks[0]);
    stacks_release(stacks[1]);
}

static void test_difference_without_counts(void **state)
{
    (void)state;
    struct stacks *stacks = read_folded("a;b 100\na 100000\n", false, 0, "");
    const struct profile profile = { .about = { .kind = "cpu", .unit = "ns", .title = "t" }, .stacks = stacks };
    struct stacks *empty = stacks_create();
    const struct profile none = { .about = { .kind = "cpu", .unit = "ns", .title = "nothing" }, .stacks = empty };
    struct profile_diff diff;
    struct error error;
    assert_int_equal(profile_diff_make(&diff, &profile, &profile, &error), 0);
    assert_false(diff.counted);
    struct str out = { 0 };
    assert_int_equal(profile_diff_text(&diff, &options, &out, NULL), 0);
    assert_non_null(strstr(out.data, "no change can be called significant"));
    str_clear(&out);
    assert_int_equal(profile_diff_html(&diff, &options, &out, NULL), 0);
    assert_non_null(strstr(out.data, "\"counted\":false"));
    profile_diff_release(&diff);
    assert_int_equal(profile_diff_make(&diff, &profile, &none, &error), ERROR_STATE);
    assert_non_null(strstr(error.text, "'nothing' has no samples"));
    profile_diff_release(&diff);
    /* An empty profile is written without a division by zero. */
    for (size_t i = 0; i < profile_format_count; i++) {
        str_clear(&out);
        assert_int_equal(profile_formats[i].write(&none, &options, &out, &error), 0);
        assert_true(!strstr(str_text(&out), "nan%") && !strstr(str_text(&out), "-nan"));
    }
    str_release(&out);
    stacks_release(stacks);
    stacks_release(empty);
}

/* What leads to the work takes one row, the work all that it needs. */
static void test_chain(void **state)
{
    (void)state;
    struct str drawing = { 0 };
    struct stacks *stacks = read_folded("t;main;a;b;c;d;e;work;x 60\nt;main;a;b;c;d;e;work;y 40\n", true, 0, "");
    flame_svg(stacks, "title", "ns", &drawing);
    assert_non_null(strstr(drawing.data, "6 calls, from the inside:\ne\nd\nc\nb\na\nmain</title>"));
    static const char *const drawn[] = { ">t</text>", ">… 6 calls</text>", ">work</text>", ">x</text>", ">y</text>" };
    for (size_t i = 0; i < sizeof drawn / sizeof drawn[0]; i++)
        assert_int_equal(occurrences(drawing.data, drawn[i]), 1);
    assert_int_equal(occurrences(drawing.data, "<rect"), 5);
    str_clear(&drawing);
    stacks_release(stacks);
    stacks = read_folded("t;main;a;b 60\nt;main;a;c 40\n", true, 0, ""); /* too short to hide anything */
    flame_svg(stacks, "title", "ns", &drawing);
    assert_int_equal(occurrences(drawing.data, "calls"), 0);
    assert_int_equal(occurrences(drawing.data, "<rect"), 5);
    str_release(&drawing);
    stacks_release(stacks);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_folded_round_trip),
        cmocka_unit_test(test_folded_reading),
        cmocka_unit_test(test_perf_script),
        cmocka_unit_test(test_files),
        cmocka_unit_test(test_speedscope),
        cmocka_unit_test(test_pprof),
        cmocka_unit_test(test_chain),
        cmocka_unit_test(test_hostile_names),
        cmocka_unit_test(test_classes),
        cmocka_unit_test(test_difference),
        cmocka_unit_test(test_difference_without_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
