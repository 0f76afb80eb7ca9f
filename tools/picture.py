# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Draw the picture in docs/architecture.md: import-linter reads the imports, graphviz draws them.

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
    imported_by: dict[str, set[str]] = {
        name: set() for name in re.findall(r'^ +"\.(\w+)"', graph, re.MULTILINE)
    }
    for importer, imported in re.findall(r'"\.(\w+)" -> +"\.(\w+)"', graph):
        imported_by[importer].add(imported)
    return imported_by


def drawn_imports() -> dict[str, set[str]]:
    """Return the packages in the picture, each with those that its arrows point to."""
    titles = re.findall(r"<title>([^<]*)</title>", PICTURE.read_text(encoding="utf-8"))
    arrows: dict[str, set[str]] = {}
    for title in titles:
        name, _, imported = title.replace("&#45;&gt;", ">").partition(">")
        if name.startswith("."):
            arrows.setdefault(name[1:], set()).update([imported[1:]] if imported else [])
    return arrows


def with_indirect(imports: dict[str, set[str]]) -> dict[str, set[str]]:
    """Return each package with all that it imports, directly or through others."""

    def all_imports(name: str) -> set[str]:
        return imports[name].union(*map(all_imports, imports[name]))

    return {name: all_imports(name) for name in imports}


def main() -> int:
    """Draw the picture, without the arrows that follow from others."""
    graph = re.sub(r'"\.__main__".*\n', "", _graph())
    nodes = "".join(f'    ".{name}" [label=<{_label(name)}>]\n' for name in sorted(imports()))
    nodes = re.sub(r' *"\.__main__".*\n', "", nodes)
    head, _, rest = graph.partition("concentrate=true\n")
    text = f"{head}{_STYLE}{rest.rpartition('}')[0]}{nodes}}}\n"
    reduced = subprocess.run(["tred"], input=text, capture_output=True, text=True, check=True)
    drawing = subprocess.run(
        ["dot", "-Tsvg"], input=reduced.stdout, capture_output=True, text=True, check=True
    )
    PICTURE.write_text(drawing.stdout, encoding="utf-8")
    return 0


def _graph() -> str:
    command = [str(Path(sys.executable).parent / "import-linter"), "drawgraph", "xentui"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout


def _label(name: str) -> str:
    """Return a label: the package's name and the first line of its docstring."""
    path = ROOT / "xentui" / name / "__init__.py"
    path = path if path.exists() else ROOT / "xentui" / f"{name}.py"
    summary = (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "").split("\n")[0]
    text = "<br/>".join(textwrap.wrap(summary.replace("`", ""), 34))
    return f'<b>{name}</b><br/><font point-size="10">{text}</font>'


if __name__ == "__main__":
    raise SystemExit(main())
