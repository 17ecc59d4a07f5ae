"""Settings of a run, from the command line, the environment, ``harness.toml`` and defaults, in this order."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

from ozwell_harness.contract.plan import PropertyPlan
from ozwell_harness.model import Level
from ozwell_harness.target import KeyName, Politeness, Secret, Timeouts
from ozwell_harness.versions import at_version, is_version
from ozwell_harness.webhooks.listening import Listening, ListeningError, listening_from


class ConfigurationError(ValueError):
    """A setting is wrong. The message is one plain sentence that says which and what to do."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Which requirements to judge: areas, id patterns, levels; empty means all."""

    areas: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    levels: tuple[Level, ...] = ()


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything a run is told.

    Attributes:
        base_url: None when the bundled mock is to be used.
        api_version: the version that the base URL is to end in; None leaves it as it is.
        baseline: file of expected failures.
        bundled_mock: the target was started for this run, and its address means nothing afterwards.
        deployable_model: a model that may be configured and deployed.
        property_plan: how much is generated; None for no property phase.
        webhooks: which webhooks are awaited, and where; None for none.
    """

    base_url: str | None = None
    api_version: str | None = None
    profile: str = "ozwell"
    model: str | None = None
    embedding_model: str | None = None
    deployable_model: str | None = None
    keys: Mapping[KeyName, Secret] | None = None
    selection: Selection = Selection()
    absent: frozenset[str] = frozenset()
    timeouts: Timeouts = Timeouts()
    politeness: Politeness = Politeness()
    ca_file: Path | None = None
    seed: int = 0
    bundled_mock: bool = False
    baseline: Path | None = None
    property_plan: PropertyPlan | None = None
    webhooks: Listening | None = None


class _TargetTable(msgspec.Struct, forbid_unknown_fields=True):
    url: str | None = None
    api_version: str | None = None
    profile: str | None = None
    model: str | None = None
    embedding_model: str | None = None
    deployable_model: str | None = None
    absent: list[str] = []
    ca_file: str | None = None


class _TimeoutTable(msgspec.Struct, forbid_unknown_fields=True):
    connect_s: float | None = None
    read_s: float | None = None
    total_s: float | None = None
    first_content_s: float | None = None
    max_body_bytes: int | None = None
    give_up_after: int | None = None


class _CheckTable(msgspec.Struct, forbid_unknown_fields=True):
    areas: list[str] = []
    requirements: list[str] = []
    levels: list[Level] = []
    baseline: str | None = None
    max_requests: int | None = None
    max_wait_s: float | None = None
    seed: int | None = None
    property: bool = True
    property_examples: int | None = None
    property_requests: int | None = None
    property_time_s: float | None = None


class _WebhookTable(msgspec.Struct, forbid_unknown_fields=True):
    listen: str | None = None
    secret_env: str | None = None
    url: str | None = None
    events: list[str] = []
    headers: str | None = None
    wait_s: float | None = None

    def given(self) -> dict[str, Any]:
        """Return what the file says, by the names of the command line's options."""
        wait = {"webhook_wait": self.wait_s}
        return wait | {f"webhook_{n}": v for n, v in msgspec.structs.asdict(self).items() if n != "wait_s"}


class LoadTable(msgspec.Struct, forbid_unknown_fields=True):
    """The table ``load``: the options of the command of that name, as the command line writes them."""

    scenario: str | None = None
    mix: str | None = None
    prompt_tokens: int | str | None = None
    answer_tokens: int | str | None = None
    prompt_file: str | None = None
    prefix_tokens: int | None = None
    turns: int | None = None
    file_bytes: int | str | None = None
    rate: float | None = None
    arrivals: str | None = None
    users: int | None = None
    think: float | str | None = None
    duration: float | str | None = None
    warmup: float | str | None = None
    drain: float | str | None = None
    max_in_flight: int | None = None
    processes: int | None = None
    connect_timeout: float | str | None = None
    first_token_timeout: float | str | None = None
    stall_timeout: float | str | None = None
    total_timeout: float | str | None = None
    slo: str | None = None

    def given(self) -> dict[str, Any]:
        """Return what the file says."""
        return {name: value for name, value in msgspec.structs.asdict(self).items() if value is not None}


