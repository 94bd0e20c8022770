"""Completion in bash and zsh: commands and options, and the ids that the person who asks may see."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import click
from click.shell_completion import CompletionItem, get_completion_class

from cli.app import COMPLETION, Command
from cli.session import Session, pass_session
from workflow_runtime.errors import XiebanError
from workflow_runtime.i18n import _, of_data

SHELLS = ("bash", "zsh")
MOST = 50  #: more proposals help nobody

Completer = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]


@click.command(
    cls=Command, help=_('Completion for your shell: eval "$(xieban completion bash)", or zsh, in its start-up file.')
)
@click.argument("shell", type=click.Choice(SHELLS))
@pass_session
def completion(session: Session, shell: str) -> None:
    kind = get_completion_class(shell)
    assert kind is not None
    command = click.get_current_context().find_root().command
    session.output.line(kind(command, {}, "xieban", COMPLETION).source())


def _completer(found: Callable[[Session, str], Iterator[tuple[str, str]]]) -> Completer:
    """Proposals that begin with what was typed; none where the store cannot be asked or nobody says who asks."""

    def complete(context: click.Context, _parameter: click.Parameter, typed: str) -> list[CompletionItem]:
        session = context.ensure_object(Session)
        try:
            return [CompletionItem(id, help=text) for id, text in found(session, typed) if id.startswith(typed)][:MOST]
        except (XiebanError, OSError):
            return []
        finally:
            session.close()

    return complete


@_completer
def items(session: Session, _typed: str) -> Iterator[tuple[str, str]]:
    """Open items, by the short form of their ids."""
    for one in session.runtime.worklist(actor=session.actor, limit=200):
        yield one.id[:8], f"{of_data(one.name)} {one.subject.name}"


@_completer
def cases(session: Session, _typed: str) -> Iterator[tuple[str, str]]:
    """Case numbers."""
    for one in session.runtime.cases(actor=session.actor, limit=200):
        yield one.number, f"{of_data(one.procedure_name)} {one.subject.name}"


@_completer
def persons(session: Session, typed: str) -> Iterator[tuple[str, str]]:
    """Numbers of subjects."""
    for one in session.runtime.subjects(actor=session.actor, limit=200):
        yield str(one["number"]), str(one["name"])


@_completer
def procedures(session: Session, _typed: str) -> Iterator[tuple[str, str]]:
    """Keys of deployed procedures, and of those that come with the program."""
    from workflow_runtime.procedures import shipped_procedures

    deployed = {one.key: of_data(one.name) for one in session.runtime.procedures()}
    yield from {**dict.fromkeys(shipped_procedures(), ""), **deployed}.items()


@_completer
def lists(_session: Session, _typed: str) -> Iterator[tuple[str, str]]:
    """Ids of control lists."""
    from workflow_runtime.reports import shipped

    yield from ((one.id, of_data(one.title)) for one in shipped().values())


@_completer
def clauses(_session: Session, _typed: str) -> Iterator[tuple[str, str]]:
    """References to clauses."""
    from workflow_runtime.clauses import shipped

    yield from ((one.ref, one.said) for one in shipped().clauses)


@_completer
def clerks(session: Session, _typed: str) -> Iterator[tuple[str, str]]:
    """Ids of clerks."""
    for one in session.runtime.organisation(actor=session.actor).clerks:
        yield one.id, one.name
