"""What the benchmarks share: starting the signer and anvil, reading what the kernel counts for all their processes."""
import contextlib
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT / "tests"))
from signer import Signer, approving, free_port  # noqa: E402,F401  (the path comes first)

CLEF = str(ROOT / "build" / "clef")


def first_answer(port, method, seconds=120):
    """Ask until the server answers."""
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": []}).encode()
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            with urllib.request.urlopen(urllib.request.Request(f"http://127.0.0.1:{port}", body, {"Content-Type": "application/json"}), timeout=60) as answer:
                return json.load(answer)["result"]
        except OSError:
            time.sleep(0.001)
    raise SystemExit("no answer")


def family(pid):
    """A process and all that came from it."""
    found, parents = [pid], {}
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            parents[int(stat.parent.name)] = int(stat.read_text().rsplit(") ", 1)[1].split()[1])
    for one in found:
        found += [child for child, parent in parents.items() if parent == one]
    return found


def cpu_ms(pid):
    """CPU time of a process, its children and all their threads, in milliseconds. Threads and processes that ended are missing."""
    total = 0
    for one in family(pid):
        for task in pathlib.Path(f"/proc/{one}/task").iterdir():
            with contextlib.suppress(OSError):
                total += int((task / "schedstat").read_text().split()[0])
    return total / 1e6


def pss_mb(pid):
    """Memory of a process and its children, shared pages divided among those who share them, in MB (10^6)."""
    return sum(int(re.search(r"^Pss:\s+(\d+) kB", pathlib.Path(f"/proc/{one}/smaps_rollup").read_text(), re.M)[1]) for one in family(pid)) * 1024 / 1e6


@contextlib.contextmanager
def anvil():
    """(process, port) of a local node; the time until its first answer is the caller's to measure."""
    binary = next((ROOT / "tests/interop/node_modules/@foundry-rs").glob("anvil-*/bin/anvil"))
    port = free_port()
    with tempfile.TemporaryDirectory() as home:
        proc = subprocess.Popen([str(binary), "--silent", "--host", "127.0.0.1", "--port", str(port)], cwd=home,
                                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            yield proc, port
        finally:
            proc.terminate()
            proc.wait()


@contextlib.contextmanager
def signer(*args, home=None, **settings):
    with contextlib.ExitStack() as stack:
        home = home or stack.enter_context(tempfile.TemporaryDirectory())
        running = Signer(CLEF, home, *args, **({"keys": False, "wait": False} | settings))
        try:
            yield running
        finally:
            running.close()


def verdict(what, value, unit, limit, below=True):
    ok = value <= limit if below else value >= limit
    print(f"{'ok  ' if ok else 'MISS'} {what}: {value:.2f} {unit} (wanted: {'at most' if below else 'at least'} {limit:g} {unit})", flush=True)
    return ok
