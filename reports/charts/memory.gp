# memory.gp: change of memory over the operations of a long run.
# Settings: YMIN, YMAX, SERIES, UNIT. Blocks: two a series: the line (percent of the operations, change), its end with a token.
set xrange [0:104]
set xtics ("0" 0, "25 %%" 25, "50 %%" 50, "75 %%" 75, "100 %%" 100)
set yrange [YMIN:YMAX]
set xlabel "operations done"
set ylabel UNIT offset 0.5,0
plot 0 with lines lw 1 lc rgb muted, \
     for [n = 0:SERIES - 1] DATA index 2 * n using 1:2 with lines lw 2 lc rgb series(n), \
     for [n = 0:SERIES - 1] DATA index 2 * n + 1 using 1:2:3 with labels hypertext point pt 7 ps 0.6 lc rgb series(n)
