#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# A signal while the linker runs ends both and leaves nothing behind; an output's name is never an
# option of the linker's: interrupt.sh LIB RNETC SOURCE.
# shellcheck source=/dev/null
. "$1"
rnetc=$2 source=$3
cp "$source" tiny.rnet

# A linker that takes its time, in a folder that is not looked at.
mkdir tools
cat >tools/slow <<'END'
#!/bin/sh
echo $$ >"$(dirname "$0")/started"
exec sleep 60
END
chmod +x tools/slow

for pair in INT:130 TERM:143 HUP:129; do
    signal=${pair%:*}
    rm -f tools/started
    # a shell's background job ignores SIGINT; env gives the program the default back
    CC=$PWD/tools/slow env --default-signal=INT,HUP "$rnetc" -O0 --cpu=baseline tiny.rnet -o out \
        2>tools/err.txt &
    child=$!
    wait_for_lines tools/started 1 $child
    ls >tools/during.txt
    grep -q '^out\.o\.' tools/during.txt || fail "no temporary to be left: $(cat tools/during.txt)"
    status=0
    kill -s "$signal" $child
    wait $child || status=$?
    [ $status -eq "${pair#*:}" ] || fail "SIG$signal: status $status"
    ! kill -0 "$(cat tools/started)" 2>/dev/null || fail "SIG$signal: the linker goes on"
    [ "$(ls)" = "$(printf 'tiny.rnet\ntools')" ] || fail "SIG$signal left: $(ls)"
done

# Who ignores a signal, as under nohup, is not stopped by it.
cat >tools/short <<'END'
#!/bin/sh
echo $$ >"$(dirname "$0")/started"
sleep 0.3
exec cc "$@"
END
chmod +x tools/short
rm -f tools/started
CC=$PWD/tools/short env --ignore-signal=HUP "$rnetc" -O0 --cpu=baseline tiny.rnet -o out &
child=$!
wait_for_lines tools/started 1 $child
kill -s HUP $child
wait $child || fail "an ignored signal stopped it: status $?"
./out info >tools/info.txt || fail "no program after an ignored signal"

# Names that look like options, or like files of arguments.
for name in -x @x; do
    "$rnetc" -O0 --cpu=native tiny.rnet "-o$name" || fail "-o $name"
    ./"$name" info >tools/info.txt || fail "$name is no program"
    "$rnetc" -O0 -save-temps tiny.rnet "-o$name" || fail "-save-temps -o $name"
    [ -f "./$name.o" ] || fail "-save-temps -o $name: no object"
done
finish
