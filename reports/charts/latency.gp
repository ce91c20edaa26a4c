# latency.gp: time of a token over its percentile; the axis gives each further nine the same room.
# Settings: XMAX, YMIN, YMAX, LOGY, YTICK, SERIES, COLOR, DASH (words). Blocks: two a series:
# the line (-log10(1 - q), ms) and its named quantiles (-log10(1 - q), ms, token).
set xrange [0:XMAX]
set xtics ("0" 0, "50 %%" 0.30103, "90 %%" 1, "99 %%" 2, "99.9 %%" 3, "99.99 %%" 4)
if (LOGY) { set logscale y; set ytics add (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000) } else { set ytics YTICK }
set yrange [YMIN:YMAX]
set xlabel "tokens at or below"
set ylabel "milliseconds" offset 0.5,0
color(n) = series(int(word(COLOR, n + 1)))
dash(n) = word(DASH, n + 1) eq "1" ? 2 : 1 # dt (...) would be read as a dash pattern
plot for [n = 0:SERIES - 1] DATA index 2 * n using 1:2 with lines lw 2 dt dash(n) lc rgb color(n), \
     for [n = 0:SERIES - 1] DATA index 2 * n + 1 using 1:2:3 with labels hypertext point pt 7 ps 0.6 lc rgb color(n)
