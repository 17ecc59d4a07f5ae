"""Signatures, and the options of listening. Pure."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ozwell_harness.model import Headers, Signing
from ozwell_harness.webhooks.listening import EVENTS, Listening, ListeningError, Names, listening_from, own_listening
from ozwell_harness.webhooks.signing import signing_of

#: From the documentation of Standard Webhooks.
SECRET = "whsec_plJ3nmyCDGBKInavdOK15jsl"
BODY = b'{"event_type":"ping","data":{"success":true}}'
RIGHT = "v1,rAvfW3dJ/X/qxhsaXPOyyCGmRKsaKWcsNccKXlIktD0="
ID, TIME = ("webhook-id", "msg_loFOjxBNrRLzqYUf"), ("webhook-timestamp", "1731705121")
OLD = "v1," + base64.b64encode(bytes(32)).decode()


def seen(*signatures: str, body: bytes = BODY, secret: str = SECRET, others: Any = (ID, TIME)) -> tuple[Signing, str]:
    fields = (*others, *(("Webhook-Signature", signature) for signature in signatures))
    return signing_of(Headers(fields), body, Names(), secret)


@pytest.mark.parametrize(
    "signatures",
    [(RIGHT,), (f"{OLD} {RIGHT}",), (f"{RIGHT} v1a,{'A' * 86}==",), (f"  {RIGHT}  ",), (OLD, RIGHT)],
)
def test_right_wherever_it_stands(signatures: tuple[str, ...]) -> None:
    assert seen(*signatures) == (Signing.RIGHT, "")


@pytest.mark.parametrize(
    ("signatures", "signing"),
    [
        ((), Signing.ABSENT),
        (("",), Signing.UNREADABLE),
        (("v1",), Signing.UNREADABLE),
        (("v1,",), Signing.UNREADABLE),
        (("sha256=00",), Signing.UNREADABLE),
        ((RIGHT.removeprefix("v1,"),), Signing.UNREADABLE),
        ((RIGHT.replace("v1", "v1a"),), Signing.UNREADABLE),
        ((OLD,), Signing.WRONG),
        ((RIGHT[:-1],), Signing.WRONG),
        (("v1,ü",), Signing.WRONG),
    ],
)
def test_not_right(signatures: tuple[str, ...], signing: Signing) -> None:
    assert seen(*signatures)[0] is signing


def test_each_part_is_signed() -> None:
    assert seen(RIGHT, body=BODY + b" ")[0] is Signing.WRONG
    assert seen(RIGHT, others=(ID, ("webhook-timestamp", "1731705122")))[0] is Signing.WRONG
    assert seen(RIGHT, others=(("webhook-id", "msg_2"), TIME))[0] is Signing.WRONG
    assert seen(RIGHT, others=(TIME,))[0] is Signing.WRONG
    assert seen(RIGHT, secret="whsec_" + base64.b64encode(bytes(24)).decode())[0] is Signing.WRONG


def signed(key: bytes, content: bytes) -> str:
    return "v1," + base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()


KEY, WHOLE = base64.b64decode(SECRET.removeprefix("whsec_")), f"{ID[1]}.{TIME[1]}.".encode() + BODY


@pytest.mark.parametrize(
    ("signature", "words"),
    [
        (signed(SECRET.encode(), WHOLE), "the secret as text"),
        (signed(SECRET.removeprefix("whsec_").encode(), WHOLE), "without whsec_"),
        (signed(KEY, BODY), "the body alone"),
        (signed(KEY, f"{TIME[1]}.".encode() + BODY), "without the id"),
        (signed(KEY, f"{ID[1]}.".encode() + BODY), "without the time"),
        (OLD, ""),
    ],
)
def test_usual_mistakes_are_named(signature: str, words: str) -> None:
    signing, hint = seen(signature)
    assert signing is Signing.WRONG
    assert words in hint
    assert bool(words) == bool(hint)


@given(st.binary(max_size=60), st.text(max_size=60), st.text(max_size=20))
def test_no_made_up_signature_is_right(body: bytes, signature: str, name: str) -> None:
    others = (("webhook-id", name), TIME)
    assert seen(f"v1,{signature}", body=body, others=others)[0] is not Signing.RIGHT


GIVEN = {"webhook_listen": "127.0.0.1:0", "webhook_secret_env": "HOOK"}
SET = {"HOOK": SECRET}


def test_listening_from_options() -> None:
    more = {"webhook_url": "https://x.example/", "webhook_headers": "a,b,c", "webhook_wait": 5.0}
    listening = listening_from(GIVEN | more | {"webhook_events": (EVENTS[0], EVENTS[0])}, SET)
    assert listening is not None
    assert (listening.host, listening.port, listening.secret_name) == ("127.0.0.1", 0, "HOOK")
    assert (listening.names, listening.events, listening.wait_s) == (Names("a", "b", "c"), EVENTS[:1], 5.0)
    assert listening.secret.reveal() == SECRET
    assert SECRET not in repr(listening)
    assert listening_from({"webhook_listen": None, "webhook_events": (), "seed": 1}, SET) is None


@pytest.mark.parametrize(("text", "host"), [("[::1]:9", "::1"), ("::1:9", "::1"), ("localhost:9", "localhost")])
def test_addresses(text: str, host: str) -> None:
    listening = listening_from(GIVEN | {"webhook_listen": text}, SET)
    assert listening is not None
    assert (listening.host, listening.port) == (host, 9)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"webhook_listen": None}, "--webhook-listen HOST:PORT"),
        ({"webhook_listen": "9000"}, "HOST:PORT"),
        ({"webhook_listen": "127.0.0.1:70000"}, "HOST:PORT"),
        ({"webhook_listen": "127.0.0.1:x"}, "HOST:PORT"),
        ({"webhook_secret_env": None}, "--webhook-secret-env NAME"),
        ({"webhook_secret_env": "whsec_abc="}, "--webhook-secret-env NAME"),
        ({"webhook_secret_env": "UNSET"}, "UNSET"),
        ({"webhook_url": "hooks.example"}, "--webhook-url"),
        ({"webhook_events": ("chat.begun",)}, "chat.begun"),
        ({"webhook_headers": "a,b"}, "three different headers"),
        ({"webhook_headers": "a,b,A"}, "three different headers"),
        ({"webhook_wait": 0.0}, "longer than 0"),
    ],
)
def test_wrong_options_are_told(changed: dict[str, Any], words: str) -> None:
    with pytest.raises(ListeningError, match=words):
        listening_from(GIVEN | changed, SET)


@pytest.mark.parametrize("secret", ["whsec_", "whsec_not base64"])
def test_wrong_secret_is_told(secret: str) -> None:
    with pytest.raises(ListeningError, match=r"secret"):
        listening_from(GIVEN, {"HOOK": secret})


def test_own_secret_is_new_each_time() -> None:
    one, other = own_listening(), own_listening()
    assert one.secret.reveal() != other.secret.reveal()
    assert isinstance(one, Listening)
