"""qubes.Clefsign between a caller and a signer that a listener stands for: both forms of requests, hostile callers, callers and signers that go away."""
import json
import os
import signal
import socket
import subprocess
import time

import frames
import pytest
from vault import BODY, REPLY, Listener, status_line, until

STDIO = ["pipe", "socket", "one"]
MIB = 1024 * 1024


@pytest.fixture
def signer(vault):
    return vault.listen()


@pytest.fixture
def silent(vault):
    """Takes requests and never answers."""
    return vault.listen(lambda s, payload: "wait")


# --- what it is for ---

@pytest.mark.parametrize("stdio", STDIO)
def test_a_frame(vault, signer, stdio):
    call = vault.start(qube="work-2", stdio=stdio).send(frames.request(BODY, host="localhost:8550", origin="https://dapp.example", agent="curl/8"))
    assert call.result().reply() == REPLY
    assert signer.requests == [("work-2", "localhost:8550", "https://dapp.example", "curl/8", BODY)]


@pytest.mark.parametrize("stdio", STDIO)
def test_a_bare_body(vault, signer, stdio):
    """What the old guide's callers send, and get."""
    answered = vault.start(stdio=stdio).send(BODY).end().result()
    assert (answered.status, answered.out, answered.err) == (0, REPLY, "")
    assert signer.requests == [("work", "", "", "", BODY)]


def test_a_reply_that_is_an_error_is_a_reply(vault):
    error = b'{"jsonrpc":"2.0","id":1,"error":{"code":-32000,"message":"request denied"}}'
    vault.listen(lambda s, payload: s.sendall(frames.answer(frames.REPLY, error)))
    assert vault.start().send(frames.request(BODY)).result().reply() == error
    answered = vault.start().send(BODY).end().result()
    assert (answered.status, answered.out, answered.err) == (0, error, "")


def test_nothing_to_say(vault):
    """A notification has no reply."""
    vault.listen(lambda s, payload: s.sendall(frames.answer(frames.REPLY)))
    assert vault.start().send(frames.request(BODY)).result().reply() == b""
    answered = vault.start().send(BODY).end().result()
    assert (answered.status, answered.out, answered.err) == (0, b"", "")


@pytest.mark.parametrize("stdio", STDIO)
@pytest.mark.parametrize("bare", [False, True])
def test_byte_by_byte(vault, stdio, bare):
    """However request and reply are cut on their way."""
    def handle(s, payload):
        for byte in frames.answer(frames.REPLY, REPLY):
            s.sendall(bytes([byte]))
            time.sleep(0.001)
    signer = vault.listen(handle)
    call = vault.start(stdio=stdio)
    for byte in BODY if bare else frames.request(BODY):
        call.send(bytes([byte]))
        time.sleep(0.001)
    answered = (call.end() if bare else call).result()
    assert answered.out == REPLY if bare else answered.reply() == REPLY
    assert signer.requests[0][4] == BODY


@pytest.mark.parametrize("bare", [False, True])
@pytest.mark.parametrize("stdio", ["pipe", "socket"])
def test_large_both_ways(vault, bare, stdio):
    """Through the stand-in of qrexec, in its chunks; the reader of the reply is slow."""
    body, reply = b'{"x":"' + os.urandom(2 * MIB + 1).hex().encode() + b'"}', os.urandom(7 * MIB + 3)
    signer = vault.listen(lambda s, payload: s.sendall(frames.answer(frames.REPLY, reply)))
    call = vault.call(stdio=stdio).send(body if bare else frames.request(body))
    call = call.end() if bare else call
    signer.wait("requests")
    time.sleep(0.3)
    answered = call.result()
    assert answered.out == reply if bare else answered.reply() == reply
    assert signer.requests[0][4] == body


def test_the_largest_body(vault, signer):
    body = b" " * (frames.BODY_MAX - 2) + b"{}"
    assert vault.start().send(frames.request(body)).result().reply() == REPLY
    assert vault.start().send(body).end().result().out == REPLY
    assert all(r[4] == body for r in signer.requests)


# --- hostile calls ---

@pytest.mark.parametrize("name", ["", ".", "..", "../../etc/passwd", "/dev/null", "-x", "--help", "<b>x</b>", "a b", "a\nb", "a\rb", "\x1b[2J", "a\x7f",
                                  "wörk", "а", "a\u202eb", "a" * 32, "1work", "@default", "a;b", "a'b", "a%sb", "a$b"])
