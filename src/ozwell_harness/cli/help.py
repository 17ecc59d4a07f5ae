"""How help is drawn: nothing cut off, readable in forty columns, examples at the end."""

from __future__ import annotations

import re
import shutil
import textwrap
from collections.abc import Iterable

import click
from click.formatting import wrap_text

_WIDEST = 100
_NARROWEST = 30
#: Below it, what an option does stands under its name rather than beside it.
_NARROW = 70
_COLUMN = re.compile(r"\s*\S+ {2,}")
HEADING = "Examples:"


def examples(*lines: str) -> str:
    """Return an epilog of examples, each a command that works as it stands. A test runs every one."""
    return "\n".join(("\b", HEADING, *(f"  {line}" for line in lines)))


def width() -> int:
    """Return the columns that help may take on this terminal."""
    return max(_NARROWEST, min(shutil.get_terminal_size().columns, _WIDEST) - 2)


class Formatter(click.HelpFormatter):
    """Draws help within its width, narrow ones included."""

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        """Write names and what they mean, side by side or one under the other."""
        super().write_dl(rows, col_max if self.width >= _NARROW else 4, col_spacing)

    def write_text(self, text: str) -> None:
        """Write paragraphs; of those that keep their lines, lines too long go on under their second column."""
        indent = " " * self.current_indent
        wrapped = wrap_text(text, max(self.width, 11), indent, indent, preserve_paragraphs=True)
        for line in wrapped.split("\n"):
            self.write(f"{self._fitted(line)}\n")

    def _fitted(self, line: str) -> str:
        # A command is left to the terminal to wrap: it is there to be copied.
        if len(line) <= self.width or line.strip().startswith(("ozwell-harness", "--", "eval")):
            return line
        column = _COLUMN.match(line)
        indent = len(line) - len(line.lstrip()) + 2
        hanging = column.end() if column and column.end() <= self.width // 2 else indent
        return textwrap.fill(line, self.width, subsequent_indent=" " * hanging, break_long_words=False)


class HelpContext(click.Context):
    """A context whose help is drawn by ``Formatter``."""

    formatter_class = Formatter


class HelpGroup(click.Group):
    """A group that names its commands with the whole of their first sentence."""

    context_class = HelpContext

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command; its help is drawn like the group's."""
        command = super().get_command(ctx, cmd_name)
        if command is not None:
            command.context_class = HelpContext
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write what commands there are."""
        commands = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        rows = [(name, command.get_short_help_str(limit=10_000)) for name, command in commands if command]
        with formatter.section("Commands"):
            formatter.write_dl(rows)
