/* probe_metrics: encodings of forced PMUs, every way to fail, threads, energy, and the way into the JSON. */
#include "tests/unit/benchmark_support.h"
#include "harness/benchmark/internal.h"
#include "harness/probe/probe_energy.h"
#include "harness/probe/probe_metrics.h"
#include "harness/probe/probe_obstacles.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/perf_event.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <semaphore.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

/* ---- encodings: this program again, once a PMU, because libpfm4 forces one for a whole process ---- */

static int print_encodings(void)
{
    size_t count;
    const struct probe_metric *list = probe_metric_list(&count);
    for (size_t i = 0; i < count; i++) {
        struct probe_metrics_plan *plan = probe_metrics_plan_create(probe_counters_system(), list[i].name);
        const struct probe_metrics_item *item = probe_metrics_plan_item(plan, 0);
        for (size_t t = 0; t < item->term_count && !list[i].is_software; t++) {
            size_t pmus;
            const struct perf_event_attr *attributes =
                probe_counters_plan_attributes(probe_metrics_plan_counters(plan), item->terms[t].event, &pmus);
            printf("%s %.4g*%llx %s\n", list[i].name, item->terms[t].weight, (unsigned long long)attributes->config,
                   item->approximate ? "approximate" : "exact");
        }
        probe_metrics_plan_release(plan);
    }
    return 0;
}

static char *encodings_of(const char *pmu)
{
    char command[300], self[200];
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    assert_true(length > 0);
    self[length] = '\0';
    snprintf(command, sizeof command, "LIBPFM_FORCE_PMU=%s '%s' encodings 2>/dev/null", pmu, self);
    FILE *pipe = popen(command, "re");
    struct str text = { 0 };
    char line[200];
    assert_non_null(pipe);
    while (fgets(line, sizeof line, pipe))
        str_append(&text, line);
    pclose(pipe);
    return text.length ? str_take(&text) : NULL;
}

/* Event and umask as the vendors' lists have them: (cmask << 24) | (umask << 8) | event, AMD's high event bits at 32.
 */
#define INTEL_COMMON                                                                              \
    "cycles 1*3c exact\ninstructions 1*c0 exact\nbranches 1*c4 exact\nbranch_misses 1*c5 exact\n" \
    "l1d_loads 1*81d0 exact\nl1d_misses 1*151 exact\nllc_loads 1*4f2e exact\nllc_misses 1*412e exact\n"
#define INTEL_FLOPS "f32_flops 1*2c7 exact\nf32_flops 4*8c7 exact\nf32_flops 8*20c7 exact\nf32_flops 16*80c7 exact\n"
#define INTEL_END   "memory_reads 64*412e approximate\n"
#define ICE_LAKE                                                                                                  \
    INTEL_COMMON                                                                                                  \
    "dtlb_walks 1*e08 exact\nstalls_frontend 1*500019c exact\nstalls_backend 1*40004a3 approximate\n" INTEL_FLOPS \
        INTEL_END
#define AMD_COMMON                                                                                \
    "cycles 1*76 exact\ninstructions 1*c0 exact\nbranches 1*c2 exact\nbranch_misses 1*c3 exact\n" \
    "l1d_loads 1*529 approximate\n"
static const struct {
    const char *pmu, *encodings;
} architectures[] = {
    { "skx", INTEL_COMMON "dtlb_walks 1*e08 exact\nstalls_frontend 1*400019c exact\n"
                          "stalls_backend 1*40004a3 approximate\n" INTEL_FLOPS INTEL_END },
    { "icl", ICE_LAKE },
    { "icx", ICE_LAKE },
    { "spr", INTEL_COMMON "dtlb_walks 1*e12 exact\nstalls_frontend 1*600019c exact\n"
                          "stalls_backend 1*40004a3 approximate\n" INTEL_FLOPS
                          "int8_ops 32*10e7 approximate\nint8_ops 64*20e7 approximate\n" INTEL_END },
    { "amd64_fam17h_zen2",
      AMD_COMMON "l1d_misses 1*5b43 exact\nl1d_misses 1*5b5a exact\nl1d_misses 1*5b59 exact\n"
                 "llc_loads 1*5a43 approximate\nllc_loads 1*5a5a approximate\nllc_loads 1*5a59 approximate\n"
                 "llc_misses 1*4843 approximate\nllc_misses 1*485a approximate\nllc_misses 1*4859 approximate\n"
                 "dtlb_walks 1*f045 exact\nstalls_frontend 1*a9 approximate\nstalls_backend 1*ffae approximate\n"
                 "f32_flops 1*f03 approximate\nmemory_reads 64*4843 approximate\nmemory_reads 64*485a approximate\n"
                 "memory_reads 64*4859 approximate\n" },
    { "amd64_fam19h_zen3",
      AMD_COMMON "l1d_misses 1*5f44 exact\nllc_loads 1*5e44 approximate\nllc_misses 1*4844 approximate\n"
                 "dtlb_walks 1*f045 exact\nstalls_frontend 1*a9 approximate\nstalls_backend 1*f7ae approximate\n"
                 "f32_flops 1*f03 approximate\nmemory_reads 64*4844 approximate\n" },
    { "amd64_fam19h_zen4",
      AMD_COMMON "l1d_misses 1*df44 exact\nllc_loads 1*de44 approximate\nllc_misses 1*4844 approximate\n"
                 "dtlb_walks 1*f045 exact\nstalls_frontend 0.1667*1000001a0 approximate\n"
                 "stalls_backend 0.1667*100001ea0 approximate\nf32_flops 1*1f03 approximate\n"
                 "int8_ops 32*40d approximate\nint8_ops 64*400d approximate\nmemory_reads 64*4844 approximate\n" },
};

