"""A receiver that owes nothing to the one that is tested: the standard library's server, with given statuses."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import json
import queue
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

PATIENCE_S = 10.0


@dataclass
class Caught:
    path: str
    headers: dict[str, str]
    body: bytes
    at: float
    method: str
    fields: list[tuple[str, str]]

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    def signed_with(self, key: bytes, prefix: str = "webhook") -> bool:
        content = f"{self.headers[f'{prefix}-id']}.{self.headers[f'{prefix}-timestamp']}.".encode() + self.body
        right = base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
        return self.headers[f"{prefix}-signature"] == f"v1,{right}"


@dataclass
class Catcher:
    """``statuses`` are used up one a request; 200 after them. ``caught`` waits for the next one."""

    statuses: list[int] = field(default_factory=list)
    arrived: queue.Queue[Caught] = field(default_factory=queue.Queue)
    location: str = "/elsewhere"
    url: str = ""
    now: Callable[[], float] = time.time

    def caught(self) -> Caught:
        return self.arrived.get(timeout=PATIENCE_S)

    def nothing_more(self) -> bool:
        return self.arrived.empty()


@contextlib.contextmanager
def catching(*statuses: int) -> Iterator[Catcher]:
    catcher = Catcher(list(statuses))

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_PUT(self) -> None:
            self.do_POST()

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            status = catcher.statuses.pop(0) if catcher.statuses else 200
            catcher.arrived.put(Caught(self.path, headers, body, catcher.now(), self.command, self.headers.items()))
            self.send_response(status)
            if 300 <= status < 400:
                self.send_header("location", catcher.location)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    catcher.url = f"http://127.0.0.1:{server.server_port}/hook"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield catcher
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
