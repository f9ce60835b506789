"""Limits and prices as an operator writes them."""

import tomllib
from collections.abc import Mapping
from dataclasses import asdict, fields
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from importlib.resources import files
from typing import Any

from relay.config.quotas import SCOPES, Quota
from relay.core.limits import Limits
from relay.core.prices import Price, Prices


def read_limits(table: Any, path: str, otherwise: Limits) -> Limits:
    """Make limits from a TOML table; what it does not name is as in `otherwise`.

    Raises:
        ValueError: names the field, and what is wrong with it.
    """
    numbers = _numbers(table, path, [field.name for field in fields(Limits)])
    given = {name: number if name == "cost_usd" else float(number) for name, number in numbers.items()}
    return Limits(**{**asdict(otherwise), **given})


def read_quota(table: Any, path: str) -> Quota:
    """Make a quota from a TOML table.

    Raises:
        ValueError: names the field, and what is wrong with it.
    """
    numbers = _numbers(table, path, [field.name for field in fields(Quota)])
    usd = numbers.pop("usd_per_day", None)
    return Quota(**{name: max(1, int(number)) for name, number in numbers.items()}, usd_per_day=usd)


def read_quotas(tables: Mapping[str, Any]) -> dict[str, Quota]:
    """Make the quotas of the scopes that the tables name.

    Raises:
        ValueError: names the scope or the field, and what is wrong with it.
    """
    if unknown := set(tables) - set(SCOPES):
        raise ValueError(f"quotas.{min(unknown)}: there is no such scope; there are {', '.join(SCOPES)}")
    return {scope: read_quota(table, f"quotas.{scope}") for scope, table in tables.items()}


def read_prices(tables: Mapping[str, Any]) -> Prices:
    """The shipped price table, with models added and replaced by the operator's tables.

    Raises:
        ValueError: names the model and the field, and what is wrong with it.
    """
    shipped = tomllib.loads(files("relay.config").joinpath("prices.toml").read_text(), parse_float=Decimal)
    for table in shipped.values():
        del table["as_of"]
    names = [field.name for field in fields(Price)]
    return Prices(
        {
            model: Price.completed(_numbers(table, f"prices.{model}", names, least=Decimal(0)))
            for model, table in {**shipped, **tables}.items()
        }
    )


def _numbers(table: Any, path: str, names: list[str], least: Decimal = Decimal("0.001")) -> dict[str, Decimal]:
    if not isinstance(table, Mapping):
        raise ValueError(f"{path}: must be a table")  # noqa: TRY004 - a setting's fault is a ValueError
    found = {}
    for name, value in table.items():
        if name not in names:
            near = get_close_matches(name, names, n=1)
            raise ValueError(f"{path}.{name}: there is no such field{f'; did you mean {near[0]}?' if near else ''}")
        try:
            number = Decimal(str(value))
        except InvalidOperation:
            number = Decimal("NaN")
        if not number.is_finite() or number < least:
            raise ValueError(f"{path}.{name}: must be a number of at least {least}, not {value!r}")
        found[name] = number
    return found
