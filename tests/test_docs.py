import pytest

from docs.tables import DOCUMENTS, ROOT, TABLES, filled


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_documents_say_what_the_code_does(name) -> None:
    """Every setting, metric and close code stands in the documents' tables; `make docs` writes them."""
    text = (ROOT / name).read_text()
    assert filled(text) == text


def test_every_table_has_its_place() -> None:
    """No table is written that no document shows."""
    everything = "".join((ROOT / name).read_text() for name in DOCUMENTS)
    assert all(f"<!-- {name} -->" in everything for name in TABLES)
