"""What other qubes, and what runs in them, may do to the vault and to each other: names, arguments, broken frames, floods, callers and signers that die at any moment."""
import getpass
import json
import os
import random
import signal
import socket
import struct
import subprocess
import time

import pytest
from eth_account import Account
from eth_account.messages import encode_defunct

import frames
from bed import Call, ancestors, as_bytes, processes
from signer import FIRST, SILENT, Later, RpcError, approve_input, approving, request, transfer, until

VERSION = request("account_version")


def nothing_asked(signer):
    """No question has reached the person."""
    return not [m for m in signer.seen if m["method"].startswith("ui_approve") or m["method"] == "ui_onInputRequired"]


def signatures(bed):
    """Lines of the audit log that say that something was signed."""
    return [line for line in bed.home.joinpath("audit.log").read_text().splitlines() if "Response" in line and '"error":null' in line.replace(" ", "")]


# --- names, arguments, headers ---

BAD_NAMES = ["", "../../../etc/passwd", "/etc/passwd", "-x", "--help", "<b>work</b>", "work\x1b[2Jvault", "work\r\nqube", "wörk", "1work", "w" * 32, "a b",
             "%s%n", "qube:work", "@dispvm", "work\u202e"]


@pytest.mark.parametrize("name", BAD_NAMES)
def test_a_name_that_no_qube_has_is_refused(bed, name):
    signer = bed.ready()
    qube = bed.qube(name)
    status, kind, rest, err = qube.frame(request("account_list"))
    assert (status, kind) == (126, frames.REFUSED) and rest
    assert all(c.isprintable() or c == "\n" for c in rest.decode() + err)
    assert not name or len(name) < 3 or name not in rest.decode() + err
    status, out, err = qube.bare(request("account_list"))
    assert status == 126 and json.loads(out)["error"]["message"] and json.loads(out)["id"] is None
    assert nothing_asked(signer)


@pytest.mark.parametrize("argument", ["-", "--help", "-x", "--qrexec-socket", "account_version", "..", "+", "_"])
def test_an_argument_is_refused(bed, argument):
    signer = bed.ready()
    status, out, err = bed.qube("work").bare(request("account_list"), service=f"qubes.Clefsign+{argument}")
    assert status == 126 and "argument" in json.loads(out)["error"]["message"]
    assert nothing_asked(signer)


@pytest.mark.parametrize("name", ["host", "origin", "agent"])
@pytest.mark.parametrize("value", ["a\r\nX-Qube: vault", "a\nb", "\x1b]0;title\x07", "a\0b", b"\xff\xfe", "\x7f", "\x9b31m"])
def test_a_claim_with_control_characters_is_refused(bed, name, value):
    signer = bed.ready()
    status, kind, rest, err = bed.qube("work").frame(request("account_list"), **{name: value})
    assert (status, kind) == (126, frames.REFUSED)
    assert nothing_asked(signer)


def test_a_caller_names_no_qube(bed):
    """Whose name it is, qrexec says and nobody else."""
    signer = bed.ready()
    status, kind, rest, err = bed.qube("work").frame(None, raw=frames.request(request("account_list"), qube="vault"))
    assert (status, kind) == (126, frames.REFUSED) and nothing_asked(signer)


# --- sizes ---


LONG = frames.request(VERSION)
BROKEN = {
    "another version": b"\0\2" + LONG[2:],
    "more than a frame may have": b"\0\1\xff\xff\xff\xff" + LONG[6:],
    "one byte more than a frame may have": struct.pack(">BBI", 0, 1, frames.BODY_MAX + 4 * (2 + frames.CLAIM_MAX) + 1),
    "nothing at all": b"\0\1\0\0\0\0",
    "too short for the claims": frames.frame(b"\0\0\0\0\0"),
    "a claim beyond the end": frames.frame(b"\0\0" + b"\xff\xff" + b"abc"),
    "a claim that is too long": frames.frame(b"\0\0" + struct.pack(">H", 4097) + b"a" * 4097 + b"\0\0\0\0" + b"{}"),
    "two frames": LONG + LONG,
    "a byte too many": LONG + b"\n",
}


