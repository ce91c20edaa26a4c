/* probe_metrics_table.c: the portable metrics, and for each the native events of every kind of PMU.
 *
 * Rows of a metric are tried from top to bottom; the first whose events all encode wins. Umasks are always written: the
 * default differs from CPU to CPU. Sources: Intel SDM volume 3 and the event lists of perfmon, AMD's PPRs of family 17h
 * and 19h, Arm's Neoverse technical reference manuals. Generic events of the kernel come last, because what they count
 * depends on the kernel. */
#include "harness/base/str.h"
#include "harness/probe/probe_metrics.h"

static const struct probe_metric metrics[] = {
    { "cycles", "cycles", "core cycles, not halted", false, true, PROBE_METRIC_NO_FALLBACK },
    { "instructions", "instructions", "instructions retired", false, true, PROBE_METRIC_NO_FALLBACK },
    { "branches", "instructions", "branch instructions retired", false, false, PROBE_METRIC_NO_FALLBACK },
    { "branch_misses", "instructions", "mispredicted branches retired", false, false, PROBE_METRIC_NO_FALLBACK },
    { "l1d_loads", "loads", "loads that asked the L1 data cache", false, false, PROBE_METRIC_NO_FALLBACK },
    { "l1d_misses", "lines", "cache lines brought into the L1 data cache", false, false, PROBE_METRIC_NO_FALLBACK },
    { "llc_loads", "requests", "requests to the last-level cache", false, false, PROBE_METRIC_NO_FALLBACK },
    { "llc_misses", "requests", "requests that the last-level cache could not answer", false, false,
      PROBE_METRIC_NO_FALLBACK },
    { "dtlb_walks", "walks", "page walks for data that no TLB had", false, false, PROBE_METRIC_NO_FALLBACK },
    { "stalls_frontend", "cycles", "cycles without instructions to dispatch", false, false, PROBE_METRIC_NO_FALLBACK },
    { "stalls_backend", "cycles", "cycles in which execution stood still", false, false, PROBE_METRIC_NO_FALLBACK },
    { "f32_flops", "flop", "floating-point operations, a fused multiply-add is two", false, false,
      PROBE_METRIC_NO_FALLBACK },
    { "int8_ops", "op", "8-bit integer operations, a multiply-add is two", false, false, PROBE_METRIC_NO_FALLBACK },
    { "memory_reads", "B", "bytes that reads brought in from memory: cache lines x 64", false, false,
      PROBE_METRIC_NO_FALLBACK },
    { "task_clock", "ns", "time on a CPU", true, true, PROBE_METRIC_CPU_TIME },
    { "page_faults", "faults", "page faults", true, false, PROBE_METRIC_FAULTS },
    { "minor_faults", "faults", "page faults without I/O", true, false, PROBE_METRIC_MINOR_FAULTS },
    { "major_faults", "faults", "page faults that waited for I/O", true, false, PROBE_METRIC_MAJOR_FAULTS },
    { "context_switches", "switches", "switches to another task, voluntary or not", true, false,
      PROBE_METRIC_SWITCHES },
    { "cpu_migrations", "migrations", "moves to another CPU", true, false, PROBE_METRIC_NO_FALLBACK },
    { "alignment_faults", "faults", "unaligned accesses that the kernel mended", true, false,
      PROBE_METRIC_NO_FALLBACK },
    { "energy_package", "J", "energy of all CPU packages (RAPL)", true, false, PROBE_METRIC_ENERGY_PACKAGE },
    { "energy_dram", "J", "energy of the memory (RAPL)", true, false, PROBE_METRIC_ENERGY_DRAM },
};

