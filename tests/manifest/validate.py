#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A manifest against the schema: validate.py RNETC SCHEMA SOURCE [OPTION...].

Exit 77 where the Python package jsonschema is missing, or the source does not compile yet.
"""
import copy
import json
import subprocess
import sys

try:
    import jsonschema
except ImportError:
    print("no jsonschema here")
    sys.exit(77)


def refused(validator, manifest, change):
    """The schema sees a manifest that was spoiled."""
    spoiled = copy.deepcopy(manifest)
    change(spoiled)
    return not validator.is_valid(spoiled)


def main():
    rnetc, schema_path, source, *options = sys.argv[1:]
    with open(schema_path, encoding="utf-8") as file:
        schema = json.load(file)
    validator_class = jsonschema.validators.validator_for(schema)
    assert validator_class is jsonschema.Draft202012Validator
    validator_class.check_schema(schema)
    validator = validator_class(schema)
    command = [rnetc, "--emit=manifest", *options, source, "-o", "-"]
    made = subprocess.run(command, capture_output=True, check=False)
    if made.returncode != 0 and b"[E05" in made.stderr:
        print("not supported yet:", made.stderr.decode().splitlines()[0])
        sys.exit(77)
    assert made.returncode == 0, made.stderr.decode()
    manifest = json.loads(made.stdout)
    for error in validator.iter_errors(manifest):
        print(f"{error.json_path}: {error.message}")
        sys.exit(1)
    again = subprocess.run(command, capture_output=True, check=True, env={"RNET_ISA": "nonsense"})
    assert again.stdout == made.stdout, "not the same bytes"
    assert refused(validator, manifest, lambda m: m.pop("sizes"))
    assert refused(validator, manifest, lambda m: m["tensors"][0].update(offset=-1))
    assert refused(validator, manifest, lambda m: m["functions"][0].update(result="long"))
    assert refused(validator, manifest, lambda m: m["tensors"][0]["law"].update(kind="cauchy"))


main()
