from __future__ import annotations

import pytest

from ozwell_harness.calling import Call, message_of
from ozwell_harness.settings import ConfigurationError, FileSettings, Settings, resolve
from ozwell_harness.target import Target
from ozwell_harness.versions import at_version, version_of

BASE = "https://api.example/api/v1"


@pytest.mark.parametrize(
    ("base", "version"),
    [
        (BASE, "v1"),
        ("https://api.example/v2", "v2"),
        ("https://api.example/v1beta", "v1beta"),
        ("https://api.example/openai", None),
        ("https://api.example/dev1", None),
        ("https://v1", "v1"),
    ],
)
def test_the_last_segment_may_be_a_version(base: str, version: str | None) -> None:
    assert version_of(base) == version


def test_another_version_stands_in_its_place() -> None:
    assert at_version(BASE, "v2") == "https://api.example/api/v2"
    assert at_version(BASE, None) == BASE
    with pytest.raises(ValueError, match="does not end in a version"):
        at_version("https://api.example/api", "v2")


def resolved(**given: object) -> Settings:
    return resolve(given, {}, FileSettings())


def test_the_version_of_a_run_replaces_that_of_the_url() -> None:
    assert resolved(base_url=f"{BASE}/", api_version="v2").base_url == "https://api.example/api/v2"
    assert resolved(base_url=BASE).base_url == BASE
    assert resolved(api_version="v2") == Settings(api_version="v2", keys={}, property_plan=resolved().property_plan)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"api_version": "2"}, "written like v1 or v2, not '2'"),
        ({"api_version": "v1/v2"}, "written like v1 or v2"),
        ({"base_url": "https://api.example/openai", "api_version": "v2"}, "'openai' and no version"),
    ],
)
def test_what_is_no_version_is_told(given: dict[str, object], words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        resolved(**given)


def test_a_call_to_another_version_goes_beside_the_base_url() -> None:
    call, target = Call("GET", "/models", "x", version="v97"), Target(BASE, "m", None)
    assert message_of(call, target, limit=1, within_s=1.0).url == "https://api.example/api/v97/models"
    assert (call.place, Call("GET", "/models", "x").place) == ("../v97/models", "/models")
