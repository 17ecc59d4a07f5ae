"""Content parts: texts, images, and image URLs that no target should follow."""

from __future__ import annotations

import base64
import secrets
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import pytest

from ozwell_harness.asked_chats import PARTS, TEXT_PARTS, WORDS, Together
from ozwell_harness.checks import base, params, vision
from ozwell_harness.checks.asking import asked_of
from ozwell_harness.client import Client, user
from ozwell_harness.combined import Combined
from ozwell_harness.content import content_path
from ozwell_harness.model import Exchange
from ozwell_harness.profile import Profile
from ozwell_harness.suite import Judge, each, requirement
from ozwell_harness.target import Target

LINK_LOCAL = "169.254.169.254"

#: Nothing listens on the discard port: whoever follows a URL to it has a failure to tell of.
DISCARD_PORT = 9


def image(url: str) -> dict[str, Any]:
    return {"type": "image_url", "image_url": {"url": url, "detail": "low"}}


def data_url(content: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(content).decode()}"


#: What is refused, in words, and the part that shows it.
REFUSED: dict[str, tuple[str, dict[str, Any]]] = {
    "vision.unknown-part-refused": (
        "a content part of unknown type",
        {"type": "hologram", "hologram": {"text": "Hello"}},
    ),
    "vision.corrupt-image-refused": ("an image of corrupt base64", image("data:image/png;base64,%%%no-base64%%%")),
}


@dataclass(frozen=True)
class Trap:
    """An image URL on a loopback address, and the requests that came for it as far as they could be seen."""

    url: str
    hits: list[str] = field(default_factory=list)


@pytest.fixture(scope="session")
def square() -> bytes:
    return content_path("fixtures", "images", "red-square.png").read_bytes()


@pytest.fixture(scope="session")
def trap(target: Target, square: bytes) -> Iterator[Trap]:
    """Only a target on this machine can be seen to fetch: any other means its own loopback address."""
    name = f"/{secrets.token_hex(8)}.png"
    if not on_loopback(target.base_url):
        yield Trap(f"http://127.0.0.1:{DISCARD_PORT}{name}")
        return
    hits: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == name:
                hits.append(f"{self.command} {self.headers.get('user-agent', '')}".strip())
            self.send_response(200)
            self.send_header("Content-Type", "image/png")
            self.send_header("Content-Length", str(len(square)))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(square)

        def do_HEAD(self) -> None:
            self.do_GET()

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield Trap(f"http://127.0.0.1:{server.server_port}{name}", hits)
        server.shutdown()
        thread.join()


def on_loopback(base_url: str) -> bool:
    host = urlsplit(base_url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@pytest.fixture(scope="session")
def text_parts(dialogue: Together) -> Exchange:
    return dialogue.all.shows(TEXT_PARTS)


@pytest.fixture(scope="session")
def images(client: Client, square: bytes, trap: Trap, text_parts: Exchange) -> Combined:
    """Where all are accepted together, an image was taken and no address had to be fetched."""

    def send(label: str, fields: Mapping[str, Any]) -> Exchange:
        return client.chat(label, **fields)

    def beside(*images: dict[str, Any]) -> dict[str, Any]:
        *before, last = asked_of(text_parts)["messages"]
        return {"messages": [*before, user([*in_parts(last["content"]), *images])]}

    own = image(data_url(square))
    inner = [image(trap.url), image(f"http://{LINK_LOCAL}/image.png")]
    parts = {
        "data URL": beside(own),
        "loopback and link-local address": beside(*inner),
    }
    return Combined(send, "images of several URLs", parts, whole=beside(own, *inner))


def in_parts(content: Any) -> list[Any]:
    return content if isinstance(content, list) else [{"type": "text", "text": content}]


@pytest.fixture(scope="session")
def with_image(images: Combined) -> Exchange:
    return images.shows("data URL")


@pytest.fixture(scope="session")
def local_file(client: Client) -> Exchange:
    return client.chat("an image URL of scheme file", messages=[user([*PARTS, image("file:///etc/hostname")])])


@pytest.fixture(scope="session")
def inner_urls(images: Combined) -> Exchange:
    return images.shows("loopback and link-local address")


@pytest.fixture(scope="session")
def link_local_url(client: Client, inner_urls: Exchange) -> Exchange:
    """Where the two were refused together, the second one may never have been looked at."""
    if inner_urls.status == 200:
        return inner_urls
    parts = [*PARTS, image(f"http://{LINK_LOCAL}/image.png")]
    return client.chat("an image URL on a link-local address", messages=[user(parts)])


@requirement("vision.text-parts-accepted")
def test_text_parts(text_parts: Exchange, judge: Judge) -> None:
    judge(base.answers, text_parts)


@requirement("vision.text-parts-read")
def test_text_parts_are_read(text_parts: Exchange, client: Client, judge: Judge) -> None:
    def provoke(attempt: int) -> Exchange:
        again = f"a message of text parts, try {attempt}"
        return text_parts if attempt == 1 else client.chat(again, messages=[user(PARTS)])

    judge.model_dependent(vision.says_all, provoke, WORDS)


@requirement("vision.image-accepted")
def test_image(with_image: Exchange, judge: Judge) -> None:
    judge(base.answers, with_image)


@requirement("vision.image-counted")
def test_image_costs(with_image: Exchange, text_parts: Exchange, judge: Judge) -> None:
    judge(vision.image_is_counted, with_image, text_parts)


@each(REFUSED, argument="case")
def test_refused(case: tuple[str, Mapping[str, Any]], client: Client, profile: Profile, judge: Judge) -> None:
    what, part = case
    exchange = client.chat(f"chat with {what}", messages=[user([*PARTS, part])])
    judge(params.refuses, exchange, what, profile.expect.errors["bad_request"])


@requirement("vision.file-url-refused")
def test_file_url(local_file: Exchange, judge: Judge) -> None:
    judge(vision.file_is_not_read, local_file)


@requirement("vision.loopback-url-not-fetched")
def test_loopback_url(inner_urls: Exchange, trap: Trap, judge: Judge) -> None:
    judge(vision.is_not_fetched, inner_urls, "127.0.0.1", tuple(trap.hits))


@requirement("vision.link-local-url-not-fetched")
def test_link_local_url(link_local_url: Exchange, judge: Judge) -> None:
    judge(vision.is_not_fetched, link_local_url, LINK_LOCAL, ())
