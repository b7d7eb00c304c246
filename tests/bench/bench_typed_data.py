#!/usr/bin/env python3
"""Typed data (EIP-712) from JSON text to digest, against @metamask/eth-sig-util in the same run: a Seaport order and a Permit, in turns."""
import json
import os
import pathlib
import statistics
import subprocess
import sys

import measure

CLIENT = pathlib.Path(os.environ.get("CLEF_BUILD", measure.ROOT / "build")) / "tests" / "bench" / "bench-typed-data-client"
THEIRS = measure.ROOT / "tests" / "interop" / "typed_data_bench.mjs"
VECTORS = {v["name"]: v for v in json.loads((measure.ROOT / "tests" / "vectors" / "typed-data.json").read_text())}
ROUNDS, SECONDS, WANTED = 3, 1, 20


def rate(command, vector):
    done = subprocess.run([*command, str(SECONDS)], input=json.dumps(vector["document"]), capture_output=True, text=True, check=True)
    found, digest = done.stdout.split()
    assert digest == vector["digest"], f"{command[0]} hashes {vector['name']} to {digest}"
    return float(found)


def main():
    ok = True
    for name in ("Seaport order", "Permit of ERC-2612"):
        pairs = [(rate([str(CLIENT)], VECTORS[name]), rate(["node", str(THEIRS)], VECTORS[name])) for _ in range(ROUNDS)]
        ours, theirs = (statistics.median(side) for side in zip(*pairs))
        ok &= measure.verdict(f"{name}, JSON to digest", statistics.median(a / b for a, b in pairs), "of eth-sig-util's rate", WANTED, below=False)
        print(f"     {ours:,.0f} and {theirs:,.0f} a second")
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