static void test_encodings(void **state)
{
    (void)state;
    size_t known = 0;
    for (size_t i = 0; i < sizeof architectures / sizeof architectures[0]; i++) {
        char *text = encodings_of(architectures[i].pmu);
        if (!text) { /* this libpfm4 does not know it */
            print_message("%s: libpfm4 has no such PMU\n", architectures[i].pmu);
            continue;
        }
        assert_string_equal(text, architectures[i].encodings);
        free(text);
        known++;
    }
    if (!known)
        skip();
}

/* ---- causes ---- */

static void expect_cause(struct probe_obstacles obstacles, int code, bool is_software, const char *reason,
                         const char *remedy)
{
    char why[200], help[200];
    probe_obstacles_explain(&obstacles, code, is_software, why, sizeof why, help, sizeof help);
    if (!strstr(why, reason) || !strstr(help, remedy))
        fail_msg("%s / %s", why, help);
}

static void test_first_remedy_fits_the_cause(void **state)
{
    (void)state;
    const struct probe_obstacles plain = { .paranoid_level = 2 };
    struct probe_obstacles o = plain;
    expect_cause(plain, EACCES, true, "at perf_event_paranoid 2", "sysctl kernel.perf_event_paranoid=1");
    o.paranoid_level = 4;
    o.software_refused = true;
    expect_cause(o, EACCES, false, "perf_event_paranoid is 4", "sysctl kernel.perf_event_paranoid=2");
    o.has_seccomp = true;
    expect_cause(o, EPERM, false, "perf_event_paranoid is 4", "sysctl");
    o.paranoid_level = 2;
    expect_cause(o, EPERM, false, "seccomp filter", "--security-opt seccomp");
    o.has_seccomp = false;
    expect_cause(o, EPERM, false, "security module, or the container", "outside the container");
    expect_cause(o, ENOSYS, false, "no system call perf_event_open in this kernel", "CONFIG_PERF_EVENTS");
    o.has_seccomp = true;
    expect_cause(o, ENOSYS, false, "a seccomp filter hides it", "--security-opt seccomp");
    expect_cause(plain, ENOENT, false, "no PMU that the kernel drives", "driver");
    o = plain;
    o.is_virtual = true;
    expect_cause(o, ENOENT, false, "this virtual machine has no PMU", "pmu=on");
    o.has_pmu = true;
    expect_cause(o, ENOENT, false, "PMU cannot count it", "another event");
    expect_cause(o, ENOENT, true, "kernel does not count it", "");
    expect_cause(o, EMFILE, false, "too many open files", "ulimit -n");
    probe_obstacles_find(&o); /* this machine has an answer, too */
    assert_true(o.paranoid_level == PROBE_PARANOID_UNKNOWN || o.paranoid_level >= -1);
}

/* ---- a PMU that the test plays: descriptors are 10, 11, ... ---- */

enum { EVENT_LIMIT = 64 };
static struct {
    struct {
        uint64_t config, count;
        pid_t thread;
        int leader;
    } events[EVENT_LIMIT];
    int count, open_count;
    const char *refused; /* name of an event that does not open */
    int refused_errno, read_errno;
    pid_t gone; /* a thread that has ended before it was opened */
    uint64_t enabled_ns, running_ns;
    bool no_inherit;
} pmu;

static const char *const fake_names[] = { "CYCLES_NOT_IN_HALT",
                                          "RETIRED_INSTRUCTIONS",
                                          "RETIRED_SSE_AVX_FLOPS:ANY",
                                          "perf::PAGE-FAULTS",
                                          "ONE",
                                          "TWO",
                                          "perf::CPU-MIGRATIONS",
                                          "PACKED_INT_OPS_RETIRED:INT128_MAC",
                                          "PACKED_INT_OPS_RETIRED:INT256_MAC" };