#define ZEN4_FILLS     "ANY_DATA_CACHE_FILLS_FROM_SYSTEM:"
#define ZEN4_BEYOND_L2 "LOCAL_CCX:NEAR_CACHE_NEAR_FAR:DRAM_IO_NEAR:FAR_CACHE_NEAR_FAR:DRAM_IO_FAR:ALT_MEM_NEAR_FAR"
#define ZEN3_BEYOND_L2 "INT_CACHE:EXT_CACHE_LCL:MEM_IO_LCL:EXT_CACHE_RMT:MEM_IO_RMT"
#define ZEN2_BEYOND_L2 "LS_MABRESP_LCL_CACHE:LS_MABRESP_LCL_DRAM:LS_MABRESP_RMT_CACHE:LS_MABRESP_RMT_DRAM"
#define ZEN2_DRAM      "LS_MABRESP_LCL_DRAM:LS_MABRESP_RMT_DRAM"
#define ZEN2_FILLS(umasks)                                                                   \
    "DATA_CACHE_REFILLS_FROM_SYSTEM:" umasks " + HARDWARE_PREFETCH_DATA_CACHE_FILLS:" umasks \
    " + SOFTWARE_PREFETCH_DATA_CACHE_FILLS:" umasks
#define ZEN2_FILLS_64(umasks)                                                                      \
    "64 DATA_CACHE_REFILLS_FROM_SYSTEM:" umasks " + 64 HARDWARE_PREFETCH_DATA_CACHE_FILLS:" umasks \
    " + 64 SOFTWARE_PREFETCH_DATA_CACHE_FILLS:" umasks
#define SPECULATIVE "counts loads when they are issued, also those that never retire"
#define L1D_FILLS   "fills of the L1 data cache only: what the L2 fetches ahead and for instructions is missing"
#define GENERIC     "what the kernel's generic event counts depends on the CPU and the kernel"
#define SLOTS       "dispatch slots that stayed empty, six a cycle, divided by six"
#define TOKENS      "cycles without tokens of the first group of dispatch resources only"
#define AMD_FLOPS   "counts operations of every floating-point format, f64 and bf16 too"

