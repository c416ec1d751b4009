#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# No wide register in code for a narrower processor: isa.sh LIB RNETC SOURCE LIBRARY.
# In a program's object the entry points carry their instruction set in their names; what they
# call or jump to belongs to it too. In the library, the members' names carry it.
# shellcheck source=/dev/null
. "$1"
rnetc=$2 source=$3 library=$4

# Lines `FUNCTION WIDTH TARGET…`: the widest register in bytes, and what it calls or jumps to.
functions() {
    objdump -dr --no-show-raw-insn "$1" | awk '
    /^[0-9a-f]+ <.*>:$/ { name = $2; gsub(/[<>:]/, "", name); width[name] += 0; next }
    /%zmm/ { width[name] = 64 }
    /%ymm/ && width[name] < 32 { width[name] = 32 }
    /[[:space:]](call|j[a-z]+) .*<.*>/ || /R_X86_64_(PLT32|PC32)/ {
        target = $NF
        gsub(/[<>]/, "", target)
        sub(/[+-]0x[0-9a-f]+$/, "", target)
        if (target != name) targets[name] = targets[name] " " target
    }
    END { for (f in width) print f, width[f], targets[f] }'
}

# Names of functions wider than their set allows, for lines as above; the sets that were seen.
judge() {
    awk '
    { width[$1] = $2; for (i = 3; i <= NF; i++) called[$1, i] = $i; fields[$1] = NF }
    function reach(f, most, root,    i) {
        if (!(f in width) || (most, f) in seen) return
        seen[most, f] = 1
        if (width[f] > most) print f " (from " root ") has registers of " width[f] " bytes"
        for (i = 3; i <= fields[f]; i++) reach(called[f, i], most, root)
    }
    END {
        for (f in width) {
            set = f
            sub(/\.[0-9]+$/, "", set)
            sub(/_(float|double)$/, "", set)
            if (set ~ /_avx2$/) reach(f, 32, f)
            else if (set !~ /_(avx512|amx)$/) reach(f, 16, f)
        }
    }'
}

# widest SUFFIX FILE: over the functions of that suffix.
widest() {
    awk -v suffix="$1\$" '$1 ~ suffix && $2 > most { most = $2 } END { print most + 0 }' "$2"
}

"$rnetc" -save-temps "$source" -o program
functions program.o >program.functions
judge <program.functions >wide.txt
[ ! -s wide.txt ] || fail "the object: $(cat wide.txt)"

# The judge must see something to judge: every set is there, at its own width.
for set in baseline:0 avx2:32 avx512:64; do
    grep -q "_${set%:*} " program.functions || fail "no function for ${set%:*}"
    [ "$(widest "_${set%:*}" program.functions)" -eq "${set#*:}" ] ||
        fail "the widest register for ${set%:*} is not ${set#*:} bytes wide"
done
# And it must find what is wrong, called functions among them.
printf '%s\n' 'a_baseline 0 help' 'help 0 more' 'more 32' 'b_avx2 32 far' 'far 64' >bad.functions
[ "$(judge <bad.functions | cut -d' ' -f1 | sort -u | wc -l)" -eq 2 ] ||
    fail "the judge overlooks wide registers"

# An object to embed has the core and the interface, too.
"$rnetc" -c "$source" -o object.o
functions object.o >object.functions
judge <object.functions >wide.txt
[ ! -s wide.txt ] || fail "the object to embed: $(cat wide.txt)"
for set in avx2:32 avx512:64; do
    [ "$(widest "rn_run_${set%:*}_float" object.functions)" -gt 0 ] ||
        [ "$(widest "forward_tile_${set%:*}" object.functions)" -eq "${set#*:}" ] ||
        fail "the core for ${set%:*} is not in the object"
done

for set in baseline:0 avx2:32 avx512:64 amx:64; do
    for precision in float double; do
        member=core_${set%:*}_$precision.o
        ar x "$library" "$member"
        functions "$member" >core.functions
        [ "$(widest '' core.functions)" -eq "${set#*:}" ] ||
            fail "$member: the widest register is not ${set#*:} bytes wide"
    done
done
finish