static size_t fake_encode(void *context, const char *name, struct perf_event_attr *attributes, size_t limit)
{
    (void)context, (void)limit;
    memset(attributes, 0, sizeof *attributes);
    for (size_t i = 0; i < sizeof fake_names / sizeof fake_names[0]; i++) {
        attributes->type = str_starts(name, "perf::") ? PERF_TYPE_SOFTWARE : PERF_TYPE_RAW;
        attributes->config = 100 + i;
        if (str_equal(name, fake_names[i]))
            return 1;
    }
    return 0;
}

static int fake_open(void *context, const struct perf_event_attr *attributes, pid_t thread, int leader)
{
    (void)context;
    if (pmu.refused && str_equal(fake_names[attributes->config - 100], pmu.refused))
        return -pmu.refused_errno;
    if (pmu.gone && thread == pmu.gone)
        return -ESRCH;
    if (pmu.no_inherit && attributes->inherit)
        return -EINVAL;
    int event = pmu.count++;
    pmu.events[event].config = attributes->config;
    pmu.events[event].thread = thread;
    pmu.events[event].leader = leader < 0 ? 10 + event : leader;
    pmu.open_count++;
    return 10 + event;
}

static ssize_t fake_read(void *context, int group, void *buffer, size_t size_bytes)
{
    (void)context;
    uint64_t *words = buffer, count = 0;
    if (pmu.read_errno)
        return -pmu.read_errno;
    words[1] = pmu.enabled_ns;
    words[2] = pmu.running_ns;
    for (int i = 0; i < pmu.count; i++)
        if (pmu.events[i].leader == group)
            words[3 + count++] = pmu.events[i].count;
    words[0] = count;
    assert_int_equal((3 + count) * sizeof *words, size_bytes);
    return (ssize_t)size_bytes;
}

static int fake_enable(void *context, int group)
{
    (void)context, (void)group;
    return 0;
}

static void fake_close(void *context, int descriptor)
{
    (void)context, (void)descriptor;
    pmu.open_count--;
}

static void fake_look(void *context, struct probe_obstacles *obstacles)
{
    (void)context;
    *obstacles = (struct probe_obstacles){ .paranoid_level = 2 };
}

static const struct probe_counters_backend fake_pmu = { .encode = fake_encode,
                                                        .open = fake_open,
                                                        .read = fake_read,
                                                        .enable = fake_enable,
                                                        .close = fake_close,
                                                        .look = fake_look };

static int reset_pmu(void **state)
{
    (void)state;
    memset(&pmu, 0, sizeof pmu);
    return 0;
}

static void advance(uint64_t counts, uint64_t enabled_ns, uint64_t running_ns)
{
    for (int i = 0; i < pmu.count; i++)
        pmu.events[i].count += counts;
    pmu.enabled_ns += enabled_ns;
    pmu.running_ns += running_ns;
}

/* The value of one name after a window in which every event counted so much. */
static struct probe_metric_value count_window(const char *name, uint64_t counts, uint64_t enabled_ns,
                                              uint64_t running_ns)
{
    struct probe_metrics_plan *plan = probe_metrics_plan_create(&fake_pmu, name);
    struct probe_metrics *set = probe_metrics_open(plan, PROBE_METRICS_THREAD, false);
    struct probe_metric_value value;
    probe_metrics_start(set);
    advance(counts, enabled_ns, running_ns);
    probe_metrics_stop(set);
    probe_metrics_value(set, 0, &value, NULL);
    probe_metrics_close(set);
    probe_metrics_plan_release(plan);
    assert_int_equal(pmu.open_count, 0);
    return value;
}

static void test_states(void **state)
{
    (void)state;
    struct probe_metric_value value = count_window("cycles", 50, 100, 100);
    assert_int_equal(value.state, PROBE_COUNTER_OK);
    assert_true(value.value == 50 && value.running_share == 1 && !value.reason[0]);
    assert_string_equal(value.unit, "cycles");
    reset_pmu(state);
    value = count_window("cycles", 50, 100, 25);
    assert_int_equal(value.state, PROBE_COUNTER_SCALED);
    assert_true(value.value == 200 && value.running_share == 0.25);
    reset_pmu(state);
    value = count_window("cycles", 0, 100, 100); /* a PMU that is there, but dead */
    assert_int_equal(value.state, PROBE_COUNTER_NOT_COUNTED);
    assert_non_null(strstr(value.reason, "which cannot be"));
    reset_pmu(state);
    value = count_window("page_faults", 0, 100, 100);
    assert_true(value.state == PROBE_COUNTER_OK && value.value == 0);
    reset_pmu(state);
    value = count_window("cycles", 5, 100, 0);
    assert_int_equal(value.state, PROBE_COUNTER_NOT_COUNTED);
    assert_non_null(strstr(value.reason, "never on the hardware"));
    reset_pmu(state);
    value = count_window("f32_flops", 5, 100, 100);
    assert_int_equal(value.state, PROBE_COUNTER_APPROXIMATE);
    assert_non_null(strstr(value.reason, "f64"));
    reset_pmu(state);
    value = count_window("int8_ops", 5, 100, 100); /* 32 and 64 times */
    assert_true(value.value == 5 * 96);
    value = count_window("branches", 5, 100, 100);
    assert_int_equal(value.state, PROBE_COUNTER_UNSUPPORTED);
    assert_non_null(strstr(value.reason, "no event of this CPU"));
    value = count_window("NONSENSE", 5, 100, 100);
    assert_non_null(strstr(value.reason, "no event of this machine has that name"));
}

