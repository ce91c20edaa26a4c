# trend.gp: a history: runs in their order, their intervals, levels, steps and tags.
# Settings: COUNT, LOW, HIGH (as all values in UNIT), UNIT, XTICS, and 0 or 1 for blocks that
# may be empty: BANDS, EDGES, WORSE, BETTER, TAGS, WORLD. Blocks, each of which ends with a row of NaN: intervals (x, low, high),
# runs (x, value, token), runs at the edge (the same), levels (x, value, length), steps for the worse (x, -, text), for
# the better, tags, changes of the environment.
set xrange [-0.8:COUNT - 0.2]
set yrange [LOW:HIGH]
eval "set xtics (" . XTICS . ")"
set ylabel UNIT offset 0.5,0
set grid ytics noxtics
TOP = HIGH
BOTTOM = LOW
set style fill transparent solid 0.16 noborder
# gnuplot 5.4 crashes on labels without a single good row: hence the loops
plot for [n = 1:BANDS] DATA index 0 using 1:2:3 with filledcurves lc rgb series(0), \
     for [n = 1:TAGS] DATA index 6 using 1:(BOTTOM):(0):(TOP - BOTTOM) with vectors nohead lw 1 dt 3 lc rgb muted, \
     for [n = 1:WORLD] DATA index 7 using 1:(BOTTOM):(0):(TOP - BOTTOM) with vectors nohead lw 1.2 dt 4 lc rgb series(3), \
     for [n = 1:WORSE] DATA index 4 using 1:(BOTTOM):(0):(TOP - BOTTOM) with vectors nohead lw 1.5 dt 2 lc rgb series(1), \
     for [n = 1:BETTER] DATA index 5 using 1:(BOTTOM):(0):(TOP - BOTTOM) with vectors nohead lw 1.5 dt 2 lc rgb series(2), \
     DATA index 3 using 1:2:3:(0) with vectors nohead lw 2.5 lc rgb series(7), \
     DATA index 1 using 1:2:3 with labels hypertext point pt 7 ps (COUNT > 400 ? 0.3 : 0.45) lc rgb series(0), \
     for [n = 1:EDGES] DATA index 2 using 1:2:3 with labels hypertext point pt 9 ps 0.7 lc rgb series(4), \
     for [n = 1:WORSE] DATA index 4 using 1:(TOP):3 with labels offset 0,0.7 textcolor rgb series(1), \
     for [n = 1:BETTER] DATA index 5 using 1:(TOP):3 with labels offset 0,0.7 textcolor rgb series(2), \
     for [n = 1:TAGS] DATA index 6 using 1:(BOTTOM):3 with labels left offset 0.4,0.8 textcolor rgb muted, \
     for [n = 1:WORLD] DATA index 7 using 1:(BOTTOM):3 with labels left offset 0.4,1.9 textcolor rgb series(3)
