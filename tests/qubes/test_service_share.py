"""What one qube can take of the vault: its places among qrexec's, the time a place is held, and what calls that are no requests set off."""
import os
import time

import frames
import pytest
from test_service_start import ask, signer  # noqa: F401  (a fixture)
from vault import BODY, REPLY, until

MIB = 1024 * 1024
SHARE = 40


@pytest.fixture
def silent(vault):
    return vault.listen(lambda s, payload: "wait")


def test_one_qube_takes_its_share_and_no_more(vault, silent):
    calls = [vault.start(qube="greedy").send(frames.request(BODY)) for _ in range(SHARE)]
    silent.wait("requests", SHARE)
    for bare in (False, True):
        call = vault.start(qube="greedy").send(BODY if bare else frames.request(BODY))
        assert "too many calls of this qube" in (call.end() if bare else call).result(5).failure(126, bare)
    silent.handle = lambda s, payload: s.sendall(frames.answer(frames.REPLY, REPLY))
    assert ask(vault, qube="other").reply() == REPLY
    assert ask(vault, qube="greed").reply() == REPLY
    # A place is free again however its call ended.
    for call, end in ((calls[0], lambda call: call.end()), (calls[1], lambda call: call.proc.kill())):
        end(call)
        call.proc.wait(5)
        assert ask(vault, qube="greedy").reply() == REPLY
    assert ask(vault, qube="greedy").reply() == REPLY


def test_a_hundred_calls_of_one_qube_are_answered_or_refused(vault):
    vault.listen(lambda s, payload: time.sleep(0.2) or s.sendall(frames.answer(frames.REPLY, REPLY)))
    done = [call.result() for call in [vault.start(qube="busy").send(frames.request(BODY)) for _ in range(100)]]
    for answered in done:
        assert answered.reply() == REPLY if answered.status == 0 else "too many" in answered.failure(126)
    assert sum(answered.status == 0 for answered in done) >= SHARE


@pytest.mark.parametrize("stdio", ["pipe", "socket"])
def test_a_caller_who_says_nothing_keeps_no_place(vault, signer, stdio):  # noqa: F811
    """And sets nothing off."""
    signer()
    begin = time.monotonic()
    calls = [vault.start(stdio=stdio) for _ in range(5)]
    for call in calls:
        assert "no request came" in call.result(10).failure(126, bare=True)
    assert 4 < time.monotonic() - begin < 8
    assert signer.starts() == []


@pytest.mark.parametrize("stdio", ["pipe", "socket", "one"])
def test_a_caller_who_leaves_without_a_word_sets_nothing_off(vault, signer, stdio):  # noqa: F811
    signer()
    assert vault.start(stdio=stdio).end().result(2).status == 1
    assert signer.starts() == []


def test_who_waits_for_a_start_and_goes_keeps_no_place(vault, signer):  # noqa: F811
    """Neither the call that began it nor those that wait; the start goes on, and there is no second one."""
    signer(slow=4)
    calls = [vault.start().send(frames.request(BODY)) for _ in range(5)]
    until(signer.starts)
    begin = time.monotonic()
    for call in calls:
        call.end().hang_up()
    for call in calls:
        assert call.proc.wait(5) == 1
    assert time.monotonic() - begin < 2
    assert ask(vault).reply() == REPLY
    assert len(signer.starts()) == 1


def test_a_start_whose_call_is_killed_goes_on(vault, signer):  # noqa: F811
    signer(slow=1.5)
    calls = [vault.start().send(frames.request(BODY)) for _ in range(3)]
    until(signer.starts)
    time.sleep(0.1)
    for call in calls:
        call.proc.kill()
    assert ask(vault).reply() == REPLY
    assert len(signer.starts()) == 1


@pytest.mark.parametrize("data", [b"\0", b"\0\1\0\0", frames.request(BODY)[:-1], frames.frame(b""), frames.request(BODY, qube="x"), frames.request(b"x" * 5000000)[:4000]])
def test_what_is_no_request_opens_no_window(vault, signer, data):  # noqa: F811
    signer(ui=0)
    signer.configure(f"ui-command = /bin/sh -c 'echo x >> {vault.home}/ui'")
    assert vault.start().send(data).end().result().status in (1, 126)
    time.sleep(0.3)
    assert not (vault.home / "ui").exists()
    assert until(lambda: not vault.services(), what="whatever waited for the request to end") and ask(vault).reply() == REPLY
    until((vault.home / "ui").exists)


def test_what_starts_the_window_leaves_nothing_behind(vault):
    silent = vault.listen(lambda s, payload: "wait", ui=False)
    vault.configure(f"signer = /bin/false\nui-command = /bin/sh -c 'echo x >> {vault.home}/ui'")
    call = vault.start().send(frames.request(BODY))
    silent.wait("requests")
    until((vault.home / "ui").exists)
    until(lambda: vault.services() == [call.pid])
    children = f"/proc/{call.pid}/task/{call.pid}/children"
    until(lambda: open(children).read() == "", what="no child, not even a dead one")
    assert call.end().result().status == 1


@pytest.mark.skipif(not os.environ.get("CLEF_SLOW_TESTS"), reason="takes more than a minute: CLEF_SLOW_TESTS=1")
def test_a_slow_reader_keeps_no_place(vault):
    """A minute and a bit for 1 MiB: whoever takes 4 KiB every few seconds is not waited for."""
    vault.listen(lambda s, payload: s.sendall(frames.answer(frames.REPLY, b"x" * MIB)))
    call, begin = vault.start().send(frames.request(BODY)), time.monotonic()
    while call.proc.poll() is None:
        call.read(4096)
        time.sleep(3)
        assert time.monotonic() - begin < 100
    assert call.proc.returncode == 1