static void test_failures_of_metrics(void **state)
{
    struct probe_metric_value value;
    static const int codes[] = { ENOENT, EACCES, EPERM, ENOSYS, EMFILE, EINVAL, EBUSY };
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        reset_pmu(state);
        pmu.refused = "RETIRED_INSTRUCTIONS";
        pmu.refused_errno = codes[i];
        value = count_window("instructions", 5, 100, 100);
        assert_int_equal(value.state, PROBE_COUNTER_UNSUPPORTED);
        assert_true(value.reason[0] && value.remedy[0]);
        reset_pmu(state);
        pmu.refused = "perf::PAGE-FAULTS"; /* getrusage stands in */
        pmu.refused_errno = codes[i];
        value = count_window("page_faults", 5, 100, 100);
        assert_int_equal(value.state, PROBE_COUNTER_OK);
        assert_non_null(strstr(value.reason, "getrusage"));
        pmu.refused = "perf::CPU-MIGRATIONS"; /* nothing does */
        value = count_window("cpu_migrations", 5, 100, 100);
        assert_int_equal(value.state, PROBE_COUNTER_UNSUPPORTED);
    }
    reset_pmu(state);
    pmu.refused = "PACKED_INT_OPS_RETIRED:INT256_MAC"; /* half a sum is no sum */
    pmu.refused_errno = ENOSPC;
    assert_int_equal(count_window("int8_ops", 5, 100, 100).state, PROBE_COUNTER_UNSUPPORTED);
    reset_pmu(state);
    pmu.read_errno = ENODEV;
    value = count_window("cycles", 5, 100, 100);
    assert_int_equal(value.state, PROBE_COUNTER_NOT_COUNTED);
    assert_non_null(strstr(value.remedy, "taken offline"));
}

/* ---- threads of this process, on the fake PMU and on real software events ---- */

enum { POOL = 3 };
struct worker {
    pthread_t thread;
    sem_t go, done;
    size_t pages;
    bool ends;
};

static void touch_pages(size_t count)
{
    size_t size = count * 4096;
    if (!count)
        return;
    char *block = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(block != MAP_FAILED);
    madvise(block, size, MADV_NOHUGEPAGE);
    for (size_t i = 0; i < size; i += 4096)
        ((volatile char *)block)[i] = 1;
    munmap(block, size);
}

static void *work(void *context)
{
    struct worker *worker = context;
    for (bool ends = false; !ends;) {
        sem_wait(&worker->go);
        ends = worker->ends; /* before done: the next round may already be set up then */
        touch_pages(worker->pages);
        sem_post(&worker->done);
    }
    return NULL;
}

static void start_pool(struct worker *pool)
{
    for (int i = 0; i < POOL; i++) {
        memset(&pool[i], 0, sizeof pool[i]);
        sem_init(&pool[i].go, 0, 0);
        sem_init(&pool[i].done, 0, 0);
        assert_int_equal(pthread_create(&pool[i].thread, NULL, work, &pool[i]), 0);
    }
}

static void run_pool(struct worker *pool)
{
    for (int i = 0; i < POOL; i++)
        sem_post(&pool[i].go);
    for (int i = 0; i < POOL; i++)
        sem_wait(&pool[i].done);
}

static void end_pool(struct worker *pool)
{
    for (int i = 0; i < POOL; i++)
        pool[i].pages = 0, pool[i].ends = true;
    run_pool(pool);
    for (int i = 0; i < POOL; i++) {
        pthread_join(pool[i].thread, NULL);
        sem_destroy(&pool[i].go);
        sem_destroy(&pool[i].done);
    }
}

static bool can_count_faults(void)
{
    struct probe_obstacles obstacles;
    probe_obstacles_find(&obstacles);
    return !obstacles.software_refused;
}

