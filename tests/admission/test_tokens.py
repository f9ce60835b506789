import pytest

from relay.admission.identity import Identity
from relay.admission.tokens import Tokens, read_tokens_file, token_digest
from relay.config.errors import SettingsError
from relay.config.loading import load_settings
from relay.config.token_options import TokenOption

ANNA = "rt_annas-token-0123456789"
SHOP = "rt_the-shops-token-012345"


def option(token: str, subject: str | None = None, profile: str | None = None) -> TokenOption:
    return TokenOption.model_validate({"token": token, "subject": subject, "profile": profile})


def test_a_token_says_who_comes() -> None:
    """A token's subject and profile are those of its entry; what is no token belongs to nobody."""
    tokens = Tokens([option(ANNA, "anna", "museum"), option(SHOP)])
    assert tokens.identify(ANNA) == Identity("anna", "museum")
    shop = tokens.identify(SHOP)
    assert shop is not None
    assert shop.speaks_for_others
    assert shop.subject == f"token-{token_digest(SHOP)[:12]}"
    for stranger in ("", ANNA[:-1], ANNA + "x", ANNA.upper(), "\xff" * 40):
        assert tokens.identify(stranger) is None


def test_a_token_may_stand_as_its_hash() -> None:
    """The settings may hold a token's hash, which opens nothing by itself."""
    written = f"sha256:{token_digest(ANNA)}"
    tokens = Tokens([option(written, "anna")])
    assert tokens.identify(ANNA) == Identity("anna")
    assert tokens.identify(written) is None
    assert tokens.identify(token_digest(ANNA)) is None


def test_a_short_token_is_not_taken() -> None:
    """A token that could be found by trying stops the start, and is not quoted."""
    with pytest.raises(SettingsError, match="less than 16 characters") as failure:
        load_settings(tokens="hunter2")
    assert "hunter2" not in str(failure.value)


def test_tokens_in_a_file(tmp_path) -> None:
    """A file holds one token a line, with its subject and its profile, and comments."""
    path = tmp_path / "tokens"
    path.write_text(f"# who may come in\n\n{ANNA} anna museum  # until May\n{SHOP}\n")
    assert list(read_tokens_file(path)) == [option(ANNA, "anna", "museum"), option(SHOP)]


@pytest.mark.parametrize("line", [f"{ANNA} anna museum more", "hunter2 anna"])
def test_a_wrong_line_is_told_by_its_number(tmp_path, line) -> None:
    """A line that cannot be used is named by its number, without what stands in it."""
    path = tmp_path / "tokens"
    path.write_text(f"{SHOP}\n{line}\n")
    with pytest.raises(ValueError, match="line 2: ") as failure:
        list(read_tokens_file(path))
    assert "anna" not in str(failure.value)
    assert "hunter2" not in str(failure.value)
