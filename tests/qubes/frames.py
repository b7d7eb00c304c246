"""The frame of src/ipc/frame.h, for tests."""
import struct

HEAD, REPLY, HELLO, REFUSED = 6, 0, 1, 2
BODY_MOST = 5 * 1024 * 1024


def _text(value):
    data = value if isinstance(value, bytes) else value.encode()
    return struct.pack(">H", len(data)) + data


def frame(payload, version=1):
    return bytes([0, version]) + struct.pack(">I", len(payload)) + payload


def request(body, qube="", host="localhost:8550", origin="", agent="curl/8"):
    return frame(_text(qube) + _text(host) + _text(origin) + _text(agent) + body)


def answer(kind, rest=b""):
    return frame(bytes([kind]) + rest)


def read_request(payload):
    """(qube, Host, Origin, User-Agent, body)"""
    found = []
    for _ in range(4):
        size = int.from_bytes(payload[:2], "big")
        found.append(payload[2:2 + size].decode())
        payload = payload[2 + size:]
    return *found, payload


def read_answer(data):
    """(kind, rest) of exactly one answer."""
    assert data[:2] == b"\0\1", data[:40]
    assert len(data) == HEAD + int.from_bytes(data[2:6], "big"), data[:40]
    return data[6], data[7:]


def receive(read):
    """The payload of one frame off read(n); None when it ends before."""
    def exactly(n):
        data = b""
        while len(data) < n:
            chunk = read(n - len(data))
            if not chunk:
                return None
            data += chunk
        return data
    head = exactly(HEAD)
    return None if head is None else exactly(int.from_bytes(head[2:], "big"))
