# SPDX-License-Identifier: Apache-2.0
#
# Reads the grammar of docs/language.md, then rnet.y, and prints for both which symbols each rule
# uses: "RULE SYMBOL" for every symbol, sorted by the caller. Rules of Bison that the document does
# not have (lists, options) are taken as part of the ones that use them; alternatives that begin
# with `error` are recovery and not part of the language.
#
#   awk -v side=document|bison -f symbols.awk language.md rnet.y

FNR == 1 { file++ }

file == 1 && /^## Grammar/ { in_grammar = 1; next }
file == 1 && in_grammar && /^    / { document = document " " $0 }

file == 2 && /^%token/ {
    line = $0
    sub(/^%token( *<[a-z]*>)?/, "", line)
    while (match(line, /[A-Z_]+( 0)? "[^"]*"/)) {
        entry = substr(line, RSTART, RLENGTH)
        name = entry
        sub(/ .*/, "", name)
        if (match(entry, /`.*`/))
            spelling[name] = "\"" substr(entry, RSTART + 1, RLENGTH - 2) "\""
        line = substr(line, index(line, entry) + length(entry))
    }
}
file == 2 && /^%%/ { part++; next }
file == 2 && part == 1 { bison = bison " " $0 }

# The document says in words what these tokens stand for.
function terminals_of(name) {
    if (name == "BLOCK") return "\"model\" \"train\" \"probe\" \"check\""
    if (name == "SUBJECT") return "NAME"
    return name in spelling ? spelling[name] : name
}

function read_document(    rules, count, i, rule, name, words, n, w) {
    count = split(document, rules, / ; ?/)
    for (i = 1; i <= count; i++) {
        rule = rules[i]
        if (rule !~ /=/) continue
        name = rule
        sub(/ *= .*/, "", name)
        gsub(/ /, "", name)
        documented[name] = 1
        sub(/^ *[a-z]+ *= /, "", rule)
        n = split(rule, words, / +/)
        for (w = 1; w <= n; w++)
            if (words[w] ~ /^[A-Za-z]+$/ || words[w] ~ /^"[^"]+"$/)
                if (side == "document") print name, words[w]
    }
}

function read_bison(    rules, count, i, name, alternatives, n, a) {
    gsub(/\/\*[^*]*(\*[^\/][^*]*)*\*\//, " ", bison)
    while (gsub(/\{[^{}]*\}/, " ", bison)) { }
    gsub(/%empty/, " ", bison)
    count = split(bison, rules, / +; */)
    for (i = 1; i <= count; i++) {
        if (rules[i] !~ /:/) continue
        name = rules[i]
        sub(/ *:.*/, "", name)
        gsub(/ /, "", name)
        sub(/^[^:]*:/, "", rules[i])
        n = split(rules[i], alternatives, / \| /)
        for (a = 1; a <= n; a++)
            if (alternatives[a] !~ /^ *(error|rescue) /) body[name] = body[name] " " alternatives[a]
    }
}

# Every symbol of a rule, helpers opened.
function print_symbols(rule, name,    words, n, w) {
    if (opened[rule, name]++) return
    n = split(body[name], words, / +/)
    for (w = 1; w <= n; w++) {
        if (words[w] == "" || words[w] == name) continue
        if (words[w] in documented && words[w] != rule) print rule, words[w]
        else if (words[w] in documented) print rule, words[w]
        else if (words[w] in body) print_symbols(rule, words[w])
        else print_terminals(rule, words[w])
    }
}

function print_terminals(rule, name,    words, n, w) {
    n = split(terminals_of(name), words, / /)
    for (w = 1; w <= n; w++) print rule, words[w]
}

END {
    read_document()
    read_bison()
    if (side == "bison") for (name in documented) print_symbols(name, name)
}
