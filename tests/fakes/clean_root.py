"""A root with a few folders in it and nothing else, all of it read-only: what a container's root is to its command."""

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

NOBODY = 65532
"""The container's user."""

# $1 is the new root; what is to be seen in it stands in $SEEN, a path a line; the rest is the command.
_ENTER = """
set -e
root=$1; shift
mount --make-rprivate /
mount -t tmpfs -o mode=0755 tmpfs "$root"
echo "$SEEN" | while read -r path; do
  if [ -L "$path" ]; then mkdir -p "$root$(dirname "$path")"; cp -P "$path" "$root$path"; continue; fi
  if [ -d "$path" ]; then mkdir -p "$root$path"; else mkdir -p "$root$(dirname "$path")"; : > "$root$path"; fi
  mount --rbind "$path" "$root$path"
  case "$path" in /dev/*|/proc) ;; *) mount -o remount,bind,ro "$root$path" ;; esac
done
mount -o remount,ro "$root"
exec chroot $AS "$root" "$@"
"""
_SYSTEM = ("/usr", "/bin", "/lib", "/lib64", "/proc", "/dev/null", "/dev/urandom")


def in_clean_root(root: Path, seen: Sequence[Path], command: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """A command line, and its environment, that run a command where only the system's programs and these folders are.

    Args:
        root: an empty folder to put it at.
    """
    as_root = os.geteuid() == 0
    system = [path for path in _SYSTEM if os.path.lexists(path)]
    variables = {
        "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
        "SEEN": "\n".join([*system, *map(str, seen)]),
        "AS": f"--userspec={NOBODY}:{NOBODY} --groups=" if as_root else "",
    }
    namespaces = ["unshare", "--mount"] if as_root else ["unshare", "--user", "--map-root-user", "--mount"]
    return [*namespaces, "sh", "-c", _ENTER, "sh", str(root), *command], variables


def why_not(root: Path) -> str:
    """Why this machine cannot make such a root; empty if it can."""
    words, variables = in_clean_root(root, [], ["/usr/bin/true"])
    try:
        done = subprocess.run(words, env=variables, capture_output=True, text=True, check=False)
    except FileNotFoundError as missing:
        return str(missing)
    return "" if done.returncode == 0 else done.stderr.strip()