/* ThreadSanitizer keeps notes on every byte, in pages that fault, too. */
static void expect_near(double value, double least, double slack)
{
#ifdef __SANITIZE_THREAD__
    slack += 8 * least + 200;
#endif
    if (!(value >= least && value <= least + slack))
        fail_msg("%g is not in %g..%g", value, least, least + slack);
}

/* A pool that was there before: each thread's faults are its own. */
static void test_threads_that_were_there(void **state)
{
    struct worker pool[POOL];
    double threads[64];
    (void)state;
    if (!can_count_faults())
        skip();
    start_pool(pool);
    struct probe_metrics_plan *plan = probe_metrics_plan_create(probe_counters_system(), "page_faults,task_clock");
    struct probe_metrics *set = probe_metrics_open(plan, PROBE_METRICS_PROCESS, false);
    size_t count = probe_metrics_thread_count(set);
    struct probe_metric_value value;
    assert_true(count >= 1 + POOL && count < 64);
    for (int i = 0; i < POOL; i++)
        pool[i].pages = 100 * (size_t)(i + 1);
    run_pool(pool); /* not in the window */
    probe_metrics_start(set);
    run_pool(pool);
    probe_metrics_stop(set);
    run_pool(pool);
    probe_metrics_value(set, 0, &value, threads);
    assert_int_equal(value.state, PROBE_COUNTER_OK);
    assert_true(value.has_threads);
    expect_near(value.value, 600, 100);
    for (int i = 0; i < POOL; i++) /* in the order they were started */
        expect_near(threads[count - POOL + (size_t)i], 100 * (i + 1), 40);
    probe_metrics_value(set, 1, &value, threads);
    assert_true(value.value > 0);
    end_pool(pool);
    probe_metrics_close(set);
    probe_metrics_plan_release(plan);
}

/* Threads of the window itself count with the thread that starts them, also when they have ended. */
static void test_threads_that_come_and_go(void **state)
{
    struct worker pool[POOL];
    double threads[64];
    (void)state;
    if (!can_count_faults())
        skip();
    struct probe_metrics_plan *plan = probe_metrics_plan_create(probe_counters_system(), "page_faults");
    struct probe_metrics *set = probe_metrics_open(plan, PROBE_METRICS_PROCESS, false);
    size_t before = probe_metrics_thread_count(set);
    struct probe_metric_value value;
    probe_metrics_start(set);
    start_pool(pool);
    for (int i = 0; i < POOL; i++)
        pool[i].pages = 200;
    run_pool(pool);
    end_pool(pool);
    probe_metrics_stop(set);
    probe_metrics_value(set, 0, &value, threads);
    assert_int_equal(value.state, PROBE_COUNTER_OK);
    expect_near(value.value, 600, 300); /* their stacks, too */
    start_pool(pool);
    probe_metrics_refresh(set); /* now they are known one by one */
    assert_int_equal(probe_metrics_thread_count(set), before + POOL);
    probe_metrics_reset(set);
    probe_metrics_start(set);
    pool[1].pages = 300;
    run_pool(pool);
    end_pool(pool); /* they end in the window: what they counted stays */
    probe_metrics_stop(set);
    probe_metrics_value(set, 0, &value, threads);
    expect_near(threads[before + 1], 300, 60);
    probe_metrics_refresh(set);
    assert_int_equal(probe_metrics_thread_count(set), before);
    probe_metrics_close(set);
    probe_metrics_plan_release(plan);
}

static void test_threads_without_inheritance(void **state)
{
    struct worker pool[POOL];
    (void)state;
    pmu.no_inherit = true;
    struct probe_metrics_plan *plan = probe_metrics_plan_create(&fake_pmu, "cycles");
    struct probe_metrics *set = probe_metrics_open(plan, PROBE_METRICS_PROCESS, false);
    struct probe_metric_value value;
    probe_metrics_start(set);
    start_pool(pool);
    advance(10, 100, 100);
    probe_metrics_stop(set);
    probe_metrics_value(set, 0, &value, NULL);
    assert_int_equal(value.state, PROBE_COUNTER_APPROXIMATE);
    assert_non_null(strstr(value.reason, "started meanwhile are missing"));
    end_pool(pool);
    probe_metrics_close(set);
    probe_metrics_plan_release(plan);
}

