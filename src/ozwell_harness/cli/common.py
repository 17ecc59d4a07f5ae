"""Options that several commands share, and how errors of configuration are told."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

import click

from ozwell_harness.baseline import BaselineError
from ozwell_harness.cli import completing
from ozwell_harness.contract.plan import MOST_TOKENS, PropertyPlan
from ozwell_harness.model import Level
from ozwell_harness.profile import ProfileError
from ozwell_harness.requirements import CatalogueError
from ozwell_harness.settings import CONFIGURATION_FILE, ConfigurationError, FileSettings, Settings, read_file, resolve
from ozwell_harness.target import Timeouts
from ozwell_harness.verdict import EXIT_USAGE
from ozwell_harness.webhooks.listening import EVENTS

_Command = TypeVar("_Command", bound=Callable[..., Any])

#: What a user can put right; told in one sentence, without a traceback.
USER_ERRORS = (BaselineError, ConfigurationError, ProfileError, CatalogueError)


class UsageError(click.ClickException):
    """Wrong usage or configuration: one plain sentence, exit 2."""

    exit_code = EXIT_USAGE


@contextlib.contextmanager
def mistakes_told(*more: type[Exception]) -> Iterator[None]:
    """Turn what the user can mend into one plain sentence: ``USER_ERRORS``, ``more``, and files that cannot be written.

    Raises:
        UsageError: one of them came up.
    """
    known: tuple[type[Exception], ...] = (*USER_ERRORS, *more)
    try:
        yield
    except known as error:
        raise UsageError(str(error)) from None
    except OSError as error:
        raise UsageError(f"A file cannot be written: {error.strerror}: {error.filename}.") from None


def endpoint_options(command: _Command) -> _Command:
    """Add the URL and the options that say where the target is and how it is spoken to."""
    for decorate in reversed(
        (
            click.argument("url", required=False),
            click.option(
                "--profile",
                metavar="NAME",
                help="Dialect to judge by: ozwell (default), openai or openwebui.",
                shell_complete=completing.profiles,
            ),
            click.option("--api-version", metavar="VERSION", help="Ask for this version, such as v2, not the URL's."),
            click.option("--model", metavar="ID", help="Chat model; else OZWELL_MODEL, else from GET /models."),
            click.option("--embedding-model", metavar="ID", help="Embedding model; else OZWELL_EMBEDDING_MODEL."),
            click.option(
                "--ca-file",
                metavar="PEM",
                help="Trust this bundle instead of the public authorities.",
                shell_complete=completing.files,
            ),
            click.option("--seed", type=int, metavar="N", help="Seed of everything random; default 0."),
            click.option(
                "--config",
                metavar="FILE",
                help=f"Settings file; default {CONFIGURATION_FILE} if it exists.",
                shell_complete=completing.files,
            ),
        )
    ):
        command = decorate(command)
    return command


def target_options(command: _Command) -> _Command:
    """Add the URL and the options that say what the target is and how it is judged."""
    for decorate in reversed(
        (
            endpoint_options,
            click.option(
                "--without",
                "absent",
                multiple=True,
                metavar="CAPABILITY",
                help="The target lacks it; repeatable.",
                shell_complete=completing.capabilities,
            ),
            click.option(
                "--timeout",
                "timeout_s",
                type=Duration(),
                metavar="TIME",
                help=f"Await an answer no longer than this, and no part of it longer than half of this; default"
                f" {Timeouts().total_s:g}s.",
            ),
            click.option(
                "--deployable-model",
                metavar="ID",
                help="Model that may be configured and deployed; else OZWELL_DEPLOYABLE_MODEL, else none.",
            ),
            click.option("--max-requests", type=int, metavar="N", help="Send no more than N requests."),
        )
    ):
        command = decorate(command)
    return command


def selection_options(command: _Command) -> _Command:
    """Add the options that say which requirements are judged, and what is known of them."""
    levels = click.Choice([level.value for level in Level], case_sensitive=False)
    for decorate in reversed(
        (
            click.option(
                "--area",
                "areas",
                multiple=True,
                metavar="AREA",
                help="Judge this area only; repeatable.",
                shell_complete=completing.areas,
            ),
            click.option(
                "--requirement",
                "patterns",
                multiple=True,
                metavar="GLOB",
                help="Judge these ids only; repeatable.",
                shell_complete=completing.requirements,
            ),
            click.option("--level", "levels", multiple=True, type=levels, help="Judge this level only; repeatable."),
            click.option(
                "--baseline",
                metavar="FILE",
                help="Known deviations that do not fail the run.",
                shell_complete=completing.files,
            ),
            click.option("--baseline-update", is_flag=True, help="Write what deviates now into the baseline."),
            click.option("--dry-run", is_flag=True, help="Only tell what the run would cost; nothing is sent."),
        )
    ):
        command = decorate(command)
    return command


def property_options(command: _Command) -> _Command:
    """Add the options that say how much is generated."""
    plan = PropertyPlan()
    for decorate in reversed(
        (
            click.option("--no-property", is_flag=True, help="Leave the generated requests out."),
            click.option(
                "--property-examples",
                type=int,
                metavar="N",
                help=f"Random requests for each operation, valid and invalid; default {plan.examples}.",
            ),
            click.option(
                "--property-requests",
                type=int,
                metavar="N",
                help=f"Send no more than N generated requests; default {plan.requests}. An answer to one costs up to"
                f" {MOST_TOKENS} tokens.",
            ),
            click.option(
                "--property-time",
                type=Duration(),
                metavar="TIME",
                help=f"Generate for no longer than this; default {plan.time_s:g}s.",
            ),
        )
    ):
        command = decorate(command)
    return command


def webhook_options(command: _Command) -> _Command:
    """Add the options that say where webhooks are received, and which."""
    for decorate in reversed(
        (
            click.option("--webhook-listen", metavar="HOST:PORT", help="Receive the target's webhooks; port 0 is any."),
            click.option("--webhook-secret-env", metavar="NAME", help="Variable with the secret that signs them."),
            click.option("--webhook-url", metavar="URL", help="Where the target sends to, if that is another address."),
            click.option(
                "--webhook-event",
                "webhook_events",
                multiple=True,
                metavar="EVENT",
                help=f"Event that it was told to send; repeatable; default {' and '.join(EVENTS)}.",
            ),
            click.option(
                "--webhook-headers",
                metavar="ID,TIME,SIGNATURE",
                help="Names of their headers; default webhook-id,webhook-timestamp,webhook-signature.",
            ),
            click.option("--webhook-wait", type=Duration(), metavar="TIME", help="Await them so long; default 30s."),
        )
    ):
        command = decorate(command)
    return command


def settings_from(given: Mapping[str, Any], url: str | None, config: str | None) -> Settings:
    """Merge the command line with the environment and the settings file.

    Raises:
        UsageError: something is wrong with any of them.
    """
    try:
        return resolve({**given, "base_url": url}, os.environ, file_settings(config))
    except ConfigurationError as error:
        raise UsageError(str(error)) from None


def file_settings(config: str | None) -> FileSettings:
    """Return what the settings file says: the one named, else the usual one if it is there.

    Raises:
        UsageError: it cannot be read, or something is wrong with it.
    """
    path = Path(config or CONFIGURATION_FILE)
    try:
        return read_file(path) if config or path.is_file() else FileSettings()
    except ConfigurationError as error:
        raise UsageError(str(error)) from None


class Duration(click.ParamType[float]):
    """A time such as ``30s``, ``2m``, ``500ms`` or plain seconds, as seconds."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return seconds, or fail with a sentence."""
        if isinstance(value, int | float):
            return float(value)
        match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(ms|s|m|h|)\s*", str(value))
        if match is None:
            self.fail(f"{value!r} is not a time; write 30s, 2m or 500ms.", param, ctx)
        return float(match[1]) * {"ms": 0.001, "s": 1.0, "": 1.0, "m": 60.0, "h": 3600.0}[match[2]]
