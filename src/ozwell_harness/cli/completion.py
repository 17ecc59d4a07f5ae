"""``completion``: the script by which a shell completes commands, options and names."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from ozwell_harness.cli.help import examples

PROGRAM = "ozwell-harness"
VARIABLE = "_OZWELL_HARNESS_COMPLETE"
_SHELLS = ("bash", "zsh", "fish")


@click.command(
    name="completion",
    epilog=examples(
        'eval "$(ozwell-harness completion bash)"            # in ~/.bashrc',
        'eval "$(ozwell-harness completion zsh)"             # in ~/.zshrc, after compinit',
        "ozwell-harness completion fish | source             # in ~/.config/fish/config.fish",
    ),
)
@click.argument("shell", type=click.Choice(_SHELLS))
@click.pass_context
def command(ctx: click.Context, shell: str) -> None:
    """Print what makes a shell complete commands, options, and names of profiles, areas, requirements and faults."""
    found = get_completion_class(shell)
    if found is None:
        raise click.UsageError(f"There is no completion for {shell}.")
    click.echo(found(ctx.find_root().command, {}, PROGRAM, VARIABLE).source())
