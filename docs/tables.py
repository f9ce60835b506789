"""Writes the tables that say what the code does into the documents, between their marks: `make docs`.

A test runs it and fails where a document is not what it would write.
"""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from pydantic import AliasChoices
from pydantic_core import PydanticUndefined

from relay.checking.run import CHECKS
from relay.config.settings import Settings
from relay.core.causes import ROWS, Cause, Row
from relay.core.close_codes import INVALID_PAYLOAD, PROTOCOL_ERROR
from relay.core.dial_failure import REASONS
from relay.stand_ins.faults.grammar import KINDS
from relay.telemetry.metrics import Metrics

ROOT = Path(__file__).parent.parent
DOCUMENTS = (
    "README.md",
    "docs/closing.md",
    "docs/providers.md",
    "docs/settings.md",
    "docs/metrics.md",
    "docs/testing.md",
    "docs/checking.md",
)


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A Markdown table."""
    head = list(head)
    lines = [head, ["---"] * len(head), *map(list, rows)]
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines)


BEFORE_ACCEPT = {
    Cause.UPSTREAM_DENIED: "401 or 403",
    Cause.UPSTREAM_REJECTED: "the upstream's 4xx, else 502",
    Cause.UPSTREAM_EXHAUSTED: "402, 403 or 429",
    Cause.UPSTREAM_BUSY: "the upstream's 429, 503 or 504, else 502",
} | {cause: str(row.http_status) for cause, row in ROWS.items() if row.http_status is not None}


def closing_rows() -> Iterator[tuple[str, ...]]:
    """Every cause: what it means, what the peer gets, what the upstream gets."""
    for cause in Cause:
        row = ROWS[cause]
        yield f"`{cause.value}`", row.meaning, peer_gets(cause, row), upstream_gets(cause, row)


def peer_gets(cause: Cause, row: Row) -> str:
    if cause is Cause.UPSTREAM_CLOSED:
        return "`error`, the upstream's code"
    if cause is Cause.PEER_INVALID:
        return f"{PROTOCOL_ERROR} or {INVALID_PAYLOAD}"
    if row.peer_code is None:
        return "nothing: it has gone"
    told = f"`error`, {row.peer_code}" if row.message else str(row.peer_code)
    return f"HTTP {BEFORE_ACCEPT[cause]}; a page {told}" if cause in BEFORE_ACCEPT else told


def upstream_gets(cause: Cause, row: Row) -> str:
    if cause in {Cause.UPSTREAM_CLOSED, Cause.UPSTREAM_LOST}:
        return "nothing: it has gone"
    if cause in BEFORE_ACCEPT and cause not in {Cause.DRAINING, Cause.INTERNAL_ERROR}:
        return "nothing: it was not opened"
    return "the peer's code" if row.upstream_code is None else str(row.upstream_code)


def reason_rows() -> Iterator[tuple[str, ...]]:
    """Every reason why an upstream could not be had: what the peer is told, what the operator does."""
    for reason, row in REASONS.items():
        advice = row.advice or "The provider's own advice: check the key, and what it may use."
        yield f"`{reason.value}`", row.told.replace("{status}", "…"), advice


def settings_rows() -> Iterator[tuple[str, ...]]:
    """Every setting: its TOML name, its variable, its default, its words."""
    for name, field in Settings.model_fields.items():
        alias = field.validation_alias
        variable = alias.choices[-1] if isinstance(alias, AliasChoices) else f"RELAY_{name.upper()}"
        value = ", ".join(field.default) if isinstance(field.default, tuple) else field.default
        default = "" if value is PydanticUndefined or value in (None, "") else f"`{value}`"
        yield (
            f"`{name}`",
            f"`{variable}`",
            default.replace("True", "true").replace("False", "false"),
            field.description or "",
        )


def metrics_rows() -> Iterator[tuple[str, ...]]:
    """Every metric of the relay's own: its name, kind, labels, words."""
    for family in Metrics().registry.collect():
        if family.name.startswith("relay_"):
            suffix = "_total" if family.type == "counter" else ""
            declared = getattr(family, "_labelnames", ())  # a collector's family says them before it has a sample
            labels = sorted({*declared, *(label for sample in family.samples for label in sample.labels)} - {"le"})
            yield (
                f"`{family.name}{suffix}`",
                family.type,
                ", ".join(f"`{label}`" for label in labels),
                family.documentation,
            )


def fault_rows() -> Iterator[tuple[str, ...]]:
    """Every fault: how it is written, what it does."""
    for kind in KINDS.values():
        yield f"`{kind.example}`", kind.meaning


def check_rows() -> Iterator[tuple[str, ...]]:
    """Every check of `relay check`: its name, what it asks for."""
    for check in CHECKS:
        yield f"`{check.name}`", check.asks


TABLES: dict[str, Callable[[], str]] = {
    "closing": lambda: table(("cause", "what happened", "the peer gets", "the upstream gets"), closing_rows()),
    "reasons": lambda: table(("`reason`", "the peer is told", "`advice`"), reason_rows()),
    "settings": lambda: table(("setting", "variable", "default", "what it does"), settings_rows()),
    "faults": lambda: table(("fault", "what it does"), fault_rows()),
    "checks": lambda: table(("check", "what it asks for"), check_rows()),
    "metrics": lambda: table(("metric", "kind", "labels", "what it says"), metrics_rows()),
}


def filled(text: str) -> str:
    """The document with each table between its marks written anew."""
    for name, write in TABLES.items():
        begin, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
        if begin in text:
            before, rest = text.split(begin, 1)
            text = f"{before}{begin}\n\n{write()}\n\n{end}{rest.split(end, 1)[1]}"
    return text


def main() -> None:
    for name in DOCUMENTS:
        path = ROOT / name
        path.write_text(filled(path.read_text()))


if __name__ == "__main__":
    main()
