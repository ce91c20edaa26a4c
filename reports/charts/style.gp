# style.gp: what all charts share: included after terminal.gp and, in a chart that stands alone, furniture.gp.
# C sets W, H (pixels), NARROW and the margins ML MR MT MB.
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