@pytest.mark.parametrize("raw", BROKEN.values(), ids=BROKEN)
def test_a_broken_frame_is_refused(bed, raw):
    signer = bed.ready(ui=approving(ui_approveListing=lambda p: SILENT))
    status, kind, rest, err = bed.qube("work").frame(None, raw=raw, seconds=10)
    assert (status, kind) == (126, frames.REFUSED) or (raw.startswith(LONG) and (status, kind) == (0, frames.REPLY)), (status, kind, rest, err)
    assert nothing_asked(signer)


@pytest.mark.parametrize("size", [1, 2, 5, 6, 7, 20, len(LONG) - 1])
def test_a_frame_that_ends_early_asks_nobody(bed, size):
    signer = bed.ready()
    status, out, err = bed.qube("work").bare(LONG[:size])
    assert status in (1, 126) and nothing_asked(signer)
    assert bed.qube("work").call("account_version") == "6.1.0"


@pytest.mark.parametrize("size", [1, 6, len(LONG) - 1])
def test_half_a_frame_waits_for_the_rest(bed, size):
    bed.ready()
    call = Call(bed.qube("work"), raw=LONG[:size])
    time.sleep(0.2)
    assert call.process.poll() is None
    call.process.stdin.write(LONG[size:])
    call.process.stdin.flush()
    assert call.get()[:2] == (0, frames.REPLY)


def test_byte_by_byte(bed):
    bed.ready()
    for raw, close in ((LONG, False), (json.dumps(VERSION).encode(), True)):
        call = Call(bed.qube("work"), raw=b"")
        for byte in raw:
            call.process.stdin.write(bytes([byte]))
            call.process.stdin.flush()
            time.sleep(0.001)
        if close:
            call.process.stdin.close()
        assert b"6.1.0" in call.get()[2]


def test_twenty_megabytes_are_refused(bed):
    signer = bed.ready()
    work, proxy = bed.qube("work"), bed.qube("work").proxy()
    big = request("account_signData", "text/plain", FIRST, "0x" + "61" * 10_000_000)
    status, out, err = work.bare(big)
    assert status == 126 and json.loads(out)["error"]["message"]
    call = work.qrexec()
    with pytest.raises(BrokenPipeError):  # it does not wait for the rest
        call.stdin.write(struct.pack(">BBI", 0, 1, 20_000_000) + b"\0" * 20_000_000)
    assert call.stdout.read()[6] == frames.REFUSED and call.wait() == 126
    try:
        assert proxy.post(big)[0] == 413
    except (BrokenPipeError, ConnectionResetError):
        pass  # it answers before it has read everything
    assert nothing_asked(signer)
    assert proxy.call("account_version") == "6.1.0"