static void test_thread_that_ended_before_it_was_opened(void **state)
{
    struct worker pool[POOL];
    (void)state;
    start_pool(pool);
    struct probe_metrics_plan *plan = probe_metrics_plan_create(&fake_pmu, "cycles");
    struct probe_metrics *set = probe_metrics_open(plan, PROBE_METRICS_PROCESS, false);
    pmu.gone = pmu.events[pmu.count - 1].thread;
    probe_metrics_close(set);
    set = probe_metrics_open(plan, PROBE_METRICS_PROCESS, false);
    struct probe_metric_value value;
    probe_metrics_start(set);
    advance(10, 100, 100);
    probe_metrics_stop(set);
    probe_metrics_value(set, 0, &value, NULL);
    assert_int_equal(value.state, PROBE_COUNTER_OK);
    assert_true(value.value == 10 * (double)(probe_metrics_thread_count(set) - 1));
    end_pool(pool);
    probe_metrics_close(set);
    probe_metrics_plan_release(plan);
}

/* ---- a real filter, as containers have it ---- */

static void block_perf(unsigned code)
{
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_perf_event_open, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | code),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = { .len = sizeof filter / sizeof filter[0], .filter = filter };
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
        _exit(77);
}

/* In a child: 0 = all is as it should be. */
static int count_behind_filter(unsigned code)
{
    struct probe_metric_value faults, cycles;
    block_perf(code);
    struct probe_metrics_plan *plan = probe_metrics_plan_create(probe_counters_system(), "page_faults,cycles");
    struct probe_metrics *set = probe_metrics_open(plan, PROBE_METRICS_PROCESS, false);
    probe_metrics_start(set);
    touch_pages(50);
    probe_metrics_stop(set);
    probe_metrics_value(set, 0, &faults, NULL);
    probe_metrics_value(set, 1, &cycles, NULL);
    probe_metrics_close(set);
    bool known = probe_metrics_plan_item(plan, 1)->term_count > 0;
    probe_metrics_plan_release(plan);
    if (faults.state != PROBE_COUNTER_OK || faults.value < 50 || !strstr(faults.reason, "getrusage"))
        return 1;
    if (cycles.state != PROBE_COUNTER_UNSUPPORTED)
        return 2;
    return known && (!strstr(cycles.reason, "seccomp filter") || !strstr(cycles.remedy, "--security-opt")) ? 3 : 0;
}

static void test_seccomp(void **state)
{
    static const unsigned codes[] = { ENOSYS, EPERM };
    struct probe_obstacles obstacles;
    (void)state;
    probe_obstacles_find(&obstacles);
    for (size_t i = 0; i < 2; i++) {
        int status;
        pid_t child = fork();
        assert_true(child >= 0);
        if (!child)
            _exit(count_behind_filter(codes[i]));
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFEXITED(status));
        if (WEXITSTATUS(status) == 77 || obstacles.paranoid_level > 2)
            skip();
        assert_int_equal(WEXITSTATUS(status), 0);
    }
}

static int count_without_files(void)
{
    struct probe_metric_value value;
    struct probe_metrics_plan *plan = probe_metrics_plan_create(probe_counters_system(), "perf::PAGE-FAULTS");
    struct rlimit limit = { 0, 0 };
    if (setrlimit(RLIMIT_NOFILE, &limit))
        return 77;
    struct probe_metrics *set = probe_metrics_open(plan, PROBE_METRICS_THREAD, false);
    probe_metrics_value(set, 0, &value, NULL);
    probe_metrics_close(set);
    probe_metrics_plan_release(plan);
    return value.state == PROBE_COUNTER_UNSUPPORTED && strstr(value.reason, "too many open files") ? 0 : 1;
}

static void test_no_descriptor_left(void **state)
{
    int status;
    (void)state;
    if (!can_count_faults())
        skip();
    pid_t child = fork();
    if (!child)
        _exit(count_without_files());
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/* ---- energy ---- */

static void write_zone(const char *root, const char *zone, const char *name, const char *energy)
{
    char path[200];
    snprintf(path, sizeof path, "%s/%s", root, zone);
    mkdir(path, 0700);
    static const char *const files[] = { "name", "energy_uj", "max_energy_range_uj" };
    const char *texts[] = { name, energy, "1000000\n" };
    for (int i = 0; i < 3; i++) {
        snprintf(path, sizeof path, "%s/%s/%s", root, zone, files[i]);
        int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600); /* in place, as the kernel's files are */
        assert_true(file >= 0 && write(file, texts[i], strlen(texts[i])) >= 0);
        close(file);
    }
}

