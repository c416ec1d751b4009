#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Sweeps that trace cells side by side, against the probe, which traces one network:
# abreast.sh LIB RNETC SOURCE.
# shellcheck source=/dev/null
. "$1"
rnetc=$2 source=$3

"$rnetc" -O1 --cpu=native "$source" -o abreast

# means FILE: those of all quantities, comma after each.
means() {
    grep -o '"mean":[[:space:]]*[^,}[:space:]]*' "$1" | sed 's/.*:[[:space:]]*//' | tr '\n' ','
}

# Equal but for the last bit, which the writer of JSON leaves out where that makes a number shorter.
equal() {
    awk -v a="$1" -v b="$2" 'BEGIN {
        n = split(a, x, ","); m = split(b, y, ",")
        for (i = 1; i <= n; i++) {
            d = x[i] - y[i]; d = d < 0 ? -d : d; s = y[i] < 0 ? -y[i] : y[i]
            bad = bad || x[i] == "" != (y[i] == "") || d > 2.220446049250313e-16 * s }
        exit n != m || n < 5 || bad }' || fail "$3: $1, wanted $2"
}

# check SWEEP AXES DRAWS: every cell is what probe says of it, however many go together.
check() {
    ./abreast sweep "$1" --threads 1 --quiet >out.txt
    tail -n +3 "$1.csv" >cells.txt
    while IFS= read -r row; do
        options=$(echo "$row" | awk -F, -v names="$2" '{
            n = split(names, name, " ")
            for (i = 1; i <= n; i++) printf "--set %s=%s ", name[i], $i }')
        # shellcheck disable=SC2086
        ./abreast probe $options --repeat "$3" --json >cell.json
        got=$(echo "$row" | awk -F, -v names="$2" '{
            n = split(names, name, " ")
            for (i = n + 1; i <= NF; i += 3) printf "%s,", $i }')
        equal "$got" "$(means cell.json)" "$1 at $options"
    done <cells.txt
    mv "$1.csv" whole.csv
    ./abreast sweep "$1" --threads 3 --quiet >out.txt
    cmp whole.csv "$1.csv" || fail "$1: another table on 3 threads"
    mv whole.csv "$1.csv"
}

check many 'beta H' 2
[ "$(wc -l <many.csv)" -eq 40 ] || fail "many.csv: $(wc -l <many.csv) lines"
# These must have been carried with powers of two beside them.
awk -F, 'NR > 2 && $3 > 40 { n++ } END { exit !(n > 2) }' many.csv || fail "no norm is large"
check depths 'M K gamma' 1
check samples 'n top gamma' 1

# A table that lacks some cells, of which others go together.
mv many.csv whole.csv
awk 'NR < 3 || NR % 3 == 0' whole.csv >many.csv
./abreast sweep many --quiet >out.txt
cmp whole.csv many.csv || fail "continued: another table"

finish
