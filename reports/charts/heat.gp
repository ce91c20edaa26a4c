# heat.gp: cases over runs: how much each run differs from the usual level of its case, from better (blue) to worse
# (orange).
# Settings: XMAX, YMAX, XTICS. Blocks: 0 cells (x, y, x low, x high, y low, y high, colour), 1 row labels (x, y, text),
# 2 tooltips of the cells that differ (x, y, token); all begin with a row outside of the picture.
set xrange [0:XMAX]
set yrange [YMAX:0]
unset ytics
set border 0
unset grid
eval "set xtics (" . XTICS . ")"
set xtics scale 0 rotate by -35 left offset -0.6,0.3
plot DATA index 0 using 1:2:3:4:5:6:(shade($7)) with boxxyerror fs solid 1 noborder lc rgb variable, \
     DATA index 2 using 1:2:3 with labels hypertext point pt 5 ps 1.6 lc rgb hidden, \
     DATA index 1 using 1:2:3 with labels right offset -0.8,0 textcolor rgb ink