static void test_energy(void **state)
{
    char root[] = "/tmp/prony-powercap-XXXXXX";
    char command[100];
    struct probe_energy energy;
    double joules;
    (void)state;
    assert_non_null(mkdtemp(root));
    probe_energy_open(&energy, root, "package");
    assert_false(probe_energy_joules(&energy, &joules));
    assert_int_equal(energy.problem, ENOENT);
    write_zone(root, "intel-rapl:0", "package-0\n", "100\n");
    write_zone(root, "intel-rapl:1", "package-1\n", "900000\n");
    write_zone(root, "intel-rapl:0:0", "dram\n", "5\n");
    write_zone(root, "intel-rapl-mmio:0", "package-0\n", "100\n"); /* the first one's counter again */
    probe_energy_open(&energy, root, "package");
    assert_int_equal(energy.count, 2);
    probe_energy_start(&energy);
    write_zone(root, "intel-rapl:0", "package-0\n", "250100\n");
    write_zone(root, "intel-rapl:1", "package-1\n", "150000\n"); /* once around */
    probe_energy_stop(&energy);
    assert_true(probe_energy_joules(&energy, &joules));
    assert_near(joules, 0.25 + 0.25, 1e-9);
    probe_energy_start(&energy);
    write_zone(root, "intel-rapl:1", "package-1\n", "what\n");
    probe_energy_stop(&energy);
    assert_false(probe_energy_joules(&energy, &joules));
    probe_energy_reset(&energy);
    assert_true(probe_energy_joules(&energy, &joules));
    assert_true(joules == 0);
    probe_energy_close(&energy);
    snprintf(command, sizeof command, "rm -r %s", root);
    assert_int_equal(system(command), 0);
}

/* ---- through the library ---- */

static struct worker library_pool[POOL];

/* An engine: its pool works in every iteration, and set-up faults are nobody's business. */
static void pool_benchmark(struct benchmark_state *state)
{
    start_pool(library_pool);
    touch_pages(500);
    for (int i = 0; i < POOL; i++)
        library_pool[i].pages = 20;
    run_pool(library_pool);
    while (benchmark_state_keep_running(state))
        run_pool(library_pool);
    touch_pages(500);
    end_pool(library_pool);
}

static json_t *metric_of(const struct outcome *outcome, const char *name)
{
    json_t *metric = json_object_get(json_object_get(record(outcome, 0), "prony_counters"), name);
    assert_non_null(metric);
    return metric;
}

static void test_library_counts_the_pool(void **state)
{
    (void)state;
    if (!can_count_faults())
        skip();
    benchmark_iterations(benchmark_register("BM", pool_benchmark, NULL), 10);
    struct outcome outcome = run_library("--prony_counters=page_faults,software,cylces --benchmark_format=json");
    json_t *faults = metric_of(&outcome, "page_faults"), *threads = json_object_get(faults, "threads");
    assert_string_equal(text(faults, "state"), "ok");
    assert_string_equal(text(faults, "unit"), "faults");
    expect_near(number(faults, "value"), 60, 12); /* an iteration */
    size_t count = json_array_size(threads);
    assert_true(count >= 1 + POOL);
    for (size_t i = count - POOL; i < count; i++)
        expect_near(json_number_value(json_array_get(threads, i)), 20, 6);
    assert_string_equal(text(metric_of(&outcome, "cylces"), "state"), "unsupported");
    assert_non_null(json_object_get(metric_of(&outcome, "task_clock"), "value"));
    assert_null(json_object_get(record(&outcome, 0), "page_faults")); /* no counter of the benchmark */
    outcome_release(&outcome);
}

static void empty_benchmark(struct benchmark_state *state)
{
    while (benchmark_state_keep_running(state)) {}
}

/* The console has no place for counts: it says where they are. */
static void test_library_points_at_counts(void **state)
{
    (void)state;
    benchmark_iterations(benchmark_register("BM", empty_benchmark, NULL), 10);
    struct outcome outcome = run_library("--prony_counters=page_faults");
    assert_non_null(strstr(outcome.err, "--prony_counters: what was counted stands in the JSON only"));
    outcome_release(&outcome);
    outcome = run_library("--prony_counters=page_faults --benchmark_format=json");
    assert_null(strstr(outcome.err, "--prony_counters"));
    outcome_release(&outcome);
}

static void paging_benchmark(struct benchmark_state *state)
{
    while (benchmark_state_keep_running(state)) {
        touch_pages(10);
        benchmark_state_pause_timing(state);
        touch_pages(100);
        benchmark_state_resume_timing(state);
    }
}

static void test_library_counts_threads_of_a_case(void **state)
{
    (void)state;
    if (!can_count_faults())
        skip();
    struct benchmark *benchmark = benchmark_register("BM", paging_benchmark, NULL);
    benchmark_threads(benchmark, 2);
    benchmark_iterations(benchmark, 10);
    struct outcome outcome = run_library("--prony_counters=page_faults --benchmark_format=json");
    json_t *faults = metric_of(&outcome, "page_faults");
    expect_near(number(faults, "value"), 10, 2); /* an iteration of either thread */
    assert_int_equal(json_array_size(json_object_get(faults, "threads")), 2);
    outcome_release(&outcome);
}

