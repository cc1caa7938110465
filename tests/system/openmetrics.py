#!/usr/bin/python3
"""Checks standard input against the OpenMetrics text format, as far as nsisoctl uses it; prints NAME{LABELS} VALUE."""
import re
import sys

TEXT = sys.stdin.read()
SAMPLE = re.compile(r'([a-z_]+)(?:\{((?:[a-z]+="[^"\\\n]*",?)*)\})? ([0-9]+(?:\.[0-9]+)?)$')
families, seen, current, kind = set(), set(), None, None

if not TEXT.endswith("# EOF\n") or TEXT.count("# EOF") != 1:
    sys.exit("no # EOF at the end")
for number, line in enumerate(TEXT.splitlines()[:-1], 1):
    words = line.split(" ", 3)
    if words[:2] == ["#", "TYPE"]:
        current, kind = words[2], words[3]
        if current in families or kind not in ("gauge", "counter") or current.endswith("_total"):
            sys.exit(f"{number}: {line}")
        families.add(current)
    elif words[0] == "#":
        if words[1] not in ("UNIT", "HELP") or words[2] != current:
            sys.exit(f"{number}: {line}")
        if words[1] == "UNIT" and not current.endswith("_" + words[3]):
            sys.exit(f"{number}: the name does not end in its unit: {line}")
    else:
        sample = SAMPLE.match(line)
        if not sample or sample[1] != (current or "") + ("_total" if kind == "counter" else ""):
            sys.exit(f"{number}: {line}")
        if (sample[1], sample[2]) in seen:
            sys.exit(f"{number}: twice: {line}")
        seen.add((sample[1], sample[2]))
        print(line)
