# forest.gp: the change of every case with its interval, grouped by suite, the worst first. + is slower.
# Settings: XMIN, XMAX (percent), YMAX (pixels), XTICK, OUT_LEFT (where names begin, left of the plot, in its widths). Blocks: 0 names, 1 suites, 2 numbers (x, y, text); 3 floors
# (x, y, left, right, top, bottom); 4 intervals (x, y, length, colour); 5 arrows of what goes on outside (x, y, length,
# colour); points (x, y, token): 6 regressed, 7 improved, 8 wrong, 9 undecided, 10 equivalent.
set xrange [XMIN:XMAX]
set yrange [YMAX:0]
unset ytics
set border 0
set xtics XTICK
set format x "%+g %%"
set xtics add ("0" 0)
set grid xtics noytics
set style fill solid 1 noborder
size = FORMAT eq "png" ? 1 : 0.72 # pngcairo draws points smaller
set arrow 1 from 0, graph 0 to 0, graph 1 nohead lw 1 lc rgb muted front
plot DATA index 3 using 1:2:3:4:5:6 with boxxyerror lc rgb grid, \
     DATA index 0 using 1:2:3 with labels left offset graph -OUT_LEFT,0 textcolor rgb ink, \
     DATA index 1 using 1:2:3 with labels left offset graph -OUT_LEFT,0 textcolor rgb muted, \
     DATA index 2 using 1:2:3 with labels left offset 0.6,0 textcolor rgb ink, \
     DATA index 4 using 1:2:3:(0):(shade($4)) with vectors nohead lw 3 lc rgb variable, \
     DATA index 5 using 1:2:3:(0):(shade($4)) with vectors head filled size screen 0.008,30 lw 2 lc rgb variable, \
     DATA index 6 using 1:2:3 with labels hypertext point pt 9 ps 1.05 * size lc rgb series(1), \
     DATA index 7 using 1:2:3 with labels hypertext point pt 11 ps 1.05 * size lc rgb series(0), \
     DATA index 8 using 1:2 with points pt 2 ps 0.9 lw 2.5 lc rgb series(4), \
     DATA index 8 using 1:2:3 with labels hypertext point pt 7 ps 0.9 lc rgb hidden, \
     DATA index 9 using 1:2:3 with labels hypertext point pt 6 ps 1.25 * size lw 2.5 lc rgb muted, \
     DATA index 10 using 1:2:3 with labels hypertext point pt 7 ps 0.8 * size lc rgb series(7)
