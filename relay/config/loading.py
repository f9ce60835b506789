"""Settings as they are found: in the command line, the environment and a TOML file, and what is wrong with them.

First wins: the command line, `RELAY_…` in the environment (nested with `__`), the TOML file. `OPENAI_API_KEY` and
`OPENAI_API_KEY_FILE` keep the names that the API's users already have.
"""

import json
import re
import tomllib
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pydantic import AliasChoices, ValidationError
from pydantic_settings import SettingsConfigDict
from pydantic_settings import SettingsError as VariableError

from relay.config.errors import SettingsError
from relay.config.explanations import explain
from relay.config.jwt_options import JwtOptions
from relay.config.settings import Settings
from relay.config.token_options import TokenOption


def load_settings(path: Path | None = None, **overrides: Any) -> Settings:
    """Read the settings from `overrides` (those that are not None), the environment and the TOML file.

    Raises:
        SettingsError: each wrong setting with its name and what is wrong; the value of a secret is not quoted.
    """

    try:
        if path is not None:
            _check_readable(path)
        settings = _settings_of(path)(**{name: value for name, value in overrides.items() if value is not None})
    except tomllib.TOMLDecodeError as failure:
        raise SettingsError(f"{path}: {failure}") from None
    except UnicodeDecodeError:
        raise SettingsError(f"{path}: is not UTF-8, which a TOML file has to be") from None
    except VariableError as failure:
        raise SettingsError(_explain_variable(failure)) from None
    except ValidationError as failure:
        sentences = (explain(error, _TABLE_NAMES, _SECRET.__contains__) for error in failure.errors())
        raise SettingsError("\n".join(sentences)) from None
    return settings


def _settings_of(path: Path | None) -> type[Settings]:
    """The settings with a file as a source; without one as they stand, since a class takes 7 ms to make."""
    if path is None:
        return Settings

    class FromFile(Settings):
        model_config = SettingsConfigDict(toml_file=path)

    return FromFile


def _check_readable(path: Path) -> None:
    try:
        with path.open("rb"):
            return
    except FileNotFoundError:
        raise SettingsError(f"{path}: there is no such file") from None
    except OSError as failure:
        raise SettingsError(f"{path}: cannot be read as a file: {failure.strerror}") from None


def unknown_variables(environment: Mapping[str, str]) -> list[str]:
    """Names that look like settings and are none; most are misspelt."""
    known = {*_variables().values(), *_OTHER_VARIABLES}
    return sorted(
        name for name in environment if name.startswith("RELAY_") and name not in known and not name.startswith(_TABLES)
    )


def meant_variable(name: str) -> str | None:
    """The variable that was meant by an unknown one, where one is near."""
    variables = _variables()
    if (setting := name.removeprefix("RELAY_").lower()) in variables:
        return variables[setting]
    near = get_close_matches(name, variables.values(), n=1, cutoff=0.8)
    return near[0] if near else None


def _variables() -> dict[str, str]:
    """The variable of each setting."""
    aliases = {name: field.validation_alias for name, field in Settings.model_fields.items()}
    return {
        name: str(alias.choices[-1]) if isinstance(alias, AliasChoices) else f"RELAY_{name.upper()}"
        for name, alias in aliases.items()
    }


def _explain_variable(failure: VariableError) -> str:
    """Which variable holds broken JSON, and where it breaks; what it holds is not quoted."""
    named = re.search(r'field "(\w+)"', str(failure))
    variable = f"RELAY_{named[1].upper()}" if named else "a variable"
    place = failure.__cause__ or failure.__context__
    where = f" ({place.msg} at character {place.pos + 1})" if isinstance(place, json.JSONDecodeError) else ""
    return f"{variable}: must be JSON, and is not{where}"


_TABLES = tuple(
    f"RELAY_{name}__"
    for name in (
        "CASCADE", "HISTORY", "JWT", "LIMITS", "PRICES", "PROFILES", "QUOTAS", "UPSTREAM_HEADERS", "WEBRTC",
    )
)  # fmt: skip
_OTHER_VARIABLES = frozenset({"RELAY_CHECK_TOKEN"})
_TABLE_NAMES: Mapping[str, tuple[str, ...]] = MappingProxyType({
    "": tuple(Settings.model_fields),
    "jwt": tuple(JwtOptions.model_fields),
    "tokens": tuple(TokenOption.model_fields),
})  # fmt: skip
_SECRET = frozenset({"jwt", "metrics_token", "openai_api_key", "azure_api_key", "quota_store", "ticket_secret",
                     "tokens", "turn_secret", "upstream_headers", "xai_api_key"})  # fmt: skip
"""What is not quoted, however wrong it is."""
