"""Frames of calls (src/ipc/frame.h), and a client that sends one to a unix socket as clef-proxy and qubes.Clefsign do."""
import json
import socket
import struct
import threading

HEAD, REPLY, HELLO, REFUSED = 6, 0, 1, 2
BODY_MAX, CLAIM_MAX = 5242880, 4096


class Refused(Exception):
    """FRAME_REFUSED: the text."""


def as_bytes(value):
    return value.encode() if isinstance(value, str) else value


def frame(payload, version=1):
    return struct.pack(">BBI", 0, version, len(payload)) + payload


def payload(body, qube="", host="", origin="", agent=""):
    """A request's payload; body: bytes, text, or anything that becomes JSON."""
    body = as_bytes(body) if isinstance(body, (bytes, str)) else json.dumps(body).encode()
    return b"".join(struct.pack(">H", len(text)) + text for text in map(as_bytes, (qube, host, origin, agent))) + body


def request(body, **claims):
    return frame(payload(body, **claims))


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


def call(method, params=(), number=1):
    return {"jsonrpc": "2.0", "id": number, "method": method, "params": list(params)}


class Frames:
    """A connection. greeted: reads the hello, as `hello` (0 or 1)."""

    def __init__(self, path, greeted=False, seconds=20):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(seconds)
        self.socket.connect(str(path))
        self.hello = None
        if greeted:
            kind, rest = self.read()
            assert kind == HELLO and rest in (b"\0", b"\1"), (kind, rest)
            self.hello = rest[0]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def _exactly(self, size):
        text = b""
        while len(text) < size:
            chunk = self.socket.recv(min(size - len(text), 1 << 20))
            if not chunk:
                raise EOFError(f"the stream ended after {len(text)} of {size} bytes")
            text += chunk
        return text

    def read(self):
        """The next answer: kind and rest."""
        mark, version, size = struct.unpack(">BBI", self._exactly(6))
        assert (mark, version) == (0, 1)
        text = self._exactly(size)
        return text[0], text[1:]

    def send(self, data):
        self.socket.sendall(data)

    def ended(self):
        """Nothing more came before the end of the stream."""
        return self.socket.recv(1) == b""

    def answer(self):
        """The reply's text; Refused when there is none."""
        kind, rest = self.read()
        if kind == REFUSED:
            raise Refused(rest.decode())
        assert kind == REPLY, kind
        return rest

    def ask(self, body, **claims):
        """Send a request, read the reply as JSON (None: empty)."""
        self.send(request(body, **claims))
        text = self.answer()
        return json.loads(text) if text else None


def ask(path, body, qube="", **claims):
    """One call over a connection of its own: clef.ipc, or with a qube's name qrexec.sock."""
    with Frames(path, greeted=bool(qube)) as connection:
        return connection.ask(body, qube=qube, **claims)


class Later:
    """A call that waits for its reply in the background."""

    def __init__(self, path, body, qube="", **claims):
        self.connection = Frames(path, greeted=bool(qube), seconds=60)
        self.connection.send(request(body, qube=qube, **claims))
        self.value = self.error = None
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _read(self):
        try:
            text = self.connection.answer()
            self.value = json.loads(text) if text else None
        except Exception as error:  # handed on by get()
            self.error = error

    def get(self, seconds=20):
        self.thread.join(seconds)
        assert not self.thread.is_alive(), "no answer yet"
        if self.error:
            raise self.error
        return self.value
