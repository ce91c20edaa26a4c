# spread.gp: the times of the processes of each run: every one as a dot, their density (violin) where there are enough,
# a box from quartile to quartile with the median.
# Settings: XMIN, XMAX, XTICK, YMAX, UNIT, SERIES, COLOR (words). Blocks: three a run: the outline of the violin (x, y),
# the box (median, y, q25, q75, y low, y high), the dots (x, y, token).
set xrange [XMIN:XMAX]
set yrange [YMAX:0]
set xtics XTICK
unset ytics
set grid xtics noytics
set xlabel UNIT
set style fill solid 0.2 noborder
color(n) = series(int(word(COLOR, n + 1)))
plot for [n = 0:SERIES - 1] DATA index 3 * n using 1:2 with filledcurves closed fs solid 0.2 noborder lc rgb color(n), \
     for [n = 0:SERIES - 1] DATA index 3 * n + 1 using 1:2:3:4:5:6 with boxxyerror fs solid 0.35 border lw 1 lc rgb color(n), \
     for [n = 0:SERIES - 1] DATA index 3 * n + 1 using 1:5:(0):($6 - $5) with vectors nohead lw 3 lc rgb ink, \
     for [n = 0:SERIES - 1] DATA index 3 * n + 2 using 1:2:3 with labels hypertext point pt 7 ps 0.45 lc rgb color(n)
