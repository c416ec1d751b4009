#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Who may include whom: layers.sh ROOT.
#
#   driver → emit → ir → sema → syntax → support   each sees itself, support/, its right neighbour;
#   driver/ alone sees every public header, since compile() is the list of all arrows
#   theory/                                        itself; seen by driver/ and runtime/
#   core/vocabulary.h                              everybody but theory/, which stands alone
#   core/, kernels/                                runtime/, and of the compiler emit/ alone
#   lib/cli.h                                      runtime/, and driver/run.c, which runs it
#   checkpoints of core/ and lib/                  runtime/, and driver/weights.c, which bakes one
#   <llvm-c/…>                                     emit/llvm.h, which only emit/ includes
#   package/                                       the tables of options: driver/, support/, lib/
#   tests/reference/                               nothing of ours
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$1
cd "$root"

{ "$here/files.sh" . c h def l y | grep -E '^(compiler|grammar|runtime|tests)/' || true; } |
    while IFS= read -r file; do
        sed -n 's/^ *# *include *[<"]\([^>"]*\)[>"].*/\1/p' "$file" | sed "s|^|$file |"
    done |
    awk '
    function refuse(why) { print file ": must not include \"" target "\": " why; bad = 1 }
    function layer_of(path, parts) { split(path, parts, "/"); return parts[1] }
    BEGIN {
        split("driver emit ir sema syntax support", order, " ")
        for (i = 1; i <= 6; i++) {
            rank[order[i]] = i
            ours[order[i]] = 1
        }
        split("core kernels lib", parts, " ")
        for (i in parts) {
            runtime[parts[i]] = 1
            ours[parts[i]] = 1
        }
    }
    {
        file = $1
        target = $2
        layer = ""
        if (file ~ /^compiler\//) { split(file, parts, "/"); layer = parts[2] }
        if (file ~ /^grammar\//) layer = "syntax"
        to = layer_of(target)

        if (target ~ /^llvm/) {
            if (file != "compiler/emit/llvm.h") refuse("LLVM is known to emit/llvm.h only")
        } else if (file ~ /^tests\/reference\//) {
            if (to in ours || target ~ /\.\.\//) refuse("the reference shares nothing with us")
        } else if (file ~ /^runtime\//) {
            if (to in rank) refuse("runtime/ knows nothing of compiler/")
        } else if (layer == "") {
            next
        } else if (layer == "package") {
            if (to in ours && to != "driver" && to != "support" && to != "lib")
                refuse("package/ reads tables of options, of driver/ and lib/")
        } else if (layer == "theory") {
            if (to in ours) refuse("theory/ stands alone")
        } else if (to == "theory") {
            if (layer != "driver") refuse("theory/ is known to driver/ and runtime/ only")
        } else if (target == "core/vocabulary.h") {
            next
        } else if (to in runtime) {
            if (file == "compiler/driver/run.c" && target == "lib/cli.h") next
            if (file == "compiler/driver/weights.c" &&
                target ~ /^(core\/(checkpoint|number|safetensors)|lib\/checkpoint)\.h$/) next
            if (layer != "emit" || to == "lib") refuse("only emit/ knows core/ and kernels/")
        } else if (to in rank) {
            if (target == "emit/llvm.h" && layer != "emit")
                refuse("only emit/ sees LLVM")
            else if (layer != "driver" && to != layer && to != "support" &&
                     rank[to] != rank[layer] + 1)
                refuse("layer " layer " sees itself, support and " order[rank[layer] + 1])
        } else if (target ~ /^\.|^\.\./) {
            refuse("paths begin at the root of compiler/")
        }
    }
    END { exit bad }'
