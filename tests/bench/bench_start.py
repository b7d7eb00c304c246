#!/usr/bin/env python3
"""CPU that a start costs until the first answer: an empty keystore, and 100,000 key files with a warm index. The named thing beside it: anvil's start."""
import json
import pathlib
import statistics
import sys
import tempfile

import measure

KEYS = 100_000


def start_cost(method, **settings):
    """Median CPU in ms over five starts."""
    costs = []
    for _ in range(5):
        with measure.signer(**settings) as s:
            measure.first_answer(s.port, method)
            costs.append(measure.cpu_ms(s.proc.pid))
    return statistics.median(costs)


def fill(keystore, count):
    """Key files as Clef names them; what they hold beside the address is the same in all."""
    keystore.mkdir(parents=True, exist_ok=True)
    crypto = json.loads(next(measure.ROOT.glob("tests/vectors/*/fixtures/three-keys/keystore/*")).read_text())
    for n in range(count):
        address = f"{n + 1:040x}"
        (keystore / f"UTC--2026-01-01T00-00-00.{n:09}Z--{address}").write_text(json.dumps(crypto | {"address": address}))


def main():
    with measure.anvil() as (proc, port):
        measure.first_answer(port, "eth_chainId")
        theirs = measure.cpu_ms(proc.pid)
    empty = start_cost("account_version")
    ok = measure.verdict("start to first answer, empty keystore", empty, "ms CPU", 15)
    print(f"     anvil's start in the same run: {theirs:.1f} ms CPU, ratio {empty / theirs:.2f}")
    with tempfile.TemporaryDirectory() as home:
        fill(pathlib.Path(home) / "keystore", KEYS)
        with measure.signer(home=home, wait=True) as s:  # makes the index
            assert len(s.ui_call("clef_listAccounts", seconds=120)["result"]) == KEYS
        full = start_cost("account_version", home=home)
        listing = start_cost("account_list", home=home)
        ok &= measure.verdict(f"start to first answer, {KEYS:,} key files, warm index", full, "ms CPU", 100)
        print(f"     anvil's start in the same run: {theirs:.1f} ms CPU, ratio {full / theirs:.2f}; to the first list of all accounts: {listing:.0f} ms CPU")
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
