"""The page as the wheel holds it: one file of modules and one of styles, at addresses that name what is in them.

What a browser has once, it need not ask for again: `style.0a1b2c3d.css` never changes. What others ask for by name
keeps its name: `web/index.js` and `web/realtime-voice.js` are whole, `web/main.js` hands on what the page itself
loaded, and the modules lie beside them.
"""

import hashlib
import re
import shutil
from collections.abc import Callable
from pathlib import Path

WORKLETS = ("worklets/capture.js", "worklets/playback.js")
LIBRARIES = ("index.js", "realtime-voice.js")
STYLES = re.compile(r'( *<link rel="stylesheet" href="([^":]+)">\n)+')
ENTRY = '<script type="module" src="web/main.js"></script>'

Bundle = Callable[[Path, str, Callable[[str], str]], str]


def assemble(root: Path, place: Path, bundle: Bundle) -> None:
    """Write `web` and `public` of the project at `root` into `place`, which is made anew, with their bundles."""
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(root / "public", place / "public")
    shutil.copytree(root / "web", place / "web", ignore=shutil.ignore_patterns("*.ts", "tsconfig*.json"))
    web = place / "web"
    hashed = {path: _write(web, path, bundle(root / "web", path, str)) for path in WORKLETS}

    def joined(path: str) -> str:
        return bundle(root / "web", path, lambda target: hashed.get(target, target))

    main = _write(web, "main.js", joined("main.js"))
    (web / "main.js").write_text(f"export * from './{main}';\n", "utf-8")
    for path in LIBRARIES:
        (web / path).write_text(joined(path), "utf-8")
    index = place / "public/index.html"
    index.write_text(_page(index.read_text("utf-8"), place / "public", main, [*hashed.values()]), "utf-8")


def _page(html: str, public: Path, main: str, worklets: list[str]) -> str:
    """The page that loads the bundles, and has the browser fetch what the first session needs while nobody waits."""
    [styles] = STYLES.finditer(html)
    sheets = re.findall(r'href="([^"]+)"', styles[0])
    style = _write(public, "style.css", "".join((public / sheet).read_text("utf-8") for sheet in sheets))
    html = html.replace(styles[0], f'    <link rel="stylesheet" href="{style}">\n')
    entry = ENTRY.replace("main.js", main)
    ahead = "".join(f'\n    <link rel="prefetch" href="web/{worklet}" as="script" crossorigin>' for worklet in worklets)
    if html.count(ENTRY) != 1:
        raise ValueError(f"public/index.html has no {ENTRY}")
    return html.replace(ENTRY, entry + ahead)


def _write(place: Path, path: str, text: str) -> str:
    """Write a file whose name says what is in it, beside the one at `path`; returns its path."""
    name = Path(path)
    digest = hashlib.sha256(text.encode()).hexdigest()[:16]
    named = name.with_name(f"{name.stem}.{digest}{name.suffix}").as_posix()
    (place / named).write_text(text, "utf-8")
    return named
