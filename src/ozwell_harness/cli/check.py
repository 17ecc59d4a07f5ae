"""``check``: judge an endpoint, requirement by requirement."""

from __future__ import annotations

from typing import Any

import click

from ozwell_harness.cli.carrying_out import Order, carry_out
from ozwell_harness.cli.common import (
    property_options,
    selection_options,
    settings_from,
    target_options,
    webhook_options,
)
from ozwell_harness.cli.comparing_options import against_option
from ozwell_harness.cli.help import examples
from ozwell_harness.cli.output import output_options, verbose_option


@click.command(
    name="check",
    epilog=examples(
        "ozwell-harness check http://127.0.0.1:8000/v1",
        "ozwell-harness check http://127.0.0.1:8000/v1 --profile openai --area chat --area streaming",
        "ozwell-harness check http://127.0.0.1:8000/v1 --baseline known.yaml",
        "ozwell-harness check --requirement 'files.*' --level MUST --json result.json",
    ),
)
@target_options
@selection_options
@property_options
@webhook_options
@against_option
@output_options
@verbose_option
def command(url: str | None, config: str | None, **given: Any) -> int:
    """Judge an endpoint, requirement by requirement.

    Without URL and OZWELL_BASE_URL, the bundled mock is judged.
    """
    order = Order.take(given)
    return carry_out(settings_from(given, url, config), order)
