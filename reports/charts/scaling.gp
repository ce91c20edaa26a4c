# scaling.gp: speed-up over threads or over the batch size, one line a case, against the smallest of each.
# Settings: XMIN, XMAX, YMAX, YTICK, XTICS, XLABEL, IDEAL (0 or 1), SERIES (count), COLOR (words). Blocks: one a series:
# x, speed-up, low, high, token.
set logscale x 2
set xrange [XMIN:XMAX]
set yrange [0:YMAX]
set ytics YTICK
set format y "%gx"
set grid ytics noxtics
eval "set xtics (" . XTICS . ")"
set xlabel XLABEL
set ylabel "speed-up" offset 0.5,0
set samples 200
color(n) = series(int(word(COLOR, n + 1)))
plot for [n = 1:IDEAL] (x > YMAX ? NaN : x) with lines lw 1.5 dt 2 lc rgb muted, \
     1 with lines lw 1 lc rgb grid, \
     for [n = 0:SERIES - 1] DATA index n using 1:2 with lines lw 2 lc rgb color(n), \
     for [n = 0:SERIES - 1] DATA index n using 1:3:(0):($4 - $3) with vectors nohead lw 2 lc rgb color(n), \
     for [n = 0:SERIES - 1] DATA index n using 1:2:5 with labels hypertext point pt 7 ps 0.6 lc rgb color(n)
