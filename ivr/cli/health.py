"""Verbs about how the line is: check, alarms, trial. For whoever is on at night, in three languages."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.markup import escape

from ivr import alarms, trial
from ivr import check as findings_of
from ivr.cli.options import AsJson, load_settings, out
from ivr.trial import Came


def register(app: typer.Typer) -> None:
    app.command()(check)
    app.command("alarms")(list_alarms)
    app.command("trial")(try_line)


def check(
    live: Annotated[bool, typer.Option("--live", help="Ask the running line, phones and trunk too.")] = False,
    lang: Annotated[alarms.Language, typer.Option("--lang", help="What is wrong, in az, ru or en.")] = alarms.EN,
    as_json: AsJson = False,
) -> None:
    """Whether flow and prompts are without fault; with --live, whether the line is well, or what to do about it.

    With --live what is wrong comes first, the most urgent on top. Exit 2 when the flow or the prompts are wrong, 1 when
    something else is.

    Example: [bold]ivr check --live --lang az[/]
    """
    told = load_settings()
    running = findings_of.check_live(told, lang) if live else []
    findings = running + findings_of.check(told, datetime.now(UTC))
    wrong = [f for f in findings if not f.well]
    if as_json:
        for found in findings:
            names = ("what", "well", "soon", "detail", "remedy")
            typer.echo(json.dumps({name: getattr(found, name) for name in names}, ensure_ascii=False))
    elif live:
        _say_verdict(findings, lang)
    else:
        for found in findings:
            _say_finding(found)
    raise typer.Exit(2 if any(f.script for f in wrong) else 1 if wrong else 0)


def _say_verdict(findings: list[findings_of.Finding], language: str) -> None:
    """For whoever is on at night: well, or what to do; then the rest, for who set the line up."""
    wrong = [found for found in findings if not found.well]
    mark = "[bold red]✗[/]" if wrong else "[bold green]✓[/]"
    out.print(f"{mark} [bold]{alarms.verdict(len(wrong), language)}[/]\n", soft_wrap=True)
    for found in wrong:
        out.print(f"[bold red]✗[/] {escape(found.detail)}", soft_wrap=True)
        out.print(f"  [bold]→[/] {escape(found.remedy)}\n", soft_wrap=True)
    for found in sorted((found for found in findings if found.well), key=lambda found: not found.soon):
        if found.soon:
            _say_finding(found)
        else:
            out.print(f"[dim]✓ {found.what:<11} {escape(found.detail)}[/]", soft_wrap=True)


def _say_finding(found: findings_of.Finding) -> None:
    mark = "[bold yellow]![/]" if found.soon else "[bold green]✓[/]" if found.well else "[bold red]✗[/]"
    out.print(f"{mark} {found.what:<10} ", end="")
    out.print(found.detail, markup=False, soft_wrap=True)
    if found.remedy and (found.soon or not found.well):
        out.print(f"  [bold]→[/] {found.remedy}", soft_wrap=True)


def list_alarms(
    lang: Annotated[alarms.Language, typer.Option("--lang", help="In az, ru or en.")] = alarms.EN,
    rules: Annotated[bool, typer.Option("--rules", help="As rules for Prometheus (operation/alerts.yml).")] = False,
    as_json: AsJson = False,
) -> None:
    """Everything that `ivr check --live` may say, the most urgent first, and what to do then.

    Example: [bold]ivr alarms --lang az[/]
    """
    if rules:
        typer.echo(alarms.rules(), nl=False)
        return
    for name, said in alarms.words().items():
        means, remedy = (text.replace("{what}", "…") for text in said[str(lang)])
        if as_json:
            typer.echo(json.dumps({"name": name, "means": means, "remedy": remedy}, ensure_ascii=False))
        else:
            out.print(f"[bold]{name}[/]  {escape(means)}\n  [bold]→[/] {escape(remedy)}", soft_wrap=True)


CAME = {
    Came.THROUGH: "a child who rings now is answered",
    Came.ROUND_ABOUT: "answered, but not by the program: `ivr check --live` says which part is away",
    Came.NOWHERE: "the greeting was heard, and no person would have been reached",
    Came.UNHEARD: "answered, and not a sound was heard",
    Came.UNANSWERED: "the line did not answer",
    Came.POSTPONED: "not made: many callers are on the line, and it works for them",
}


def try_line(as_json: AsJson = False) -> None:
    """Let the line call itself now, to the end of the menus. No counsellor is rung, and nothing of it is counted.

    The line does it by itself too, every IVR_TEST_CALL_EVERY_MIN. Exit 1 when the call did not come through.

    Example: [bold]ivr trial[/]
    """
    with out.status("calling"):
        made = asyncio.run(trial.try_out(load_settings()))
    if as_json:
        told = {"at": made.at.isoformat(), "came": made.came, "door": made.door}
        typer.echo(json.dumps(told | {"heard_s": made.heard_s, "took_s": made.took_s}))
    else:
        took = f" in {made.took_s:.1f} s, heard after {made.heard_s:.1f} s" if made.took_s and made.heard_s else ""
        mark = "[bold red]✗[/]" if made.failed else "[bold green]✓[/]"
        out.print(f"{mark} {made.came.replace('_', ' ')}{took}: {CAME[made.came]}", soft_wrap=True)
    raise typer.Exit(1 if made.failed else 0)
