/* benchmark_barrier_test.c: what the compilers make of the loops and the barriers: compiles small functions with gcc
 * and clang, C and C++, -O2, -O3 and link-time optimization, and reads the assembly. Each promise has a control without
 * the barrier, in which the compiler does delete what it should: so the check can fail. Compilers that are not there,
 * and other machines, are skipped. */
#include "tests/unit/benchmark_support.h"

/* In C and C++. "kept_" functions must contain the pattern, "lost_" ones, their controls, must not. */
static const char source[] =
    "#include \"harness/benchmark/benchmark.h\"\n"
    "#ifdef __cplusplus\nextern \"C\" {\n#endif\n"
    "typedef float vector __attribute__((vector_size(16)));\n"
    "struct small { long a, b, c; };\n"
    "struct large { long items[100]; };\n"
    "__extension__ typedef __int128 wide;\n"
    "#define PAIR(name, type, from, ...)                                                                     \\\n"
    "    void kept_##name(type from) { __VA_ARGS__; benchmark_do_not_optimize(x); }                          \\\n"
    "    void lost_##name(type from) { __VA_ARGS__; (void)x; }\n"
    "PAIR(int, int, a, int x = a * a)\n"
    "PAIR(char, int, a, char x = (char)(a * a))\n"
    "PAIR(double, double, a, double x = a * a)\n"
    "PAIR(float, float, a, float x = a * a)\n"
    "PAIR(wide, long, a, wide x = (wide)a * a)\n"
    "PAIR(vector, float, a, vector x = { a * a })\n"
    "PAIR(pointer, long, a, char *x = (char *)(a * a))\n"
    "PAIR(small, long, a, struct small x; x.a = a * a; x.b = x.c = 0)\n"
    "PAIR(large, long, a, struct large x; x.items[0] = 0; x.items[99] = a * a)\n"
    "PAIR(array, long, a, long x[8]; x[0] = 0; x[7] = a * a)\n"
    "PAIR(bytes, int, a, char x[8]; x[7] = (char)(a * a))\n"
    "void kept_rvalue(int a) { benchmark_do_not_optimize(a * a + 1); }\n"
    "void kept_call(long a) { benchmark_do_not_optimize((double)a * (double)a); }\n"
    "struct field { unsigned low : 5, high : 27; };\n"
    "void kept_field(struct field a) { a.low = a.low * a.low; benchmark_do_not_optimize(+a.low); }\n"
    /* A product of constants is computed at run time only if the compiler does not know them. */
    "#define OPAQUE(name, type, one, result)                                                                 \\\n"
    "    type kept_##name(void) { type x = one; benchmark_make_opaque(x); return result; }                   \\\n"
    "    type lost_##name(void) { type x = one; return result; }\n"
    "OPAQUE(opaque_int, int, 7, x * x)\n"
    "OPAQUE(opaque_double, double, 7.5, x * x)\n"
    "long kept_opaque_struct(void) { struct small x = { 7, 7, 7 }; benchmark_make_opaque(x); return x.a * x.b; }\n"
    "long lost_opaque_struct(void) { struct small x = { 7, 7, 7 }; return x.a * x.b; }\n"
    "long kept_opaque_array(void) { long x[1] = { 7 }; benchmark_make_opaque(x); return x[0] * x[0]; }\n"
    "long lost_opaque_array(void) { long x[1] = { 7 }; return x[0] * x[0]; }\n"
    /* The first of two stores. */
    "void kept_store(int *p) { *p = 0x1234; benchmark_clobber_memory(); *p = 2; }\n"
    "void lost_store(int *p) { *p = 0x1234; *p = 2; }\n"
    /* Memory that only a barrier can see. */
    "void kept_fill(long a) { long x[4]; benchmark_do_not_optimize(&x[0]); x[3] = a * a; benchmark_clobber_memory(); }\n"
    "void lost_fill(long a) { long x[4]; x[3] = a * a; (void)x; }\n"
    /* Loops: the count goes down one by one. */
    "void kept_loop_keep(struct benchmark_state *s) { while (benchmark_state_keep_running(s)) {} }\n"
    "void kept_loop_register(struct benchmark_state *s) { BENCHMARK_LOOP(s) {} }\n"
    "void kept_loop_batch(struct benchmark_state *s) { while (benchmark_state_keep_running_batch(s, 1)) {} }\n"
    "void kept_loop_clobber(long n) { for (; n > 0; n--) benchmark_clobber_memory(); }\n"
    "void lost_loop(long n) { for (; n > 0; n--) {} }\n"
    "void lost_loop_member(struct benchmark_state *s) { while (s->remaining > 0) s->remaining--; }\n"
    /* Scalars stay in registers, round after round. */
    "double register_double(double x, int n) { for (; n > 0; n--) { x = x * 3 + 1; benchmark_make_opaque(x); } return x; }\n"
    "float register_float(float x, int n) { for (; n > 0; n--) { x = x * 3 + 1; benchmark_do_not_optimize(x); } return x; }\n"
    "unsigned register_int(unsigned x, int n) { for (; n > 0; n--) { x = x * 3 + 1; benchmark_make_opaque(x); } return x; }\n"
    "char *register_pointer(char *x, int n) { for (; n > 0; n--) { x += n; benchmark_make_opaque(x); } return x; }\n"
    "vector register_vector(vector x, int n) { for (; n > 0; n--) { x = x * x; benchmark_make_opaque(x); } return x; }\n"
    "#ifdef __cplusplus\n}\n#endif\n";

