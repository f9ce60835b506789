"""The build hook of hatchling: a wheel gets the compiled lane and the page's bundles, a checkout the lane alone.

It runs where nothing of the relay is installed, so it runs its neighbours as files instead of importing them.
"""

import runpy
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CustomBuildHook(BuildHookInterface[Any]):
    """Adds to a wheel, or lays beside its source for an editable install, what has to be made first."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        self._add_lane(build_data)
        if version != "editable":
            self._add_page(build_data)

    def _add_lane(self, build_data: dict[str, Any]) -> None:
        compiling = self._run("relay/legs/compile_lane.py")
        try:
            compiled = compiling["compile_lane"](Path(self.root))
        except compiling["NotCompiled"] as why:
            self.app.display_warning(f"relay: the fast lane is not compiled ({why}); all works without it, but slower")
            return
        build_data["artifacts"].append(str(compiled.relative_to(self.root)))
        build_data["pure_python"] = False
        build_data["infer_tag"] = True

    def _add_page(self, build_data: dict[str, Any]) -> None:
        place = Path(self.root) / "build/page"
        bundle = self._run("relay/building/bundle.py")["bundle"]
        self._run("relay/building/page.py")["assemble"](Path(self.root), place, bundle)
        for name in ("web", "public"):
            build_data["force_include"][str(place / name)] = f"relay/page/{name}"

    def _run(self, path: str) -> dict[str, Any]:
        return runpy.run_path(str(Path(self.root) / path))