static const struct probe_metric_row rows[] = {
    { "cycles", "CPU_CLK_UNHALTED:THREAD_P", NULL, 0 },
    { "cycles", "CYCLES_NOT_IN_HALT", NULL, 0 },
    { "cycles", "CPU_CYCLES", NULL, 0 },
    { "cycles", "perf::CYCLES", NULL, 0 },
    { "instructions", "INST_RETIRED:ANY_P", NULL, 0 },
    { "instructions", "RETIRED_INSTRUCTIONS", NULL, 0 },
    { "instructions", "INST_RETIRED", NULL, 0 },
    { "instructions", "perf::INSTRUCTIONS", NULL, 0 },
    { "branches", "BR_INST_RETIRED:ALL_BRANCHES", NULL, 0 },
    { "branches", "RETIRED_BRANCH_INSTRUCTIONS", NULL, 0 },
    { "branches", "BR_RETIRED", NULL, 0 },
    { "branches", "perf::BRANCH-INSTRUCTIONS", NULL, 0 },
    { "branch_misses", "BR_MISP_RETIRED:ALL_BRANCHES", NULL, 0 },
    { "branch_misses", "RETIRED_BRANCH_INSTRUCTIONS_MISPREDICTED", NULL, 0 },
    { "branch_misses", "BR_MIS_PRED_RETIRED", NULL, 0 },
    { "branch_misses", "perf::BRANCH-MISSES", NULL, 0 },
    { "l1d_loads", "MEM_INST_RETIRED:ALL_LOADS", NULL, 0 },
    { "l1d_loads", "MEM_UOPS_RETIRED:ALL_LOADS", NULL, 0 }, /* before Skylake */
    { "l1d_loads", "LS_DISPATCH:LD_DISPATCH:LD_ST_DISPATCH", SPECULATIVE, 0 },
    { "l1d_loads", "L1D_CACHE_RD", SPECULATIVE, 0 },
    { "l1d_loads", "perf::L1-DCACHE-LOADS", GENERIC, 0 },
    { "l1d_misses", "L1D:REPLACEMENT", NULL, 0 },
    { "l1d_misses", ZEN4_FILLS "LCL_L2:" ZEN4_BEYOND_L2, NULL, 0 },
    { "l1d_misses", ZEN4_FILLS "LCL_L2:" ZEN3_BEYOND_L2, NULL, 0 },
    { "l1d_misses", ZEN2_FILLS("MABRESP_LCL_L2:" ZEN2_BEYOND_L2), NULL, 0 },
    { "l1d_misses", "L1D_CACHE_REFILL_RD", "without the lines that stores brought in", 0 },
    { "l1d_misses", "perf::L1-DCACHE-LOAD-MISSES", GENERIC, 0 },
    { "llc_loads", "LONGEST_LAT_CACHE:REFERENCE", NULL, 0 },
    { "llc_loads", "LONGEST_LAT_CACHE:0x4f", NULL, 0 }, /* the same; libpfm4's tables of Ice Lake lack the name */
    { "llc_loads", ZEN4_FILLS ZEN4_BEYOND_L2, L1D_FILLS, 0 },
    { "llc_loads", ZEN4_FILLS ZEN3_BEYOND_L2, L1D_FILLS, 0 },
    { "llc_loads", ZEN2_FILLS(ZEN2_BEYOND_L2), L1D_FILLS, 0 },
    { "llc_loads", "LL_CACHE_RD", NULL, 0 },
    { "llc_loads", "perf::CACHE-REFERENCES", GENERIC, 0 },
    { "llc_misses", "LONGEST_LAT_CACHE:MISS", NULL, 0 },
    { "llc_misses", ZEN4_FILLS "DRAM_IO_NEAR:DRAM_IO_FAR", L1D_FILLS, 0 },
    { "llc_misses", ZEN4_FILLS "MEM_IO_LCL:MEM_IO_RMT", L1D_FILLS, 0 },
    { "llc_misses", ZEN2_FILLS(ZEN2_DRAM), L1D_FILLS, 0 },
    { "llc_misses", "LL_CACHE_MISS_RD", NULL, 0 },
    { "llc_misses", "perf::CACHE-MISSES", GENERIC, 0 },
    { "dtlb_walks", "DTLB_LOAD_MISSES:WALK_COMPLETED", NULL, 0 },
    { "dtlb_walks",
      "L1_DTLB_MISS:TLB_RELOAD_1G_L2_MISS:TLB_RELOAD_2M_L2_MISS:TLB_RELOAD_COALESCED_PAGE_MISS:TLB_RELOAD_4K_L2_MISS",
      NULL, 0 },
    { "dtlb_walks", "DTLB_WALK", NULL, 0 },
    { "dtlb_walks", "perf::DTLB-LOAD-MISSES", GENERIC, 0 },
    { "stalls_frontend", "IDQ_UOPS_NOT_DELIVERED:CYCLES_0_UOPS_DELIV_CORE", NULL, 0 },
    { "stalls_frontend", "0.16666666666666666 DISPATCH_STALLS_1:FE_NO_OPS", SLOTS, 0 },
    { "stalls_frontend", "UOPS_QUEUE_EMPTY", "cycles with an empty queue of decoded operations", 0 },
    { "stalls_frontend", "STALL_FRONTEND", NULL, 0 },
    { "stalls_frontend", "perf::STALLED-CYCLES-FRONTEND", GENERIC, 0 },
    { "stalls_backend", "CYCLE_ACTIVITY:STALLS_TOTAL",
      "cycles in which nothing executed, also where the front end delivered nothing", 0 },
    { "stalls_backend", "0.16666666666666666 DISPATCH_STALLS_1:BE_STALLS", SLOTS, 0 },
    { "stalls_backend",
      "DISPATCH_RESOURCE_STALL_CYCLES_1:INT_PHY_REG_FILE_RSRC_STALL:LOAD_QUEUE_RSRC_STALL:STORE_QUEUE_RSRC_STALL:"
      "TAKEN_BRANCH_BUFFER_RSRC_STALL:FP_REG_FILE_RSRC_STALL:FP_SCHEDULER_RSRC_STALL:FP_FLUSH_RECOVERY_STALL",
      TOKENS, 0 },
    { "stalls_backend",
      "DISPATCH_RESOURCE_STALL_CYCLES_1:INT_PHY_REG_FILE_RSRC_STALL:LOAD_QUEUE_RSRC_STALL:STORE_QUEUE_RSRC_STALL:"
      "INT_SCHEDULER_MISC_RSRC_STALL:TAKEN_BRANCH_BUFFER_RSRC_STALL:FP_REG_FILE_RSRC_STALL:FP_SCHEDULER_FILE_RSRC_STALL:"
      "FP_MISC_FILE_RSRC_STALL",
      TOKENS, 0 },
    { "stalls_backend", "STALL_BACKEND", NULL, 0 },
    { "stalls_backend", "perf::STALLED-CYCLES-BACKEND", GENERIC, 0 },
    { "f32_flops",
      "FP_ARITH_INST_RETIRED:SCALAR_SINGLE + 4 FP_ARITH_INST_RETIRED:128B_PACKED_SINGLE + "
      "8 FP_ARITH_INST_RETIRED:256B_PACKED_SINGLE + 16 FP_ARITH_INST_RETIRED:512B_PACKED_SINGLE",
      NULL, 0 },
    { "f32_flops", /* CPUs without AVX-512 */
      "FP_ARITH_INST_RETIRED:SCALAR_SINGLE + 4 FP_ARITH_INST_RETIRED:128B_PACKED_SINGLE + "
      "8 FP_ARITH_INST_RETIRED:256B_PACKED_SINGLE",
      NULL, 0 },
    { "f32_flops", "RETIRED_SSE_AVX_FLOPS:ANY", AMD_FLOPS, 1 }, /* the kernel adds the merge event */
    { "f32_flops", "FP_SCALE_OPS_SPEC + FP_FIXED_OPS_SPEC",
      "speculative, of every format, and SVE vectors are taken to have 128 bits", 0 },
    { "int8_ops", "32 INT_VEC_RETIRED:VNNI_128 + 64 INT_VEC_RETIRED:VNNI_256",
      "VNNI of 128 and 256 bits, 16-bit ones taken for 8-bit ones; 512-bit VNNI and AMX are not counted", 0 },
    { "int8_ops", "32 PACKED_INT_OPS_RETIRED:INT128_MAC + 64 PACKED_INT_OPS_RETIRED:INT256_MAC",
      "every packed integer multiply-add is taken for one of 8-bit numbers", 0 },
    { "memory_reads", "64 LONGEST_LAT_CACHE:MISS",
      "requests of the core: what the last-level cache fetches ahead is missing, ownership for stores is in it", 0 },
    { "memory_reads", "64 " ZEN4_FILLS "DRAM_IO_NEAR:DRAM_IO_FAR", L1D_FILLS, 0 },
    { "memory_reads", "64 " ZEN4_FILLS "MEM_IO_LCL:MEM_IO_RMT", L1D_FILLS, 0 },
    { "memory_reads", ZEN2_FILLS_64(ZEN2_DRAM), L1D_FILLS, 0 },
    { "memory_reads", "64 LL_CACHE_MISS_RD", "lines are taken to have 64 bytes", 0 },
    { "memory_reads", "64 perf::CACHE-MISSES", GENERIC, 0 },
    { "task_clock", "perf::TASK-CLOCK", NULL, 0 },
    { "page_faults", "perf::PAGE-FAULTS", NULL, 0 },
    { "minor_faults", "perf::MINOR-FAULTS", NULL, 0 },
    { "major_faults", "perf::MAJOR-FAULTS", NULL, 0 },
    { "context_switches", "perf::CONTEXT-SWITCHES", NULL, 0 },
    { "cpu_migrations", "perf::CPU-MIGRATIONS", NULL, 0 },
    { "alignment_faults", "perf::ALIGNMENT-FAULTS", NULL, 0 },
};

const struct probe_metric *probe_metric_list(size_t *count)
{
    *count = sizeof metrics / sizeof metrics[0];
    return metrics;
}

const struct probe_metric *probe_metric_find(const char *name)
{
    for (size_t i = 0; i < sizeof metrics / sizeof metrics[0]; i++)
        if (str_equal(metrics[i].name, name))
            return &metrics[i];
    return NULL;
}

const struct probe_metric_row *probe_metric_rows(size_t *count)
{
    *count = sizeof rows / sizeof rows[0];
    return rows;
}
