"""Modules that become one file, and those that are refused."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from relay.building.bundle import NotUnderstood, bundle, without_comments

WEB = Path(__file__).parents[2] / "web"


def laid(place: Path, **modules: str) -> Path:
    for name, source in modules.items():
        path = place / f"{name.replace('__', '/')}.js"
        path.parent.mkdir(exist_ok=True)
        path.write_text(source)
    return place


def told(place: Path, source: str, expression: str) -> Any:
    """What node says of an expression of the bundle, which is `it` there."""
    (place / "bundle.mjs").write_text(source)
    program = f"import * as it from './bundle.mjs'; console.log(JSON.stringify({expression}));"
    done = subprocess.run(
        ["node", "--input-type=module", "--eval", program], cwd=place, capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


def test_a_module_keeps_what_is_its_own(tmp_path) -> None:
    """Equal names in two modules do not meet, a module that two import runs once, and all run in order."""
    laid(
        tmp_path,
        a="const OWN = 1;\nexport const trace = [OWN];\nexport function add(word) {\n  trace.push(word);\n}\n",
        b="import { add as tell } from './a.js';\nconst OWN = 2;\ntell(OWN);\nexport class B {\n  own = OWN;\n}\n",
        rooms__c="import { add } from '../a.js';\nadd('c');\nexport async function wait() {}\n",
        index="export { trace as all } from './a.js';\nexport { B } from './b.js';\n"
        "import { wait } from './rooms/c.js';\nexport const waits = typeof wait;\n",
    )
    joined = bundle(tmp_path, "index.js")
    assert told(tmp_path, joined, "[it.all, new it.B().own, it.waits]") == [[1, 2, "c"], 2, "function"]


def test_addresses_lead_where_they_did(tmp_path) -> None:
    """What a module loads by its address is found from the bundle, under the name that it has there."""
    laid(tmp_path, rooms__a="export const WORKLET = new URL('../worklets/w.js', import.meta.url);\n", main="")
    laid(tmp_path, main="import { WORKLET } from './rooms/a.js';\nexport const at = WORKLET.href;\n")
    joined = bundle(tmp_path, "main.js", lambda path: {"worklets/w.js": "worklets/w.1234.js"}[path])
    assert told(tmp_path, joined, "it.at") == (tmp_path / "worklets/w.1234.js").as_uri()


@pytest.mark.parametrize(
    "source",
    [
        "import all from './a.js';",
        "import * as all from './a.js';",
        "import './a.js';",
        "export default 1;",
        "export let changes = 1;",
        "export * from './a.js';",
        "const later = import('./a.js');",
        "const self = import.meta.url;",
    ],
)
def test_what_is_not_understood_is_refused(tmp_path, source) -> None:
    """A build fails rather than ship a bundle that is not what the modules are."""
    with pytest.raises(NotUnderstood, match=r"main\.js"):
        bundle(laid(tmp_path, a="", main=source + "\n"), "main.js")


def test_a_circle_is_refused(tmp_path) -> None:
    """Modules that import each other have no order."""
    laid(tmp_path, a="import { b } from './b.js';\n", b="import { a } from './a.js';\n")
    with pytest.raises(NotUnderstood, match=r"a\.js -> b\.js -> a\.js"):
        bundle(tmp_path, "a.js")


def test_comments_go_and_what_looks_like_one_stays() -> None:
    """Strings, templates and regular expressions may hold what elsewhere begins a comment."""
    source = (
        "/** What it is. */\nconst a = 'http://x'; // gone\nconst b = `/* ${a} */`;\n\n"
        'const c = /[/]\\/*"/.test(a) ? "//" : 4 / 2 / 1; /* gone */\n'
    )
    source += "if (a) {\n  /* gone */ b(`\n  kept`);\n}\n"
    kept = 'const a = \'http://x\';\nconst b = `/* ${a} */`;\nconst c = /[/]\\/*"/.test(a) ? "//" : 4 / 2 / 1;\n'
    assert without_comments(source) == kept + "if (a) {\n b(`\n  kept`);\n}\n"


def test_the_library_is_the_same_in_one_file(tmp_path) -> None:
    """`index.js` of the wheel exports what the modules do, and it works."""
    joined = bundle(WEB, "index.js")
    names = "Object.keys(it).sort()"
    apart = told(tmp_path, f"export * from '{(WEB / 'index.js').as_uri()}';", names)
    assert told(tmp_path, joined, names) == apart
    assert told(tmp_path, joined, "it.explainEnding({ code: 1013, reason: '', error: null, opened: true }).title")