@pytest.mark.parametrize("bare", [False, True])
def test_hostile_names(vault, signer, name, bare):
    call = vault.start(qube=name).send(BODY if bare else frames.request(BODY))
    text = (call.end() if bare else call).result().failure(126, bare)
    assert "name" in text and (len(name) < 2 or name not in text)
    assert signer.connections == 0


def test_no_name_at_all(vault, signer):
    vault.start(qube=None).send(frames.request(BODY)).result().failure(126)
    assert signer.connections == 0


@pytest.mark.parametrize("argument", ["-x", "--help", "-", "--", "+", "x", "../x", "-h", "--version"])
def test_arguments(vault, signer, argument):
    text = vault.start(argument).send(frames.request(BODY)).result().failure(126)
    assert text == "this service takes no argument: call it as qubes.Clefsign"
    vault.start(QREXEC_SERVICE_ARGUMENT=argument).send(frames.request(BODY)).result().failure(126)
    vault.start(QREXEC_SERVICE_FULL_NAME=f"qubes.Clefsign+{argument}").send(BODY).end().result().failure(126, bare=True)
    vault.start("", argument).send(frames.request(BODY)).result().failure(126)
    assert signer.connections == 0


def test_arguments_through_qrexec(vault, signer):
    vault.call(service="qubes.Clefsign+-x").send(frames.request(BODY)).result().failure(126)
    assert signer.connections == 0


def test_no_argument_in_all_its_forms(vault, signer):
    assert vault.start("", QREXEC_SERVICE_ARGUMENT="", QREXEC_SERVICE_FULL_NAME="qubes.Clefsign+").send(frames.request(BODY)).result().reply() == REPLY
    assert vault.start(QREXEC_SERVICE_FULL_NAME=None).send(frames.request(BODY)).result().reply() == REPLY
    assert vault.call(service="qubes.Clefsign+").send(frames.request(BODY)).result().reply() == REPLY


def test_a_frame_cut_at_every_byte(vault, signer):
    """The end of the file before the frame is whole: the caller is gone, and nobody is asked anything."""
    whole = frames.request(b"{}", host="h", origin="o", agent="u")
    calls = [vault.start().send(whole[:cut]).end() for cut in range(1, len(whole))]
    for call in calls:
        answered = call.result()
        assert (answered.status, answered.out, answered.err) == (1, b"", "")
    assert signer.requests == []


def test_nothing_at_all(vault, signer):
    answered = vault.start().end().result()
    assert (answered.status, answered.out, answered.err) == (1, b"", "")
    assert signer.requests == []


@pytest.mark.parametrize("data, says", [
    (b"\0\0", "version 0"),
    (b"\0\2", "version 2"),
    (b"\0\1\xff\xff\xff\xff", "4294967295"),
    (b"\0\1\x00\x50\x40\x09", "at most"),
    (frames.frame(b""), "ends within"),
    (frames.frame(b"\xff\xff" + b"x" * 100), "ends within"),
    (frames.frame(b"\0\0\0\0\0\0\0\5{}"), "ends within"),
    (frames.request(BODY, qube="other"), "names a qube"),
    (frames.request(BODY, qube="../x"), "cannot exist"),
    (frames.request(BODY, host="a\r\nX-Forwarded-For: b"), "control"),
    (frames.request(BODY, origin="\x1b[31m"), "control"),
    (frames.request(BODY, agent=b"\xff"), "control"),
    (frames.request(BODY, agent="a" * 4097), "longer"),
    (frames.request(BODY) + b"x", "more than one"),
    (frames.request(BODY) * 2, "more than one"),
])
def test_lying_frames(vault, silent, data, says):
    """Refused at once: the caller's end is still open, and stays so."""
    assert says in vault.start().send(data).result(5).failure(126)


def test_more_bytes_while_the_person_is_asked(vault, silent):
    call = vault.start().send(frames.request(BODY))
    silent.wait("requests")
    assert "more than one" in call.send(b"{}").result().failure(126)
    silent.wait("gone")  # withdrawn


