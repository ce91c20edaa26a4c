# kernels.gp: the fastest shape of every operation and format, one dot an instruction set.
# Settings: XMIN, XMAX, YMAX, SERIES, COLOR (words). Blocks: 0 row labels (x, y, text), 1 guide lines (x, y, dx),
# 2.. one an instruction set (x, y, token).
set logscale x
set xrange [XMIN:XMAX]
set yrange [YMAX:0]
unset ytics
set border 0
set grid xtics noytics
set xlabel "GFLOP/s"
color(n) = series(int(word(COLOR, n + 1)))
plot DATA index 1 using 1:2:3:(0) with vectors nohead lw 1.5 lc rgb grid, \
     DATA index 0 using 1:2:3 with labels right offset -0.8,0 textcolor rgb ink, \
     for [n = 0:SERIES - 1] DATA index 2 + n using 1:2:3 with labels hypertext point pt 7 ps 0.8 lc rgb color(n)
