# layers.gp: shares of a layer's time, one stacked bar a model, format and number of tokens.
# Settings: YMAX. Blocks: 0 segments (x, y, x low, x high, y low, y high, colour), 1 row labels (x, y, text),
# 2 totals (x, y, text), 3 tooltips (x, y, token).
set xrange [0:100]
set yrange [YMAX:0]
unset ytics
set border 0
set grid xtics noytics
set xtics 25
set format x "%g %%"
set xlabel "share of the time of the whole layer"
BARS = "DATA index 0 using 1:2:3:4:5:6:(shade($7)) with boxxyerror fs solid 0.85 noborder lc rgb variable"
TIPS = "DATA index 3 using 1:2:3 with labels hypertext point pt 7 ps 2 lc rgb hidden"
TOTALS = "DATA index 2 using 1:2:3 with labels left offset 0.8,0 textcolor rgb ink"
# Left of the bars, or above them.
LABELS = "DATA index 1 using 1:2:3 with labels " . (NARROW ? "left" : "right offset -0.8,0") . " textcolor rgb ink"
eval "plot " . BARS . ", " . TIPS . ", " . LABELS . ", " . TOTALS
