#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Man pages and completions say what --help says, no more and no less: pages.sh LIB PREFIX SOURCE.
# shellcheck source=/dev/null
. "$1"
prefix=$2
rnetc=$prefix/bin/rnetc
cp "$3" tiny.rnet

# Options as --help shows them, with their argument: `--emit=KIND`, `-o FILE`, `-v`.
shown() {
    sed -n 's/^  \(-.*\)/\1/p' "$1" | sed 's/   *.*//; s/^\([^ ]* [^a-z ]*\) .*/\1/' | sort
}

# Those of a man page's section, likewise.
section() {
    awk -v name="$2" '$1 == ".SH" { on = $2 == name } on' "$1" |
        sed -n '/^\.TP$/{n;s/\\f[BIR]//g;s/\\-/-/g;p}' | sort
}

"$rnetc" --help >help.txt
shown help.txt >help.list
[ "$(wc -l <help.list)" -gt 25 ] || fail "--help shows $(wc -l <help.list) options"
section "$prefix/share/man/man1/rnetc.1" OPTIONS >man.list
diff help.list man.list || fail "rnetc.1 has other options than --help"

# A program with every block has every command.
cp tiny.rnet whole.rnet
cat >>whole.rnet <<'END'
probe { data gaussian; batch 5; measure forward_ratio }
check { forward_ratio in 0.5 .. 3 }
sweep grid { L in [2, 4]; measure forward_ratio }
END
"$rnetc" -O0 --cpu=baseline whole.rnet -o whole || fail "it does not compile"
./whole --help >program.txt
sed -n 's/^  \(-.*\)/\1/p' program.txt | sed 's/   *.*//; s/ \([^A-Za-z]\)/\1/' | sort >help.list
section "$prefix/share/man/man1/rnet-program.1" OPTIONS >man.list
diff help.list man.list || fail "rnet-program.1 has other options than --help"
sed -n '/^commands:/,/^$/s/^  \([a-z]*\) .*/\1/p' program.txt | sort >help.list
section "$prefix/share/man/man1/rnet-program.1" COMMANDS >man.list
diff help.list man.list || fail "rnet-program.1 has other commands than --help"

for page in "$prefix"/share/man/man1/*.1; do
    LC_ALL=C grep -q '[^ -~]' "$page" && fail "$page is not plain ASCII"
    if command -v groff >/dev/null; then
        groff -man -Tascii -ww -z "$page" >warnings.txt 2>&1 || fail "groff refuses $page"
        [ ! -s warnings.txt ] || fail "groff on $page: $(cat warnings.txt)"
    fi
done

# ---- completions: every option, and the words that may follow it ----

# Groups of warnings are no rows of the table.
without_groups() {
    grep -vE '^-W(GROUP,|all|no-|-)$' | sort
}
shown help.txt | sed 's/[= ].*//' | without_groups >options.list
"$rnetc" --emit=nothing tiny.rnet 2>&1 | sed -n 's/.*takes one of: //p' | tr -d ' ' | tr , '\n' |
    sort >kinds.list
[ "$(wc -l <kinds.list)" -gt 2 ] || fail "rnetc does not say what --emit takes"

cat >complete.bash <<'END'
. "$1"
compopt() { :; }
ask() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _rnetc; printf '%s\n' "${COMPREPLY[@]}"; }
ask rnetc -- >long.txt
ask rnetc - >all.txt
ask rnetc --emit = '' >emit.txt
ask rnetc --emit = o >partly.txt
ask rnetc --emit o >apart.txt
ask rnetc --cpu t >free.txt
ask rnetc t >files.txt
ask rnetc r >first.txt
ask rnetc -v r >second.txt
END
bash complete.bash "$prefix/share/bash-completion/completions/rnetc" || fail "bash fails"
sed 's/=$//' all.txt | without_groups >bash.list
diff options.list bash.list || fail "bash completes other options"
grep -qx -e '--emit=' long.txt || fail "bash: no --emit="
grep -q '^-[^-]' long.txt && fail "bash: -- gives short options"
sort emit.txt | diff kinds.list - || fail "bash: other kinds of --emit than --help"
[ "$(cat partly.txt)" = obj ] || fail "bash: --emit=o gives $(cat partly.txt)"
cmp partly.txt apart.txt || fail "bash: --emit o and --emit=o differ"
[ -z "$(cat free.txt)" ] || fail "bash: --cpu t gives $(cat free.txt)"
[ "$(cat first.txt)$(cat second.txt)" = run ] || fail "bash: r gives $(cat first.txt second.txt)"
[ "$(cat files.txt)" = tiny.rnet ] || fail "bash: t gives $(cat files.txt)"

zsh=$prefix/share/zsh/site-functions/_rnetc
sed -n "s/^    '\\*\\(-[^[+=]*\\).*/\\1/p" "$zsh" | without_groups | diff options.list - ||
    fail "zsh completes other options"
if command -v zsh >/dev/null; then
    zsh -n "$zsh" || fail "zsh: a syntax error"
fi

fish=$prefix/share/fish/vendor_completions.d/rnetc.fish
sed -n 's/^complete -c rnetc -l \([^ ]*\).*/--\1/p; s/^complete -c rnetc -[so] \([^ ]*\).*/-\1/p' \
    "$fish" | sort | diff options.list - || fail "fish completes other options"
if command -v fish >/dev/null; then
    fish --no-execute "$fish" || fail "fish: a syntax error"
    HOME=$PWD fish --no-config -c "source '$fish'; complete -C 'rnetc --emit='" |
        sed 's/^--emit=//; s/\t.*//' | sort | diff kinds.list - ||
        fail "fish: other kinds of --emit"
fi
finish