@pytest.mark.parametrize("stdio", ["pipe", "socket"])
@pytest.mark.parametrize("bare", [False, True])
def test_twenty_megabytes(vault, signer, stdio, bare):
    """Refused without being read: the caller gets its answer, whatever it still sends."""
    body = b'{"' + b"x" * (20 * MIB) + b'"}'
    call = vault.call(stdio=stdio).send(body if bare else frames.frame(b"\0" * 8 + body))
    answered = (call.end() if bare else call).result()
    assert "at most" in answered.failure(126, bare) or "the most" in answered.failure(126, bare)
    assert signer.requests == []


def test_one_byte_too_many(vault, signer):
    body = b" " * (frames.BODY_MAX + 1)
    vault.start().send(frames.request(body)).result().failure(126)
    vault.start().send(body).end().result().failure(126, bare=True)
    assert signer.requests == []


def test_a_body_that_is_too_large_takes_little_memory(vault, signer):
    call = vault.start()
    call.send(b"{" + b"x" * (frames.BODY_MAX - 10))
    peak = until(lambda: os.path.exists(f"/proc/{call.pid}/status") and int(status_line(call.pid, "VmHWM")))
    assert peak < 24 * 1024
    call.send(b"x" * 20 * MIB).end().result().failure(126, bare=True)


def test_many_at_once(vault, signer):
    """A hundred calls through qrexec, in both forms; each gets its own reply."""
    signer.handle = lambda s, payload: s.sendall(frames.answer(frames.REPLY, frames.read_request(payload)[4]))
    calls = []
    for i in range(100):
        body = b'{"n":%d}' % i
        calls.append((body, i % 2, vault.call(qube=f"qube{i}").send(body if i % 2 else frames.request(body))))
        if i % 2:
            calls[-1][2].end()
    for body, bare, call in calls:
        answered = call.result(60)
        assert answered.status == 0, answered.err
        assert (answered.out if bare else answered.reply()) == body
    assert sorted(r[0] for r in signer.requests) == sorted(f"qube{i}" for i in range(100))


def test_the_129th_call(vault, silent):
    """Only so many calls wait at a time in one qube; the next is qrexec's to refuse, and when one has ended there is room again."""
    calls = [vault.call(qube=f"work{i % 4}").send(frames.request(BODY)) for i in range(128)]
    silent.wait("requests", 128, 60)
    answered = vault.call().send(frames.request(BODY)).result()
    assert (answered.status, answered.out) == (126, b"")
    calls[5].end().result()
    silent.handle = lambda s, payload: s.sendall(frames.answer(frames.REPLY, REPLY))
    assert vault.call().send(frames.request(BODY)).result().reply() == REPLY


# --- callers that go away ---

@pytest.mark.parametrize("stdio", STDIO)
def test_the_end_of_a_frames_caller_withdraws_the_request(vault, silent, stdio):
    call = vault.start(stdio=stdio).send(frames.request(BODY))
    silent.wait("requests")
    answered = call.end().result()
    silent.wait("gone")
    assert (answered.status, answered.out, answered.err) == (1, b"", "")


@pytest.mark.parametrize("stdio", ["pipe", "socket"])
@pytest.mark.parametrize("bare", [False, True])
def test_nobody_reads_the_reply_any_more(vault, silent, stdio, bare):
    call = vault.start(stdio=stdio).send(BODY if bare else frames.request(BODY))
    call = call.end() if bare else call
    silent.wait("requests")
    answered = call.hang_up().result()
    silent.wait("gone")
    assert (answered.status, answered.err) == (1, "")


def test_one_socket_for_both_ways_that_is_closed(vault, silent):
    """The caller's end of file is half a close: it still waits. Then it closes wholly."""
    call = vault.start(stdio="one").send(BODY).end()
    silent.wait("requests")
    time.sleep(0.2)
    assert call.proc.poll() is None and silent.gone == 0
    call.hang_up()
    silent.wait("gone")
    assert call.result().status == 1


