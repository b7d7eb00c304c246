"""Blob transactions with their blobs, read by the programs that put them onto the network."""
import pathlib
import subprocess

HERE = pathlib.Path(__file__).resolve().parent


def test_network_forms(start):
    signer = start("--advanced")  # the calldata is no call that anybody knows
    done = subprocess.run(["node", str(HERE / "blobs.mjs"), "http", f"http://127.0.0.1:{signer.port}/"], capture_output=True, text=True, timeout=110,
                          stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stdout + done.stderr + signer.stderr()
    assert done.stdout.rstrip().endswith("1..12")
