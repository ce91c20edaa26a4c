# decode.gp: decode (or prefill) rate, one bar a thread count, a line for the interval of the median.
# Settings: XMAX, YMAX. Blocks: 0 bars (median, y, 0, median, y low, y high, colour), 1 intervals (low, y, width),
# 2 values (x, y, text), 3 row labels (x, y, text), 4 tooltips (x, y, token).
set xrange [0:XMAX]
set yrange [YMAX:0]
unset ytics
set border 0
set grid xtics noytics
set xtics XTICK
set xlabel "tokens per second"
plot DATA index 0 using 1:2:3:4:5:6:(shade($7)) with boxxyerror fs solid 0.85 noborder lc rgb variable, \
     DATA index 1 using 1:2:3:(0) with vectors nohead lw 2 lc rgb ink, \
     DATA index 4 using 1:2:3 with points pt 7 ps 0.4 lc rgb ink, \
     DATA index 4 using 1:2:3 with labels hypertext point pt 7 ps 2 lc rgb hidden, \
     DATA index 2 using 1:2:3 with labels left offset 0.8,0 textcolor rgb ink, \
     DATA index 3 using 1:2:3 with labels right offset -0.8,0 textcolor rgb ink