@pytest.mark.parametrize("stdio", ["pipe", "socket"])
@pytest.mark.parametrize("bare", [False, True])
@pytest.mark.parametrize("stage", ["before", "head", "body", "waiting", "reply"])
def test_callers_killed_at_every_stage(vault, stdio, bare, stage):
    """The calling qube dies, and with it everything that it had open. The service ends, and with it the signer's question."""
    def handle(s, payload):
        if stage == "reply":
            s.sendall(frames.answer(frames.REPLY, b"x" * 8 * MIB))
        return "wait"
    signer = vault.listen(handle)
    call = vault.call(stdio=stdio)
    data = BODY if bare else frames.request(BODY)
    call.send({"before": b"", "head": data[:3], "body": data[:20]}.get(stage, data))
    # For a caller who has said nothing nobody is troubled.
    until(lambda: vault.services() or signer.gone) if stage == "before" else signer.wait("connections")
    if stage in ("waiting", "reply"):
        if bare:
            call.end()
        signer.wait("requests")
        if stage == "reply":
            assert call.read(100)
    else:
        time.sleep(0.1)
    assert len(vault.services()) == 1
    call.proc.send_signal(signal.SIGKILL)
    call.proc.wait()
    # Bare bodies end with the file, and the caller's death looks the same: what there was of it is asked, and at once withdrawn.
    if stage != "before":
        signer.wait("gone")
    until(lambda: not vault.services(), what="the service to end")
    assert signer.gone == signer.connections == (stage != "before")
    assert len(signer.requests) <= (stage in ("waiting", "reply") or bare)


def test_a_reply_for_nobody(vault):
    """Gone at the very moment at which the reply comes: no signal, no noise."""
    def handle(s, payload):
        call.end().hang_up()
        s.sendall(frames.answer(frames.REPLY, b"x" * MIB))
    vault.listen(handle)
    call = vault.start().send(frames.request(BODY))
    answered = call.result()
    assert (answered.status, answered.err) == (1, "")


# --- signers that go away ---

@pytest.mark.parametrize("beginning", [b"", b"\0", b"\0\1\0\0", frames.answer(frames.REPLY, REPLY)[:7], frames.answer(frames.REPLY, REPLY)[:-1],
                                       frames.answer(frames.REFUSED, b"because")[:-1]])
@pytest.mark.parametrize("bare", [False, True])
def test_a_signer_that_ends_before_it_answered(vault, beginning, bare):
    vault.listen(lambda s, payload: s.sendall(beginning))
    call = vault.start().send(BODY if bare else frames.request(BODY))
    text = (call.end() if bare else call).result().failure(125, bare)
    assert "the signer ended before it answered" in text and "whether it signed is not known" in text


def test_a_signer_that_ends_within_a_large_reply(vault):
    """Its beginning is out already: the caller sees that it is not whole, by the status and by the frame's size."""
    whole = frames.answer(frames.REPLY, b"x" * MIB)
    vault.listen(lambda s, payload: s.sendall(whole[:-1]))
    answered = vault.start().send(frames.request(BODY)).result()
    assert answered.status == 125 and 0 < len(answered.out) < len(whole)


@pytest.mark.parametrize("answer", [b"{}" * 20, b"\0\2" + b"x" * 20, frames.answer(frames.HELLO, b"\1"), frames.answer(7, b"x"), frames.frame(b""),
                                    frames.answer(frames.REFUSED, b"x" * 10000), b"\0\1\xff\xff\xff\xff\0x"])
def test_answers_that_are_none(vault, answer):
    vault.listen(lambda s, payload: s.sendall(answer) or "wait")
    assert "answer" in vault.start().send(frames.request(BODY)).result().failure(125)


@pytest.mark.parametrize("text", ["too many calls of this qube wait", 'a "quoted" \\ text\nof two lines', "ünïcödé"])
def test_a_signer_that_refuses(vault, text):
    vault.listen(lambda s, payload: s.sendall(frames.answer(frames.REFUSED, text.encode())))
    answered = vault.start().send(frames.request(BODY)).result()
    assert (answered.status, frames.read_answer(answered.out)) == (126, (frames.REFUSED, text.encode()))
    answered = vault.start().send(BODY).end().result()
    assert (answered.status, json.loads(answered.out)["error"]) == (126, {"code": -32000, "message": text})
    assert answered.err.count("\n") == 1


def test_a_signer_that_refuses_before_it_has_read_everything(vault):
    class Early(Listener):
        def _serve(self, s):
            with s:
                s.sendall(self.greeting)
                s.recv(1000)
                s.sendall(frames.answer(frames.REFUSED, b"enough"))
                time.sleep(0.1)
    vault.listeners.append(Early(vault.socket))
    assert vault.start().send(frames.request(b"x" * 5 * MIB)).result().failure(126) == "enough"