class FileSettings(msgspec.Struct, forbid_unknown_fields=True):
    """The tables of ``harness.toml``. Keys are not among them: they come from the environment only."""

    target: _TargetTable = msgspec.field(default_factory=_TargetTable)
    timeouts: _TimeoutTable = msgspec.field(default_factory=_TimeoutTable)
    check: _CheckTable = msgspec.field(default_factory=_CheckTable)
    load: LoadTable = msgspec.field(default_factory=LoadTable)
    webhooks: _WebhookTable = msgspec.field(default_factory=_WebhookTable)


CONFIGURATION_FILE = "harness.toml"


def read_file(path: Path) -> FileSettings:
    """Read a configuration file.

    Raises:
        ConfigurationError: it cannot be read, is not TOML, or has unknown or ill-typed settings.
    """
    try:
        with path.open("rb") as stream:
            return msgspec.convert(tomllib.load(stream), FileSettings)
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path} is not valid TOML: {error}.") from None
    except msgspec.ValidationError as error:
        raise ConfigurationError(f"{path} has a wrong setting: {error}.") from None


def resolve(given: Mapping[str, Any], environment: Mapping[str, str], file: FileSettings) -> Settings:
    """Merge the sources. ``given`` holds command-line values by ``Settings`` name; None and () mean not given.

    Raises:
        ConfigurationError: the URL is not an http(s) URL, or a value is out of range.
    """
    url = given.get("base_url") or environment.get("OZWELL_BASE_URL") or file.target.url
    version = _version(given.get("api_version") or file.target.api_version)
    ca_file = given.get("ca_file") or file.target.ca_file
    baseline = given.get("baseline") or file.check.baseline
    return Settings(
        base_url=under_version(check_url(url), version) if url else None,
        api_version=version,
        profile=given.get("profile") or file.target.profile or "ozwell",
        model=given.get("model") or environment.get("OZWELL_MODEL") or file.target.model,
        embedding_model=given.get("embedding_model")
        or environment.get("OZWELL_EMBEDDING_MODEL")
        or file.target.embedding_model,
        deployable_model=given.get("deployable_model")
        or environment.get("OZWELL_DEPLOYABLE_MODEL")
        or file.target.deployable_model,
        keys=keys_in(environment),
        selection=_selection(given, file.check),
        absent=frozenset(given.get("absent") or file.target.absent),
        timeouts=_timeouts(given, file.timeouts),
        politeness=_politeness(given, file.check),
        ca_file=Path(ca_file) if ca_file else None,
        baseline=Path(baseline) if baseline else None,
        seed=_first(given.get("seed"), file.check.seed, 0),
        property_plan=_property_plan(given, file.check),
        webhooks=_webhooks(given, environment, file.webhooks),
    )


def keys_in(environment: Mapping[str, str]) -> dict[KeyName, Secret]:
    """Return the keys that the environment gives.

    Raises:
        ConfigurationError: a key could not travel in a header.
    """
    found = {}
    for name in KeyName:
        text = environment.get(name.value, "").strip()
        if text:
            if not text.isascii() or not text.isprintable() or " " in text:
                raise ConfigurationError(f"{name.value} holds characters that no Authorization header can carry.")
            found[name] = Secret(text)
    return found


def check_url(text: str) -> str:
    """Return ``text`` without a trailing slash.

    Raises:
        ConfigurationError: it is not an absolute http or https URL, or carries credentials, a query or a fragment.
    """
    try:
        url = urlsplit(text)
        _ = url.port
    except ValueError as error:
        raise ConfigurationError(f"The target URL is not valid: {error}.") from None
    if url.scheme not in {"http", "https"} or not url.hostname:
        raise ConfigurationError(
            f"The target must be an http or https URL like http://127.0.0.1:8000/v1, not {text!r}."
        )
    if url.username or url.password:
        raise ConfigurationError("The target URL must not carry credentials; give the key in OZWELL_API_KEY.")
    if any(character.isspace() for character in text):
        raise ConfigurationError(f"The target URL must not hold spaces: {text!r}.")
    if "?" in text or "#" in text:
        raise ConfigurationError("The target URL must end in its path, without a query or fragment.")
    return text.rstrip("/")