static char directory[] = "/tmp/benchmark_barrier_XXXXXX";

static char *run_shell(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* What the command printed; NULL if it failed. */
static char *run_shell(const char *format, ...)
{
    struct str command = { 0 }, output = { 0 };
    char buffer[4096];
    size_t got;
    va_list arguments;
    va_start(arguments, format);
    str_vappendf(&command, format, arguments);
    va_end(arguments);
    FILE *pipe = popen(str_text(&command), "r");
    assert_non_null(pipe);
    while ((got = fread(buffer, 1, sizeof buffer - 1, pipe)) > 0) {
        buffer[got] = 0;
        str_append(&output, buffer);
    }
    str_release(&command);
    if (pclose(pipe) != 0) {
        str_release(&output);
        return NULL;
    }
    return str_take(&output);
}

/* The disassembly of one function. */
static char *find_function(const char *assembly, const char *name)
{
    char *label = mem_format("<%s>:\n", name);
    const char *start = strstr(assembly, label);
    if (!start)
        fail_msg("no function %s", name);
    start += strlen(label);
    const char *end = strstr(start, "\n\n");
    free(label);
    return mem_format("%.*s", end ? (int)(end - start) : (int)strlen(start), start);
}

static bool contains_any(const char *text, const char *const *patterns)
{
    for (; *patterns; patterns++)
        if (strstr(text, *patterns))
            return true;
    return false;
}

static const char *const multiplies[] = { "mul", NULL };
static const char *const stores[] = { "$0x1234,", NULL };
static const char *const counts_down[] = { "sub    $0x1,", "add    $0xffffffffffffffff,", "dec ",  "lea    -0x1(",
                                           "subq   $0x1,", "addq   $0xffffffffffffffff,", "decq ", NULL };

static void check(const char *assembly, const char *how, const char *name, const char *const *patterns, bool wanted)
{
    char *function = find_function(assembly, name);
    if (contains_any(function, patterns) != wanted)
        fail_msg("%s: %s: '%s' %s in\n%s", how, name, patterns[0], wanted ? "is missing" : "should not be", function);
    free(function);
}

static void check_all(const char *assembly, const char *how)
{
    static const char *const values[] = { "int",           "char",          "double",       "float",
                                          "wide",          "vector",        "pointer",      "small",
                                          "large",         "array",         "bytes",        "opaque_int",
                                          "opaque_double", "opaque_struct", "opaque_array", "fill" };
    static const char *const alone[] = { "kept_rvalue", "kept_call", "kept_field" };
    static const char *const loops[] = { "kept_loop_keep", "kept_loop_register", "kept_loop_batch",
                                         "kept_loop_clobber" };
    static const char *const registers[] = { "register_double", "register_float", "register_int", "register_pointer",
                                             "register_vector" };
    static const char *const stack[] = { "(%rsp)", "(%rbp)", NULL };
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        char *kept = mem_format("kept_%s", values[i]), *lost = mem_format("lost_%s", values[i]);
        check(assembly, how, kept, multiplies, true);
        check(assembly, how, lost, multiplies, false);
        free(kept);
        free(lost);
    }
    for (size_t i = 0; i < sizeof alone / sizeof alone[0]; i++)
        check(assembly, how, alone[i], multiplies, true);
    check(assembly, how, "kept_store", stores, true);
    check(assembly, how, "lost_store", stores, false);
    for (size_t i = 0; i < sizeof loops / sizeof loops[0]; i++)
        check(assembly, how, loops[i], counts_down, true);
    check(assembly, how, "lost_loop", counts_down, false);
    check(assembly, how, "lost_loop_member", counts_down, false);
    for (size_t i = 0; i < sizeof registers / sizeof registers[0]; i++)
        check(assembly, how, registers[i], stack, false);
}

