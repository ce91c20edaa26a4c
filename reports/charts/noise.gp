# noise.gp: distance of each sample from the median of its case in the order of the run.
# Settings: XMAX, EDGE (percent), CONTAMINATED (0 or 1). Blocks: undisturbed, contaminated (process, percent, token).
set xrange [-0.02 * XMAX:1.02 * XMAX]
set yrange [-1.06 * EDGE:1.06 * EDGE]
set format y "%+g %%"
set xlabel "process, in the order of the run"
set ytics add ("0" 0)
plot 0 with lines lw 1 lc rgb muted, \
     DATA index 0 using 1:2:3 with labels hypertext point pt 7 ps 0.35 lc rgb series(7), \
     for [n = 1:CONTAMINATED] DATA index 1 using 1:2:3 with labels hypertext point pt 7 ps 0.45 lc rgb series(1)