def under_version(base_url: str, version: str | None) -> str:
    """Return the base URL as it is for ``version``; as it stands for None.

    Raises:
        ConfigurationError: it does not end in a version that could be replaced.
    """
    try:
        return at_version(base_url, version)
    except ValueError:
        last = base_url.rpartition("/")[2]
        raise ConfigurationError(
            f"--api-version replaces the end of the target's URL, which is {last!r} and no version:"
            " give the URL up to its version, such as http://127.0.0.1:8000/v1."
        ) from None


def _version(text: str | None) -> str | None:
    if text is not None and not is_version(text):
        raise ConfigurationError(f"The version of the API is written like v1 or v2, not {text!r}.")
    return text


def _selection(given: Mapping[str, Any], file: _CheckTable) -> Selection:
    return Selection(
        areas=tuple(given.get("areas") or file.areas),
        patterns=tuple(given.get("patterns") or file.requirements),
        levels=tuple(Level(level) for level in given.get("levels") or file.levels),
    )


def _timeouts(given: Mapping[str, Any], file: _TimeoutTable) -> Timeouts:
    default = Timeouts()
    total = given.get("timeout_s")
    chosen = Timeouts(
        connect_s=_first(file.connect_s, default.connect_s),
        read_s=_first(None if total is None else total / 2, file.read_s, default.read_s),
        total_s=_first(total, file.total_s, default.total_s),
        first_content_s=_first(file.first_content_s, default.first_content_s),
        max_body_bytes=_first(file.max_body_bytes, default.max_body_bytes),
        give_up_after=_first(file.give_up_after, default.give_up_after),
    )
    if min(chosen.connect_s, chosen.read_s, chosen.total_s, chosen.first_content_s) <= 0:
        raise ConfigurationError("Timeouts must be greater than 0 seconds.")
    if min(chosen.max_body_bytes, chosen.give_up_after) < 1:
        raise ConfigurationError("max_body_bytes and give_up_after must be at least 1.")
    return chosen


def _politeness(given: Mapping[str, Any], file: _CheckTable) -> Politeness:
    default = Politeness()
    chosen = Politeness(
        max_requests=_first(given.get("max_requests"), file.max_requests, None),
        max_wait_s=_first(given.get("max_wait_s"), file.max_wait_s, default.max_wait_s),
    )
    if chosen.max_requests is not None and chosen.max_requests < 1:
        raise ConfigurationError("The request budget (--max-requests) must be at least 1.")
    return chosen


def _property_plan(given: Mapping[str, Any], file: _CheckTable) -> PropertyPlan | None:
    if given.get("no_property") or not file.property:
        return None
    default = PropertyPlan()
    chosen = PropertyPlan(
        examples=_first(given.get("property_examples"), file.property_examples, default.examples),
        requests=_first(given.get("property_requests"), file.property_requests, default.requests),
        time_s=_first(given.get("property_time"), file.property_time_s, default.time_s),
    )
    if min(chosen.examples, chosen.requests) < 1 or chosen.time_s <= 0:
        raise ConfigurationError(
            "The property phase needs at least 1 example, 1 request and some time; leave it out with --no-property."
        )
    return chosen


def _webhooks(given: Mapping[str, Any], environment: Mapping[str, str], file: _WebhookTable) -> Listening | None:
    chosen = {name: value for name, value in given.items() if name.startswith("webhook_") and value not in (None, ())}
    try:
        return listening_from({**file.given(), **chosen}, environment)
    except ListeningError as error:
        raise ConfigurationError(str(error)) from None


def _first(*values: Any) -> Any:
    return next((value for value in values if value is not None), None)