/* Of a case's threads: the sum is as good as its worst part, for that part's reason. */
static void test_sum_of_threads(void **state)
{
    (void)state;
    double *one = mem_array(1, sizeof *one), *two = mem_array(1, sizeof *two);
    one[0] = 3;
    two[0] = 4;
    struct benchmark_counter_report sum = { .value = 3, .running_share = 1, .threads = one, .thread_count = 1 };
    struct benchmark_counter_report scaled = { .value = 4,
                                               .state = BENCHMARK_COUNTER_SCALED,
                                               .running_share = 0.5,
                                               .reason = mem_strdup("shared"),
                                               .threads = two,
                                               .thread_count = 1 };
    struct benchmark_counter_report absent = { .state = BENCHMARK_COUNTER_UNSUPPORTED,
                                               .running_share = 1,
                                               .reason = mem_strdup("refused"),
                                               .remedy = mem_strdup("ask") };
    struct benchmark_counter_report good = { .value = 5, .running_share = 1 };
    benchmark_metrics_add(&sum, &scaled);
    assert_int_equal(sum.state, BENCHMARK_COUNTER_SCALED);
    assert_string_equal(sum.reason, "shared");
    assert_true(sum.value == 7 && sum.running_share == 0.5);
    assert_true(sum.thread_count == 2 && sum.threads[0] == 3 && sum.threads[1] == 4);
    benchmark_metrics_add(&sum, &absent);
    assert_int_equal(sum.state, BENCHMARK_COUNTER_UNSUPPORTED);
    assert_string_equal(sum.reason, "refused");
    assert_string_equal(sum.remedy, "ask");
    assert_int_equal(sum.thread_count, 0);
    benchmark_metrics_add(&sum, &good);
    assert_int_equal(sum.state, BENCHMARK_COUNTER_UNSUPPORTED);
    free(sum.reason);
    free(sum.remedy);
    free(sum.threads);
    free(scaled.reason);
    free(scaled.remedy);
    free(scaled.threads);
    free(absent.reason);
    free(absent.remedy);
}

static void counting_benchmark(struct benchmark_state *state)
{
    while (benchmark_state_keep_running(state))
        advance(10, 100, 50);
}

static void test_library_states(void **state)
{
    (void)state;
    benchmark_registry_get()->perf_backend = &fake_pmu;
    pmu.refused = "RETIRED_INSTRUCTIONS";
    pmu.refused_errno = EMFILE;
    benchmark_iterations(benchmark_register("BM", counting_benchmark, NULL), 4);
    struct outcome outcome = run_library("--prony_counters=basic,f32_flops --benchmark_format=json");
    json_t *cycles = metric_of(&outcome, "cycles"), *refused = metric_of(&outcome, "instructions");
    assert_string_equal(text(cycles, "state"), "scaled");
    assert_near(number(cycles, "running_share"), 0.5, 0);
    size_t threads = json_array_size(json_object_get(cycles, "threads")); /* a sanitizer may have one, too */
    assert_near(number(cycles, "value"), 20 * (double)threads, 0);
    assert_string_equal(text(refused, "state"), "unsupported");
    assert_null(json_object_get(refused, "value"));
    assert_string_equal(text(refused, "remedy"), "raise ulimit -n, or ask for fewer counters");
    assert_non_null(strstr(text(metric_of(&outcome, "f32_flops"), "reason"), "extrapolated"));
    assert_non_null(strstr(text(metric_of(&outcome, "f32_flops"), "reason"), "f64"));
    outcome_release(&outcome);
    assert_int_equal(pmu.open_count, 0);
}

int main(int argc, char **argv)
{
    if (argc == 2 && str_equal(argv[1], "encodings"))
        return print_encodings();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_encodings),
        cmocka_unit_test(test_first_remedy_fits_the_cause),
        cmocka_unit_test_setup(test_states, reset_pmu),
        cmocka_unit_test_setup(test_failures_of_metrics, reset_pmu),
        cmocka_unit_test(test_threads_that_were_there),
        cmocka_unit_test(test_threads_that_come_and_go),
        cmocka_unit_test_setup(test_threads_without_inheritance, reset_pmu),
        cmocka_unit_test_setup(test_thread_that_ended_before_it_was_opened, reset_pmu),
        cmocka_unit_test(test_seccomp),
        cmocka_unit_test(test_no_descriptor_left),
        cmocka_unit_test(test_energy),
        cmocka_unit_test(test_library_counts_the_pool),
        cmocka_unit_test(test_library_points_at_counts),
        cmocka_unit_test(test_library_counts_threads_of_a_case),
        cmocka_unit_test(test_sum_of_threads),
        cmocka_unit_test_setup(test_library_states, reset_pmu),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
