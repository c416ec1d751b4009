#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Data that are not what they should be: status 4 and a message that names the file and the place.
# data.sh LIB FOLDER, where FOLDER holds the programs table, pictures and arrays.
# shellcheck source=/dev/null
. "$1"
folder=$2

# bad TEXT PROGRAM: training on what lies here says TEXT and leaves no checkpoint.
bad() {
    expect 4 "$1" "$folder/$2" train --data . --save none.safetensors
    [ ! -e none.safetensors ] || fail "a checkpoint of bad data: $1"
}

# ---- a table ----

table() {
    bytes "$1" >table.csv
    bad "$2" table
    bad table.csv table
}
rm -f table.csv
bad table.csv table
rows='1,2,0\n2,1,1\n3,3,2\n4,5,0\n5,4,1\n'
bytes "a,b,kind\n$rows$rows" >table.csv
expect 0 '' "$folder/table" train --data . --save table.safetensors
table '' 'no rows'
table 'a,b,kind\n' 'no rows'
table "a,b,kind\n${rows}1,2\n" 'line 7'
table "a,b,kind\n${rows}1,2,0,4\n" 'line 7'
table "a,b,kind\n${rows}1,nan,0\n" 'line 7'
table "a,b,kind\n${rows}1,inf,0\n" 'line 7'
table "a,b,kind\n${rows}1,two,0\n" 'two'
table "a,b,kind\n${rows}1,,0\n" 'line 7'
table "a,b,kind\n${rows}1,2,3\n" 'line 7, column 3: label 3, but the network has 3 outputs'
table "a,b,kind\n${rows}1,2,-1\n" 'line 7'
table "a,b,kind\n${rows}1,2,0.5\n" 'line 7'
table "a,b,kind\n${rows}1,\"2,0\n" 'line 7'
table "a,b,sort\n$rows" 'kind'
table "a,kind\n1,0\n2,1\n" 'the network reads 2'
table "a;b;kind\n1;2;0\n" 'line 1: the fields seem to be separated by'
table "$rows" 'line 1: the names of the columns are expected here, but no field is a name'

# ---- pictures: big-endian headers of IDX, five pictures of two by two ----

images='\000\000\010\003\000\000\000\005\000\000\000\002\000\000\000\002'
pixels='\001\002\003\004\005\006\007\010\011\012\013\014\015\016\017\020\021\022\023\024'
labels='\000\000\010\001\000\000\000\005'
classes='\000\001\002\000\001'
pictures() {
    bytes "$1" >images.idx
    bytes "$2" >labels.idx
    bad "$3" pictures
    bad "$4" pictures
}
rm -f images.idx labels.idx
bad images.idx pictures
bytes "$images$pixels" >images.idx
bad labels.idx pictures
bytes "$labels$classes" >labels.idx
expect 0 '' "$folder/pictures" train --data . --save pictures.safetensors
gzip -c images.idx >packed.idx && mv packed.idx images.idx
expect 0 '' "$folder/pictures" train --data .
head -c 30 images.idx >packed.idx && mv packed.idx images.idx
bad images.idx pictures
short=${pixels%????}
pictures "$images$short" "$labels$classes" images.idx 'byte'
pictures "$images$pixels\\001" "$labels$classes" images.idx 'byte'
pictures "\\001$images$pixels" "$labels$classes" images.idx 'magic'
pictures "$labels$classes" "$labels$classes" images.idx 'dimension'
pictures '\000\000' "$labels$classes" images.idx 'byte'
pictures '' "$labels$classes" images.idx ''
pictures "$images$pixels" "$labels\\000\\001\\002\\003\\001" labels.idx 'label 3'
pictures "$images$pixels" "${labels%5}4${classes%????}" labels.idx '5'
pictures '\000\000\010\003\000\000\000\004\000\000\000\005\000\000\000\001'"$pixels" \
    "$labels$classes" images.idx '5'
pictures '\000\000\010\003\377\377\377\377\377\377\377\377\377\377\377\377' "$labels$classes" \
    images.idx ''

# ---- arrays: five rows of two numbers, and their targets ----

# npy TYPE SHAPE BYTES: version 1, its header padded to 128 bytes.
npy() {
    printf '\223NUMPY\001\000\166\000'
    printf '%-117s\n' "{'descr': '$1', 'fortran_order': False, 'shape': $2, }"
    bytes "$3"
}
one='\000\000\200\077'
two="$one$one"
ten="$two$two$two$two$two"
arrays() {
    bad "$1" arrays
    bad "$2" arrays
}
npy '<f4' '(5, 1)' "$two$two$one" >targets.npy
npy '<f4' '(5, 2)' "$ten" >inputs.npy
expect 0 '' "$folder/arrays" train --data . --save arrays.safetensors
npy '<f4' '(5, 2)' "$two$two$two$two$one\\000\\000\\300\\177" >inputs.npy
arrays inputs.npy 'row 5'
npy '<f4' '(5, 2)' "$two$two$two$two$one" >inputs.npy
arrays inputs.npy 'bytes'
npy '<f4' '(5, 3)' "$ten$two$two$one" >inputs.npy
arrays inputs.npy '3'
npy '<c8' '(5, 2)' "$ten$ten" >inputs.npy
arrays inputs.npy '<c8'
npy '>f4' '(5, 2)' "$ten" >inputs.npy
arrays inputs.npy '>f4'
npy '<f4' '(5, 2)' "$ten" >inputs.npy
npy '<f4' '(5, 1)' "$two$two\\000\\000\\300\\177" >targets.npy
arrays targets.npy 'row 5'
npy '<f4' '(5, 2)' "$ten" >targets.npy
arrays targets.npy 'targets a sample: 2, outputs of the network: 1'
npy '<f4' '(4, 2)' "$two$two$two$two" >inputs.npy
arrays targets.npy '4'
npy '<f4' '(99999999999, 99999999999)' "$ten" >inputs.npy
arrays inputs.npy ''
printf 'no array at all' >inputs.npy
arrays inputs.npy 'not a .npy file'
rm inputs.npy
bad inputs.npy arrays
finish
