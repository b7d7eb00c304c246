#!/usr/bin/env python3
"""What clef-proxy and qubes.Clefsign cost per request beyond qrexec itself, against the old way, a Python listener and a shell service, in the same run.

The request is account_version, which asks nobody. CPU is user and system time of all processes between the dapp and the signer, without those two. A stand-in
for qrexec-client-vm with a service that only copies (cat) is what "qrexec itself" means, and is subtracted from both. The real one does more, for both alike.
"""
import contextlib
import ctypes
import http.client
import json
import os
import pathlib
import resource
import signal
import statistics
import subprocess
import sys
import tempfile
import time

import measure

sys.path.insert(0, str(measure.ROOT / "tests" / "qubes"))
from bed import Bed, processes  # noqa: E402  (the path comes first)
from signer import Signer, request, until  # noqa: E402

CLIENT_VM = measure.ROOT / "build" / "tests" / "bench" / "bench-qrexec-client"
HERE = pathlib.Path(__file__).resolve().parent
FEW, MANY, ROUNDS = 20, 120, 3
BODY = json.dumps(request("account_version")).encode()
PR_SET_CHILD_SUBREAPER = 36


def ended_cpu_ms():
    """CPU of all processes that have ended and were waited for, here or by their parents."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (used.ru_utime + used.ru_stime) * 1000


def end(pid):
    """End a listener, and wait for it and for what it had started: as a subreaper this process is the parent of whoever is left behind."""
    pids = measure.family(pid)
    os.kill(pid, signal.SIGTERM)
    for one in pids:
        with contextlib.suppress(ChildProcessError):  # its own parent was in time
            os.waitpid(one, 0)


def ask(connection):
    begin = time.perf_counter()
    connection.request("POST", "/", BODY, {"Content-Type": "application/json"})
    answer = json.loads(connection.getresponse().read())
    assert answer["result"] == "6.1.0", answer
    return (time.perf_counter() - begin) * 1000


def cost_of_listener(start, keep_alive):
    """(CPU in ms per request, median of the time until an answer) of a listener: what more requests cost more, so that its start is not counted."""
    totals, times = [], []
    for count in (FEW, MANY):
        before = ended_cpu_ms()
        proc, port = start()
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        for _ in range(count):
            times.append(ask(connection))
            if not keep_alive:
                connection.close()
        connection.close()
        end(proc.pid)
        proc.returncode = 0  # for its destructor: it was waited for
        totals.append(ended_cpu_ms() - before)
    return (totals[1] - totals[0]) / (MANY - FEW), statistics.median(times)


def cost_of_qrexec(client):
    before = ended_cpu_ms()
    for _ in range(MANY):
        done = subprocess.run(["qrexec-client-vm", "@default", "bench.Copy"], input=BODY, env=client.env, stdout=subprocess.PIPE, check=True,
                              executable=str(client.bed.home / "bin" / "qrexec-client-vm"))
        assert done.stdout == BODY
    return (ended_cpu_ms() - before) / MANY


def old_listener(client):
    port = measure.free_port()
    proc = subprocess.Popen([sys.executable, str(HERE / "old_listener.py"), str(port), "vault"], env=client.env, stdin=subprocess.DEVNULL)
    until(lambda: listens(port), 10, "the old listener")
    return proc, port


def listens(port):
    try:
        http.client.HTTPConnection("127.0.0.1", port, timeout=1).connect()
        return True
    except OSError:
        return False


def new_listener(client):
    proxy = client.proxy("--loglevel", "1")
    client.bed.proxies.clear()  # it is ended here
    return proxy.proc, proxy.port


def old_vault(home):
    """A bed whose service is the shell's, which starts the signer that it hands everything to."""
    bed = Bed(measure.CLEF, home / "old", client_vm=CLIENT_VM)
    port = measure.free_port()
    signer = Signer(measure.CLEF, home / "old", "--loglevel", "1", keys=False, ui=None, start=False, port=port)
    (bed.home / "rpc" / "qubes.Clefsign").unlink()
    (bed.home / "rpc" / "qubes.Clefsign").symlink_to(HERE / "old_service")
    with open(bed.home / "service.env", "a") as env:
        env.write(f"PATH={os.environ['PATH']}\nOLD_SOCKET={signer.ipc}\nOLD_PORT={port}\nOLD_SIGNER={' '.join(signer.command)} --stdio-ui\n")
    return bed


def first_answer(bed):
    """Time in ms until the first call is answered, in a vault without a signer."""
    begin = time.perf_counter()
    done = subprocess.run(["qrexec-client-vm", "@default", "qubes.Clefsign"], input=BODY, env=bed.qube("work").env, stdout=subprocess.PIPE,
                          executable=str(bed.home / "bin" / "qrexec-client-vm"))
    assert b"6.1.0" in done.stdout, done
    return (time.perf_counter() - begin) * 1000


def main():
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    with tempfile.TemporaryDirectory(prefix="clef-bed-") as folder:
        home = pathlib.Path(folder)
        old, new = old_vault(home), Bed(measure.CLEF, home / "new", client_vm=CLIENT_VM)
        try:
            old_start, new_start = first_answer(old), first_answer(new)
            for bed in (old, new):
                (bed.home / "rpc" / "bench.Copy").symlink_to("/bin/cat")
            rounds = []
            for _ in range(ROUNDS):
                rounds.append((cost_of_qrexec(new.qube("work")), *cost_of_listener(lambda: new_listener(new.qube("work")), True),
                               *cost_of_listener(lambda: old_listener(old.qube("work")), False)))
            qrexec, ours, our_time, theirs, their_time = (statistics.median(column) for column in zip(*rounds))
        finally:
            new.close()
            old.close()
            for pid, words in list(processes()):
                if words[0] == measure.CLEF and str(old.keystore) in words:
                    os.kill(pid, signal.SIGINT)
                    os.waitpid(pid, 0)
    print(f"     qrexec's stand-in and a service that copies: {qrexec:.2f} ms CPU, subtracted from both")
    ok = measure.verdict("clef-proxy and qubes.Clefsign, beyond qrexec itself", ours - qrexec, "ms CPU a request", 3)
    ok &= measure.verdict("the same against the old listener and shell service", (ours - qrexec) / (theirs - qrexec), "of theirs", 1)
    print(f"     theirs: {theirs - qrexec:.2f} ms CPU; until an answer: {our_time:.1f} ms, theirs {their_time:.1f} ms")
    ok &= measure.verdict("the first call, which starts the signer, against theirs", new_start / old_start, "of theirs", 1)
    print(f"     {new_start:.0f} ms, theirs {old_start:.0f} ms")
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