@pytest.mark.parametrize("greeting", [b"", b"\0\1", b"{}", frames.answer(frames.REPLY, b"x"), frames.answer(frames.HELLO, b"\2"), frames.answer(frames.REFUSED, b"no"),
                                      b"\0\2\0\0\0\2\1\1"])
@pytest.mark.parametrize("bare", [False, True])
def test_greetings_that_are_none(vault, greeting, bare):
    class Rude(Listener):
        def _serve(self, s):
            with s:
                s.sendall(self.greeting)
    vault.listeners.append(Rude(vault.socket, greeting=greeting))
    call = vault.start().send(BODY if bare else frames.request(BODY))
    text = (call.end() if bare else call).result().failure(125, bare)
    assert text == "the vault's signer does not answer; its user finds the reason in the vault's log"
    assert "greeting" in vault.log.read_text() or "says nothing" in vault.log.read_text()


# --- the process ---

def test_it_is_confined_before_it_reads(vault, silent):
    data = frames.request(BODY)
    call = vault.start().send(data[:1])
    silent.wait("connections")
    until(lambda: status_line(call.pid, "Seccomp") == "2", what="the filter")
    assert status_line(call.pid, "NoNewPrivs") == "1"
    assert os.stat(f"/proc/{call.pid}/mem").st_uid == 0  # not dumpable
    call.send(data[1:])
    silent.wait("requests")
    if os.getuid() == 0:
        links = {int(fd): os.readlink(f"/proc/{call.pid}/fd/{fd}") for fd in os.listdir(f"/proc/{call.pid}/fd")}
        assert len(links) == 5 and sum(t.startswith("socket:") for t in links.values()) == 1, links
        assert str(vault.own / "calls" / "work") in links.values()


def test_it_keeps_no_descriptor_that_was_left_open(vault, silent):
    left = os.memfd_create("left-open", 0)
    os.set_inheritable(left, True)
    env = vault.env | {"QREXEC_REMOTE_DOMAIN": "work"}
    with subprocess.Popen([vault.service], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=env, close_fds=False) as proc:
        proc.stdin.write(b"\0")
        proc.stdin.flush()
        silent.wait("connections")
        if os.getuid() == 0:
            until(lambda: status_line(proc.pid, "Seccomp") == "2")
            assert not any("left-open" in os.readlink(f"/proc/{proc.pid}/fd/{fd}") for fd in os.listdir(f"/proc/{proc.pid}/fd"))
        proc.stdin.close()
    os.close(left)


def test_standard_descriptors_that_are_closed(vault, signer):
    """A socket in the place of one would get what is meant for the caller."""
    run = subprocess.run(["/bin/sh", "-c", 'exec "$0" <&- >&- 2>&-', vault.service], env=vault.env | {"QREXEC_REMOTE_DOMAIN": "work"}, timeout=20)
    assert run.returncode == 1
    assert signer.requests == []


@pytest.mark.skipif(os.getuid() != 0, reason="only root can be another user")
def test_a_signer_of_another_user_is_none(vault, signer):
    for folder in (vault.home, vault.runtime, vault.socket.parent):
        folder.chmod(0o777)
    vault.socket.chmod(0o777)
    command = ["setpriv", "--reuid=65534", "--clear-groups", vault.service]
    run = subprocess.run(command, input=frames.request(BODY), capture_output=True, env=vault.env | {"QREXEC_REMOTE_DOMAIN": "work"}, timeout=20)
    assert run.returncode == 125 and signer.requests == []
    assert b"does not answer" in run.stderr


def test_a_signer_that_takes_no_more_connections(vault):
    """Its queue is full and nobody takes from it: the caller hears so after a moment."""
    vault.socket.parent.mkdir(mode=0o700)
    with socket.socket(socket.AF_UNIX) as s:
        s.bind(str(vault.socket))
        s.listen(0)
        waiting = []
        for _ in range(3):
            waiting.append(socket.socket(socket.AF_UNIX))
            waiting[-1].setblocking(False)
            try:
                waiting[-1].connect(str(vault.socket))
            except BlockingIOError:
                pass
        assert "does not answer" in vault.start().send(frames.request(BODY)).result().failure(125)
        for w in waiting:
            w.close()
