# prefill.gp: prefill rate over prompt tokens, one line a format and thread count.
# Settings: XMIN, XMAX, YMAX, YTICK, XTICS, SERIES (count), COLOR and DASH (words). Blocks: one a series: x, rate,
# low, high, token.
set logscale x 2
set xrange [XMIN:XMAX]
set yrange [0:YMAX]
set ytics YTICK
set grid ytics noxtics
eval "set xtics (" . XTICS . ")"
set xlabel "prompt tokens"
set ylabel "tokens per second" offset 0.5,0
color(n) = series(int(word(COLOR, n + 1)))
dash(n) = word(DASH, n + 1) eq "1" ? 2 : 1 # dt (...) would be read as a dash pattern
plot for [n = 0:SERIES - 1] DATA index n using 1:2 with lines lw 2 dt dash(n) lc rgb color(n), \
     for [n = 0:SERIES - 1] DATA index n using 1:3:(0):($4 - $3) with vectors nohead lw 2 lc rgb color(n), \
     for [n = 0:SERIES - 1] DATA index n using 1:2:5 with labels hypertext point pt 7 ps 0.6 lc rgb color(n)