def test_the_largest_body_passes(bed):
    """A little below 5 MiB, and a long answer."""
    bed.ready()
    data = "0x" + "61" * ((frames.BODY_MAX - 300) // 2)
    proxy = bed.qube("work").proxy()
    signature = proxy.call("account_signData", "text/plain", FIRST, data)
    assert Account.recover_message(encode_defunct(hexstr=data), signature=signature) == FIRST
    assert json.loads(bed.qube("work").bare(request("account_signData", "text/plain", FIRST, data))[1])["result"] == signature


# --- callers that die ---

class Hands:
    """A person who takes a while: each question waits until the test answers it."""

    def __init__(self, bed, *held):
        self.signer = bed.ready(ui=approving(**{method: lambda p: SILENT for method in held}))

    def asked(self, method):
        return self.signer.asked(method)

    def withdrawn(self, question):
        message = self.signer.asked("ui_withdraw")
        assert message["params"][0]["id"] == question["id"] and message["params"][0]["reason"]

    def answer(self, question, result):
        self.signer.reply(question["id"], result)


def by_frame(bed):
    call = Call(bed.qube("work"), request("account_signTransaction", transfer(chainId="0x7a69")))
    return call.kill


def by_closing_the_input(bed):
    call = Call(bed.qube("work"), request("account_signTransaction", transfer(chainId="0x7a69")))
    return call.process.stdin.close


def by_bare_body(bed):
    call = bed.qube("work").qrexec()
    call.stdin.write(as_bytes(request("account_signTransaction", transfer(chainId="0x7a69"))))
    call.stdin.close()
    return call.kill


def by_http(bed):
    s = bed.qube("work").proxy().connect()
    body = as_bytes(request("account_signTransaction", transfer(chainId="0x7a69")))
    s.sendall(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
    return s.close


def by_http_and_the_proxy_dies(bed):
    proxy = bed.qube("work").proxy()
    proxy.later("account_signTransaction", transfer(chainId="0x7a69"))
    return proxy.proc.kill


def by_http_and_its_client_vm_dies(bed):
    proxy = bed.qube("work").proxy()
    proxy.later("account_signTransaction", transfer(chainId="0x7a69"))

    def kill():
        for pid, words in processes():
            if "qrexec-client-vm" in " ".join(words) and proxy.proc.pid in ancestors(pid):
                os.kill(pid, signal.SIGKILL)
    return kill


def by_the_service(bed):
    Call(bed.qube("work"), request("account_signTransaction", transfer(chainId="0x7a69")))
    return lambda: [os.kill(pid, signal.SIGKILL) for pid in bed.services()]


WAYS = [by_frame, by_closing_the_input, by_bare_body, by_http, by_http_and_the_proxy_dies, by_http_and_its_client_vm_dies, by_the_service]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("stage", ["ui_approveTx", "ui_onInputRequired"])
def test_a_caller_that_dies_takes_its_question_along(bed, way, stage):
    hands = Hands(bed, stage)
    kill = way(bed)
    question = hands.asked(stage)
    kill()
    hands.withdrawn(question)
    until(lambda: not bed.services(), 5, "the service to end")
    # A person who says yes all the same signs nothing.
    params = question["params"][0]
    hands.answer(question, {"approved": True, "transaction": params["transaction"]} if stage == "ui_approveTx" else approve_input(question["params"]))
    assert bed.qube("work").call("account_version") == "6.1.0"
    time.sleep(0.1)
    assert not signatures(bed) and hands.signer.count("ui_onApprovedTx") == 0
    assert hands.signer.count("ui_onInputRequired") == (stage == "ui_onInputRequired")


def test_a_caller_that_dies_before_its_request_was_whole(bed):
    signer = bed.ready()
    raw = frames.request(request("account_list"))
    for size in (0, 1, 6, 20, len(raw) - 1):
        call = Call(bed.qube("work"), raw=raw[:size])
        until(bed.services, 5, "the service")
        call.kill()
        until(lambda: not bed.services(), 5, "the service to end")
    s = bed.qube("work").proxy().connect()
    s.sendall(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{")
    s.close()
    assert bed.qube("work").call("account_version") == "6.1.0" and nothing_asked(signer)


def test_callers_that_die_at_any_moment(bed, rounds):
    """The person approves as fast as it goes, so that deaths fall into every stage. What was approved may be signed or not; nothing is left, nobody else suffers."""
    signer = bed.ready()
    moments = random.Random(5)
    for _ in range(rounds(3, 200)):
        kills = [moments.choice(WAYS[:4])(bed) for _ in range(4)]
        time.sleep(moments.random() * 0.2)
        for kill in kills:
            kill()
        for proxy in bed.proxies:
            proxy.close()
        bed.proxies.clear()
    assert bed.qube("work").call("account_version") == "6.1.0"
    until(lambda: not bed.services(), 5, "the services to end")
    until(lambda: signer.ui_call("clef_pending")["result"] == [], 5, "the requests to be gone")
    assert len(signatures(bed)) <= signer.count("ui_approveTx")


def test_one_of_many_dies(bed):
    """The others' questions stay, in the order in which they came."""
    hands = Hands(bed, "ui_approveTx")
    calls = []

    def wait_pending(count):
        until(lambda: len(hands.signer.ui_call("clef_pending")["result"]) == count, 5, f"{count} requests")
    for i, name in enumerate(("one", "two", "three")):
        calls.append(Call(bed.qube(name), request("account_signTransaction", transfer(chainId="0x7a69", value=hex(i + 1)))))
        wait_pending(i + 1)
    calls[1].kill()
    wait_pending(2)
    for count, number in enumerate((0, 2), 1):
        question = hands.signer.asked("ui_approveTx", count)
        assert question["params"][0]["transaction"]["value"] == hex(number + 1)
        hands.answer(question, {"approved": True, "transaction": question["params"][0]["transaction"]})
        assert calls[number].get()[:2] == (0, frames.REPLY)
    assert hands.signer.count("ui_approveTx") == 2


# --- signers that die, or do not start ---

ROLES = ["core", "keys", "gate", "proofs"]


@pytest.mark.parametrize("role", ROLES)
def test_a_signer_that_is_killed_while_it_asks(bed, role):
    proxy = bed.qube("work").proxy()
    first = bed.attend_later(approving(ui_approveTx=lambda p: SILENT))
    waiting = proxy.later("account_signTransaction", transfer(chainId="0x7a69"))
    person = first.get()
    person.asked("ui_approveTx")
    call = Call(bed.qube("other"), request("account_list"))
    until(lambda: len(person.call("clef_pending")["result"]) == 2, 5, "the other's request")
    os.kill(bed.roles()[role], signal.SIGKILL)
    with pytest.raises(RpcError) as e:
        waiting.get()
    assert_tells_nothing(bed, e.value.message)
    status, kind, rest, err = call.get()
    assert (status, kind) == (125, frames.REFUSED) or (status == 0 and "result" not in json.loads(rest) and role != "core")
    assert_tells_nothing(bed, rest.decode() + err)
    until(lambda: not bed.cores(), 5, "the rest of the signer to end")
    # The next call has a signer again.
    bed.ui_noted.unlink()
    assert proxy.call("account_version") == "6.1.0"
    bed.attend()
    assert "raw" in proxy.call("account_signTransaction", transfer(chainId="0x7a69"))


def assert_tells_nothing(bed, text):
    """What reaches another qube says nothing of the vault."""
    for private in (str(bed.home), "/", "clef.ipc", ".sock", "password", getpass.getuser() + "@", "signer-options", str(os.getpid())):
        assert private not in text.replace("HTTP/", ""), text


START_FAILURES = {
    "no such program": "signer = /nonexistent/secret-folder/clef\n",
    "it ends at once": "signer = /bin/false\n",
    "it is no program": "signer = /etc/passwd\n",
    "it never serves": "signer = {home}/sleeper\nstart-timeout = 1\n",
    "an option that it does not know": "signer = {clef}\nsigner-options = --secret-option-x\n",
    "a keystore that is none": "signer = {clef}\nsigner-options = --keystore /dev/null/private --ui-socket relative\n",
    "settings that are none": "what is this\n",
    "a setting that there is not": "secret-setting = 1\n",
    "settings twice": "start-timeout = 1\nstart-timeout = 2\n",
}


@pytest.mark.parametrize("settings", START_FAILURES.values(), ids=START_FAILURES)
def test_a_signer_that_does_not_start(bed, settings):
    sleeper = bed.home / "sleeper"
    sleeper.write_text("#!/bin/sh\nexec sleep 60\n")
    sleeper.chmod(0o700)
    bed.settings.write_text(settings.format(home=bed.home, clef=bed.clef) + "ui-command = true\n")
    begin = time.monotonic()
    status, kind, rest, err = bed.qube("work").frame(request("account_list"))
    assert (status, kind) == (125, frames.REFUSED) and "could not be started" in rest.decode()
    assert_tells_nothing(bed, rest.decode() + err)
    status, out, err = bed.qube("work").bare(request("account_list"))
    assert status == 125 and json.loads(out)["error"]
    assert_tells_nothing(bed, out.decode() + err)
    with pytest.raises(RpcError) as e:
        bed.qube("work").proxy().call("account_list")
    assert_tells_nothing(bed, e.value.message)
    assert time.monotonic() - begin < 8
    assert bed.log(), "the vault's log says why"
    until(lambda: not [w for _, w in processes() if str(sleeper) in w], 5, "nothing to be left")


def test_a_start_that_failed_is_tried_again_later(bed):
    good = bed.settings.read_text()
    bed.settings.write_text("signer = /bin/false\n")
    assert bed.qube("work").frame(VERSION)[0] == 125
    bed.settings.write_text(good)
    until(lambda: bed.qube("work").frame(VERSION)[0] == 0, 20, "another try")


def test_many_calls_start_one_signer(bed):
    proxy = bed.qube("work").proxy()
    calls = [Call(bed.qube(f"qube{i}"), VERSION) for i in range(10)] + [proxy.later("account_version") for _ in range(5)]
    for call in calls[:10]:
        assert call.get()[:2] == (0, frames.REPLY)
    for call in calls[10:]:
        assert call.get() == "6.1.0"
    assert len(bed.cores()) == 1 and bed.log().count("listening on") == 1 and bed.ui_starts() == 1


def test_a_signer_started_by_hand_is_used(bed):
    bed.ready()
    assert bed.qube("work").call("account_version") == "6.1.0"
    assert bed.ui_starts() == 0 and len(bed.cores()) == 1


# --- many ---

def test_a_hundred_at_once_are_not_mixed_up(bed):
    bed.ready()
    proxies = [bed.qube(name).proxy() for name in ("one", "two", "three", "four")]
    calls = {f"message {i}": proxies[i % 4].later("account_signData", "text/plain", FIRST, "0x" + f"message {i}".encode().hex(), seconds=60) for i in range(100)}
    signed = 0
    for text, call in calls.items():
        try:
            assert Account.recover_message(encode_defunct(text=text), signature=call.get(60)) == FIRST, text
            signed += 1
        except RpcError as e:
            assert "too many" in e.message, e
    assert signed >= 50


def test_the_call_after_the_last_place(bed):
    """qrexec carries 128 calls to a vault at once, of all qubes together."""
    bed.ready()
    raw = frames.request(VERSION)
    waiting = [Call(bed.qube(f"work{i % 4}"), raw=raw[:10]) for i in range(128)]  # no qube has more than its share
    until(lambda: len(bed.services()) == 128, 30, "128 services")
    proxy = bed.qube("other").proxy()
    with pytest.raises(RpcError) as e:
        proxy.call("account_version")
    assert e.value.message
    assert bed.qube("other").bare(VERSION)[0] == 126
    for call in waiting:
        call.process.stdin.write(raw[10:])
        call.process.stdin.flush()
    assert all(call.get()[:2] == (0, frames.REPLY) for call in waiting)
    assert proxy.call("account_version") == "6.1.0"


def test_a_flood_starves_nobody(bed):
    """One qube asks without end, another one once: it is next."""
    hands = Hands(bed, "ui_approveSignData")
    flooder = bed.qube("flood").proxy()
    flood = [flooder.later("account_signData", "text/plain", FIRST, "0x" + f"flood {i}".encode().hex(), seconds=60) for i in range(60)]
    hands.asked("ui_approveSignData")
    until(lambda: any(call.done() for call in flood), 20, "the queue of one qube to be full")
    wanted = bed.qube("work").proxy().later("account_signData", "text/plain", FIRST, "0x" + b"work".hex())
    until(lambda: "qube:work" in json.dumps(hands.signer.ui_call("clef_pending")), 20, "the other's call")
    assert hands.signer.count("ui_approveSignData") == 1, "one prompt at a time"
    hands.answer(hands.asked("ui_approveSignData"), {"approved": True})
    question = hands.signer.asked("ui_approveSignData", 2)
    assert question["params"][0]["meta"]["remote"] == "qube:work"
    hands.answer(question, {"approved": True})
    assert Account.recover_message(encode_defunct(text="work"), signature=wanted.get()) == FIRST
    # Who asked too much hears so at once.
    done = [call for call in flood if call.done()]
    assert len(done) > 1
    refusals = [call.error for call in flood if call.done() and call.error]
    assert refusals and all(isinstance(e, RpcError) and "too many" in e.message for e in refusals)
