/* asset.c: the assembler includes the files; paths are relative to the repository root, where make runs. */
#include "reports/asset.h"
#include "harness/base/str.h"
#include <stddef.h>

#define ASSET(symbol, path)                            \
    __asm__(".pushsection .rodata." #symbol ",\"a\"\n" \
            ".globl asset_" #symbol "\n"               \
            "asset_" #symbol ":\n"                     \
            ".incbin \"reports/" path "\"\n"           \
            ".byte 0\n"                                \
            ".popsection\n");                          \
    extern const char asset_##symbol[]

ASSET(page_css, "page.css");
ASSET(page_js, "page.js");
ASSET(site_css, "site.css");
ASSET(site_js, "site.js");
ASSET(flame_css, "flame.css");
ASSET(flame_svg_css, "flame_svg.css");
ASSET(flame_js, "flame.js");
ASSET(flame_html, "flame.html");
ASSET(terminal_gp, "charts/terminal.gp");
ASSET(furniture_gp, "charts/furniture.gp");
ASSET(style_gp, "charts/style.gp");
ASSET(roofline_gp, "charts/roofline.gp");
ASSET(decode_gp, "charts/decode.gp");
ASSET(prefill_gp, "charts/prefill.gp");
ASSET(latency_gp, "charts/latency.gp");
ASSET(kernels_gp, "charts/kernels.gp");
ASSET(layers_gp, "charts/layers.gp");
ASSET(memory_gp, "charts/memory.gp");
ASSET(noise_gp, "charts/noise.gp");
ASSET(forest_gp, "charts/forest.gp");
ASSET(trend_gp, "charts/trend.gp");
ASSET(heat_gp, "charts/heat.gp");
ASSET(spread_gp, "charts/spread.gp");
ASSET(ecdf_gp, "charts/ecdf.gp");
ASSET(scaling_gp, "charts/scaling.gp");

static const struct {
    const char *name, *text;
} assets[] = {
    { "page.css", asset_page_css },
    { "page.js", asset_page_js },
    { "site.css", asset_site_css },
    { "site.js", asset_site_js },
    { "flame.css", asset_flame_css },
    { "flame_svg.css", asset_flame_svg_css },
    { "flame.js", asset_flame_js },
    { "flame.html", asset_flame_html },
    { "charts/terminal.gp", asset_terminal_gp },
    { "charts/furniture.gp", asset_furniture_gp },
    { "charts/style.gp", asset_style_gp },
    { "charts/roofline.gp", asset_roofline_gp },
    { "charts/decode.gp", asset_decode_gp },
    { "charts/prefill.gp", asset_prefill_gp },
    { "charts/latency.gp", asset_latency_gp },
    { "charts/kernels.gp", asset_kernels_gp },
    { "charts/layers.gp", asset_layers_gp },
    { "charts/memory.gp", asset_memory_gp },
    { "charts/noise.gp", asset_noise_gp },
    { "charts/forest.gp", asset_forest_gp },
    { "charts/trend.gp", asset_trend_gp },
    { "charts/heat.gp", asset_heat_gp },
    { "charts/spread.gp", asset_spread_gp },
    { "charts/ecdf.gp", asset_ecdf_gp },
    { "charts/scaling.gp", asset_scaling_gp },
};

const char *asset_text(const char *name)
{
    for (size_t i = 0; i < sizeof assets / sizeof assets[0]; i++)
        if (str_equal(assets[i].name, name))
            return assets[i].text;
    return NULL;
}
