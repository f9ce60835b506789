"""Compiles the fast lane when the package is built or installed from a checkout; `building/hook.py` runs this file."""

import sys
from pathlib import Path

SOURCE = "relay/legs/lane.pyx"
FLAGS = ["-O3", "-fno-strict-aliasing"]


class NotCompiled(Exception):  # noqa: N818 - the fact, not the fault
    """There is no compiler, or it did not do its work; the words say which."""


def compile_lane(root: Path) -> Path:
    """Compile the module beside its source; returns where it is.

    Raises:
        NotCompiled: it could not be.
    """
    try:
        from Cython.Build import cythonize  # noqa: PLC0415 - 30 MB, and perhaps not there
        from Cython.Compiler.Errors import CompileError as CythonError  # noqa: PLC0415 - of the same 30 MB
        from setuptools import Distribution, Extension, errors  # noqa: PLC0415 - 20 MB, and perhaps not there
        from setuptools.command.build_ext import build_ext  # noqa: PLC0415 - of the same 20 MB
    except ImportError as missing:
        raise NotCompiled(str(missing)) from missing
    extension = Extension("relay.legs.lane", [str(root / SOURCE)], extra_compile_args=FLAGS)
    build = root / "build/lane"
    try:
        modules = cythonize([extension], include_path=sys.path, build_dir=str(build), quiet=True)  # type: ignore[no-untyped-call]
        command = build_ext(Distribution({"ext_modules": modules}))
        command.build_temp, command.build_lib = str(build), str(root)
        command.ensure_finalized()
        command.run()
    except (CythonError, errors.BaseError, errors.CompileError, errors.LinkError, OSError, SystemExit) as failure:
        raise NotCompiled(f"{type(failure).__name__}: {str(failure)[:80]}") from failure
    return Path(command.get_ext_fullpath("relay.legs.lane"))
