# ecdf.gp: the share of the processes that took at most so long, one step line a run.
# Settings: XMIN, XMAX, XTICK, UNIT, SERIES, COLOR, DASH (words). Blocks: two a run: the steps (time, percent), the
# processes (time, percent, token).
set xrange [XMIN:XMAX]
set yrange [0:103]
set xtics XTICK
set ytics 25
set format y "%g %%"
set grid ytics noxtics
set xlabel UNIT
color(n) = series(int(word(COLOR, n + 1)))
dash(n) = word(DASH, n + 1) eq "1" ? 2 : 1 # dt (...) would be read as a dash pattern
plot for [n = 0:SERIES - 1] DATA index 2 * n using 1:2 with steps lw 2 dt dash(n) lc rgb color(n), \
     for [n = 0:SERIES - 1] DATA index 2 * n + 1 using 1:2:3 with labels hypertext point pt 7 ps 0.5 lc rgb color(n)
