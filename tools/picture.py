# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Draw the picture of the architecture: import-linter reads the imports, graphviz draws them.

``make picture`` writes it. It needs graphviz (``dot`` and ``tred``).
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import textwrap
from pathlib import Path

ROOT = Path(__file__).parents[1]
PICTURE = ROOT / "docs/images/architecture.svg"
_STYLE = """
    node [shape=box style="rounded,filled" fillcolor="#f2f4f7" color="#4a6f9c" fontname=sans
        fontsize=12 margin="0.15,0.08"]
    edge [color="#808890" arrowsize=0.7]
    bgcolor=transparent nodesep=0.35 ranksep=0.45
"""


def imports() -> dict[str, set[str]]:
    """Return each package and module directly below ``xentui``, with the ones it imports."""
    graph = _graph()
    found: dict[str, set[str]] = {
        name: set() for name in re.findall(r'^ +"\.(\w+)"', graph, re.MULTILINE)
    }
    for importer, imported in re.findall(r'"\.(\w+)" -> +"\.(\w+)"', graph):
        found[importer].add(imported)
    return found


def drawn() -> dict[str, set[str]]:
    """Return the packages in the picture, each with those that its arrows point to."""
    titles = re.findall(r"<title>([^<]*)</title>", PICTURE.read_text(encoding="utf-8"))
    found: dict[str, set[str]] = {}
    for title in titles:
        name, _, imported = title.replace("&#45;&gt;", ">").partition(">")
        if name.startswith("."):
            found.setdefault(name[1:], set()).update([imported[1:]] if imported else [])
    return found


def all_below(known: dict[str, set[str]]) -> dict[str, set[str]]:
    """Return the same graph with everything that can be reached in several steps."""

    def below(name: str) -> set[str]:
        return known[name].union(*(below(other) for other in known[name]))

    return {name: below(name) for name in known}


def main() -> int:
    """Draw the picture, without the arrows that follow from others."""
    graph = re.sub(r'"\.__main__".*\n', "", _graph())
    nodes = "".join(f'    ".{name}" [label=<{_label(name)}>]\n' for name in sorted(imports()))
    nodes = re.sub(r' *"\.__main__".*\n', "", nodes)
    head, _, rest = graph.partition("concentrate=true\n")
    text = f"{head}{_STYLE}{rest.rpartition('}')[0]}{nodes}}}\n"
    reduced = subprocess.run(["tred"], input=text, capture_output=True, text=True, check=True)
    made = subprocess.run(
        ["dot", "-Tsvg"], input=reduced.stdout, capture_output=True, text=True, check=True
    )
    PICTURE.write_text(made.stdout, encoding="utf-8")
    return 0


def _graph() -> str:
    command = [str(Path(sys.executable).parent / "import-linter"), "drawgraph", "xentui"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout


def _label(name: str) -> str:
    """Return a label: the package's name and the first line of its docstring."""
    path = ROOT / "xentui" / name / "__init__.py"
    path = path if path.exists() else ROOT / "xentui" / f"{name}.py"
    summary = (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "").split("\n")[0]
    lines = textwrap.wrap(summary.replace("`", ""), 34)
    reported = "<br/>".join(lines)
    return f'<b>{name}</b><br/><font point-size="10">{reported}</font>'


if __name__ == "__main__":
    raise SystemExit(main())
