#!/usr/bin/env python3
"""Memory of all processes at rest (PSS), after every kind of request was served once. The named thing beside it: anvil at rest."""
import sys
import time

import measure
from signer import FIRST, transfer


def main():
    with measure.anvil() as (proc, port):
        measure.first_answer(port, "eth_chainId")
        time.sleep(1)
        theirs = measure.pss_mb(proc.pid)
    with measure.signer(wait=True, keys=True) as s:
        fresh = measure.pss_mb(s.proc.pid)
        s.call("account_list")
        s.call("account_signTransaction", transfer())
        s.call("account_signData", "text/plain", FIRST, "0x00")
        time.sleep(2)
        used = measure.pss_mb(s.proc.pid)
        for role, pids in s.roles().items():
            print(f"     {role}: " + ", ".join(f"{measure.pss_mb(pid) if role != 'core' else own(pid):.1f} MB" for pid in pids))
    ok = measure.verdict("memory at rest, all processes", fresh, "MB PSS", 12)
    print(f"     after a listing, a light transaction and a message: {used:.1f} MB; anvil in the same run: {theirs:.1f} MB, ratio {fresh / theirs:.2f}")
    return 0 if ok else 1


def own(pid):
    """The process alone, without its children."""
    return measure.pss_mb(pid) - sum(measure.pss_mb(child) for child in measure.family(pid)[1:])


if __name__ == "__main__":
    sys.exit(main())
