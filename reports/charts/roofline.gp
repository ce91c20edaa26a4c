# roofline.gp: arithmetic rate over arithmetic intensity with the measured ceilings (Williams, Waterman, Patterson 2009).
# Settings: XMIN XMAX YMIN YMAX, FAMILIES (count), COLOR (words). Blocks: 0 the bandwidth and the highest ceilings
# (x, y; a blank line between lines), 1 the other ceilings, 2 labels (x, y, text, colour), 3 leader lines (x, y, dx, dy),
# 4 slower variants (x, y, colour), 5.. one a family: the fastest variants (x, y, token).
set logscale xy
set xrange [XMIN:XMAX]
set yrange [YMIN:YMAX]
set xlabel "arithmetic intensity, flop/byte"
set ylabel "GFLOP/s" offset 0.5,0
set format x "%g"
set format y "%g"
color(n) = series(int(word(COLOR, n + 1)))
plot DATA index 1 using 1:2 with lines lw 1 lc rgb grid, \
     DATA index 0 using 1:2 with lines lw 2 lc rgb muted, \
     DATA index 3 using 1:2:3:4 with vectors nohead lw 0.75 lc rgb muted, \
     DATA index 4 using 1:2:(shade($3)) with points pt 6 ps 0.45 lw 1 lc rgb variable, \
     for [n = 0:FAMILIES - 1] DATA index 5 + n using 1:2:3 with labels hypertext point pt 7 ps 0.7 lc rgb color(n), \
     DATA index 2 using 1:2:3:(shade($4)) with labels left textcolor rgb variable
