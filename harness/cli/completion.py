"""`ringtrue completion`, and what the shell is offered."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import click
from click.shell_completion import CompletionItem, get_completion_class

_INSTALL = {
    "bash": 'add to ~/.bashrc:  eval "$(ringtrue completion bash)"', "zsh": 'add to ~/.zshrc:  eval "$(ringtrue completion zsh)"',
    "fish": "run once:  ringtrue completion fish > ~/.config/fish/completions/ringtrue.fish",
}
Offer = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]


@click.command()
@click.argument("shell", type=click.Choice(sorted(_INSTALL)))
def completion(shell: str) -> None:
    """Prints what makes a shell complete commands, options and names.

    \b
    Examples:
      eval "$(ringtrue completion bash)"
      ringtrue completion fish > ~/.config/fish/completions/ringtrue.fish
    """
    found = get_completion_class(shell)
    assert found is not None
    click.echo(f"# {_INSTALL[shell]}")
    click.echo(found(click.get_current_context().find_root().command, {}, "ringtrue", "_RINGTRUE_COMPLETE").source())


def _offers(names: Callable[[], Iterable[str]]) -> Offer:
    def offer(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        return [CompletionItem(n) for n in names() if n.startswith(incomplete)]

    return offer


def _clauses() -> Iterable[str]:
    from harness.contract import CLAUSE

    return CLAUSE


def _faults() -> Iterable[str]:
    from harness.emulator import FAULTS

    return FAULTS


def _variants() -> Iterable[str]:
    from harness.emulator import VARIANTS

    return VARIANTS


def _targets() -> Iterable[str]:
    from harness.config import target_names
    from harness.errors import HarnessError

    try:
        return target_names(Path("ringtrue.toml"))
    except HarnessError:
        return ()


clause_names, fault_names, variant_names, target_names = map(_offers, (_clauses, _faults, _variants, _targets))
profile_names = _offers(lambda: ("quick", "standard", "deep"))
