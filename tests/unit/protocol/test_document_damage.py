"""However a protocol is damaged, it loads or is refused in words; nothing else comes out."""

from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trialwright.errors import DocumentError
from trialwright.protocol import load

TINY = (Path(__file__).parents[2] / "studies" / "tiny" / "protocol.yaml").read_text(encoding="utf-8")
LINES = TINY.splitlines(keepends=True)

pieces = st.sampled_from(
    ["", " ", "-", ":", "{", "}", "[", "]", "*", "&a", "!", "|", "'", '"', "\t", "\n", "~", "0", "é", "<<"]
)


def load_or_refuse(folder: Path, content: bytes) -> None:
    path = folder / "damaged.yaml"
    path.write_bytes(content)
    try:
        load(path)
    except DocumentError as error:
        assert str(error).startswith(str(path))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(at=st.integers(0, len(TINY)), width=st.integers(0, 12), piece=pieces)
def test_a_character_more_or_less(tmp_path, at, width, piece):
    load_or_refuse(tmp_path, (TINY[:at] + piece + TINY[at + width :]).encode())


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(at=st.integers(0, len(LINES) - 1), to=st.integers(0, len(LINES) - 1), indent=st.integers(0, 8))
def test_a_line_in_another_place(tmp_path, at, to, indent):
    lines = list(LINES)
    lines.insert(to, " " * indent + lines.pop(at).lstrip())
    load_or_refuse(tmp_path, "".join(lines).encode())


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=60))
def test_any_bytes(tmp_path, content):
    load_or_refuse(tmp_path, content)
