"""The papers and pages of the project, and the code that fills them."""

import importlib.util
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAPERS = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "GLOSSARY.md")]
PAGES = sorted(path for path in DOCS.rglob("*.md") if "_build" not in path.parts)

_spec = importlib.util.spec_from_file_location("generated", DOCS / "generated.py")
assert _spec is not None and _spec.loader is not None
generated = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(generated)

_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def shown(path):
    return str(path.relative_to(ROOT))


def read(path):
    return path.read_text(encoding="utf-8")


def blocks(path, language):
    """The code blocks of a page in one language, with the line each starts on."""
    text = read(path)
    return [(text[: m.start()].count("\n") + 2, m[2]) for m in _BLOCK.finditer(text) if m[1] == language]
