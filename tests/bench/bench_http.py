#!/usr/bin/env python3
"""account_version over HTTP keep-alive against anvil's eth_chainId: the same client, in turns in the same run, on 1 and 16 connections."""
import json
import statistics
import subprocess
import sys

import measure

CLIENT = measure.ROOT / "build" / "tests" / "bench" / "bench-http-client"
ROUNDS, SECONDS = 3, 2


def rate(port, connections, method):
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": []})
    done = subprocess.run([str(CLIENT), str(port), str(connections), str(SECONDS), body], capture_output=True, text=True, check=True)
    return float(done.stdout)


def main():
    ok = True
    with measure.anvil() as (_, port), measure.signer("--loglevel", "1", wait=True) as s:
        measure.first_answer(port, "eth_chainId")
        for connections in (1, 16):
            pairs = [(rate(s.port, connections, "account_version"), rate(port, connections, "eth_chainId")) for _ in range(ROUNDS)]
            ratio = statistics.median(ours / theirs for ours, theirs in pairs)
            ours, theirs = (statistics.median(side) for side in zip(*pairs))
            ok &= measure.verdict(f"account_version / eth_chainId, {connections} connection{'s' * (connections > 1)}", ratio, "of anvil's rate", 0.6, below=False)
            print(f"     {ours:,.0f} and {theirs:,.0f} a second")
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
