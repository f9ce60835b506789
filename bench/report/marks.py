"""The parts of a document that a benchmark writes: each stands between two marks with its name."""


def between(page: str, name: str, words: str) -> str:
    """The page, with these words between the marks of that name.

    Raises:
        ValueError: it has no such marks.
    """
    begin, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
    before, found, rest = page.partition(begin)
    _, closed, after = rest.partition(end)
    if not (found and closed):
        raise ValueError(f"the page has no {begin} with an {end} behind it")
    return f"{before}{begin}\n\n{words}\n{end}{after}"
