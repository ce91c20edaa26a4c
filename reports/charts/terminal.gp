# terminal.gp: where a chart goes and its colours: first in every chart. charts set W, H (pixels), FONT, DATA, OUT (without
# ending) and FORMAT: "page" is SVG for the inside of a page, whose colours are indices rgb(0, 0, n) that svg.c replaces
# by the page's CSS variables; "png" and "svg" are files that stand alone, in the light colours of page.css.
PAGE = FORMAT eq "page"
ink = PAGE ? "#000001" : "#1d2025"
muted = PAGE ? "#000002" : "#626a75"
grid = PAGE ? "#000003" : "#e3e5e8"
hidden = PAGE ? "#000004" : "#ff000000" # the last one: alpha 255, transparent
# --s0 to --s7, then the steps from better (blue) over none to worse (orange) of page.css, --d0 to --d8
HUES = "2844377 13918474 1016950 8735172 12593995 7632138 686760 9278622"
STEPS = "2056120 5212369 9418211 13229298 15659250 16376004 15907198 14518840 12082954"
rest(n) = n == 2 ? 0x626a75 : n == 3 ? 0xe3e5e8 : 0x1d2025
hue(n) = n < 16 ? rest(n) : n < 32 ? int(word(HUES, int(n) - 15) + 0) : int(word(STEPS, int(n) - 31) + 0)
series(n) = PAGE ? sprintf("#0000%02x", 16 + n) : sprintf("#%06x", hue(16 + n))
# for "rgb variable": data files hold the indices
shade(n) = PAGE ? n : hue(n)
set encoding utf8
if (FORMAT eq "png") {
    set terminal pngcairo size 2*W,2*H noenhanced font sprintf("sans,%g", FONT) fontscale 1.5 linewidth 2 pointscale 2.2
    set output OUT . ".png"
} else {
    set terminal svg size W,H dynamic noenhanced font sprintf("sans-serif,%g", FONT) linewidth 1
    if (!PAGE) { set output OUT . ".svg" }
}
set datafile separator "\t"
set decimalsign "."
