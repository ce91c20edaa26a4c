# style.gp: what all charts share. charts.c sets W, H (pixels), FONT, NARROW, the margins ML MR MT MB, DATA and OUT.
# Colours are indices rgb(0, 0, n) that svg.c replaces by the page's CSS variables.
ink = "#000001"; muted = "#000002"; grid = "#000003"; hidden = "#000004"
series(n) = sprintf("#0000%02x", 16 + n)
set encoding utf8
set terminal svg size W,H dynamic noenhanced font sprintf("sans-serif,%g", FONT) linewidth 1
set output OUT
set datafile separator "\t"
set decimalsign "."
set format "%g"
set lmargin at screen 1.0 * ML / W
set rmargin at screen 1 - 1.0 * MR / W
set tmargin at screen 1 - 1.0 * MT / H
set bmargin at screen 1.0 * MB / H
set border 1 lw 1 lc rgb muted
set tics out nomirror scale 0.5, 0.25 textcolor rgb muted
set xtics offset 0,0.3
set xlabel textcolor rgb muted offset 0,0.7
set ylabel textcolor rgb muted
set grid lt 1 lw 1 lc rgb grid
set clip one
unset key
