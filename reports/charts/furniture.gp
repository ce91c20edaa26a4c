# furniture.gp: title, note and legend of a chart that stands alone, above it. Data: FURNITURE, in pixels from the top
# left. Blocks: 0 title, 1 lines of the note, 2 legend texts (x, y, text); marks of the legend: 3 dots, 4 squares,
# 5 lines, 6 dashes (x, y, colour). The last five begin with a row outside of the picture: they are never empty.
set multiplot
set lmargin at screen 0
set rmargin at screen 1
set tmargin at screen 1
set bmargin at screen 0
set xrange [0:W]
set yrange [H:0]
unset border
unset tics
unset key
plot FURNITURE index 0 using 1:2:3 with labels left font sprintf("sans-serif,%g", 1.3 * FONT) textcolor rgb ink, \
     FURNITURE index 1 using 1:2:3 with labels left textcolor rgb muted, \
     FURNITURE index 2 using 1:2:3 with labels left textcolor rgb ink, \
     FURNITURE index 3 using 1:2:(shade($3)) with points pt 7 ps 0.8 lc rgb variable, \
     FURNITURE index 4 using 1:2:(shade($3)) with points pt 5 ps 0.8 lc rgb variable, \
     FURNITURE index 5 using ($1 - 9):2:(18):(0):(shade($3)) with vectors nohead lw 2 lc rgb variable, \
     FURNITURE index 6 using ($1 - 9):2:(18):(0):(shade($3)) with vectors nohead lw 2 dt 2 lc rgb variable
reset