static bool is_there(const char *program)
{
    char *path = run_shell("command -v %s 2>/dev/null", program);
    bool found = path && path[0];
    free(path);
    return found;
}

/* options: of the compiler. Link-time optimization needs a linker's plugin, which may be missing. */
static void compile_and_check(const char *compiler, const char *options, const char *extension)
{
    bool links = strstr(options, "-flto") != NULL;
    char *how = mem_format("%s %s", compiler, options);
    char *log =
        run_shell("%s %s -I. -fno-stack-protector -Wall -Wextra -Wpedantic -Werror %s -o %s/out %s/source.%s 2>&1",
                  compiler, options, links ? "-shared -fPIC -nostdlib" : "-c", directory, directory, extension);
    if (!log && links) {
        print_message("skipped: %s does not link\n", how);
    } else {
        if (!log)
            run_shell("%s %s -I. -fno-stack-protector -Wall -Wextra -Wpedantic -c -o %s/out %s/source.%s >&2", compiler,
                      options, directory, directory, extension);
        if (!log)
            fail_msg("%s does not compile the barriers", how);
        char *assembly = run_shell("objdump -d --no-show-raw-insn %s/out", directory);
        assert_non_null(assembly);
        check_all(assembly, how);
        free(assembly);
    }
    free(log);
    free(how);
}

static void check_compiler(const char *compiler, const char *extension, const char *standard)
{
    if (!is_there(compiler) || !is_there("objdump")) {
        print_message("skipped: no %s or no objdump\n", compiler);
        skip();
    }
    static const char *const levels[] = { "-O2", "-O3", "-O3 -flto" };
    for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++) {
        char *options = mem_format("%s %s", standard, levels[i]);
        compile_and_check(compiler, options, extension);
        free(options);
    }
}

static void test_gcc(void **state)
{
    (void)state;
    check_compiler("gcc", "c", "-std=c11");
}

static void test_clang(void **state)
{
    (void)state;
    check_compiler("clang", "c", "-std=c11");
}

static void test_gcc_cpp(void **state)
{
    (void)state;
    check_compiler("g++", "cc", "-std=c++17");
}

static void test_clang_cpp(void **state)
{
    (void)state;
    check_compiler("clang++", "cc", "-std=c++17");
}

/* What was in it is still in it, whatever its type. */
static void test_values_survive(void **state)
{
    typedef float vector __attribute__((vector_size(16)));
    (void)state;
    vector a = { 1, 2, 3, 4 };
    struct {
        char bytes[3];
    } b = { { 5, 6, 7 } };
    struct {
        double items[600];
    } c = { { 8 } };
    long double d = 9;
    char e[8] = "ten";
    _Bool f = true;
    const char *g = "eleven";
    benchmark_make_opaque(a);
    benchmark_make_opaque(b);
    benchmark_make_opaque(c);
    benchmark_make_opaque(d);
    benchmark_make_opaque(e);
    benchmark_make_opaque(f);
    benchmark_make_opaque(g);
    assert_true(a[0] > 0.5F && a[3] > 3.5F && a[3] < 4.5F);
    assert_int_equal(b.bytes[2], 7);
    assert_int_equal((int)c.items[0], 8);
    assert_int_equal((int)d, 9);
    assert_string_equal(e, "ten");
    assert_true(f);
    assert_string_equal(g, "eleven");
}

static int set_up(void **state)
{
    (void)state;
    assert_non_null(mkdtemp(directory));
    for (int i = 0; i < 2; i++) {
        char *path = mem_format("%s/source.%s", directory, i ? "cc" : "c");
        FILE *file = fopen(path, "we");
        assert_non_null(file);
        fputs(source, file);
        fclose(file);
        free(path);
    }
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    free(run_shell("rm -r %s", directory));
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values_survive),
#if defined(__x86_64__)
        cmocka_unit_test(test_gcc),
        cmocka_unit_test(test_clang),
        cmocka_unit_test(test_gcc_cpp),
        cmocka_unit_test(test_clang_cpp),
#endif
    };
    return cmocka_run_group_tests_name("benchmark_barrier", tests, set_up, tear_down);
}
