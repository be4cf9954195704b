"""Reading a document: data, provenance, and every fault at its place."""

from datetime import date
from pathlib import Path
from typing import Annotated, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field

from trialwright.errors import DocumentError
from trialwright.protocol import Provenance, read_document


class Closed(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Apple(Closed):
    kind: Literal["apple"]
    weight: Annotated[float, Field(gt=0)]


class Pear(Closed):
    kind: Literal["pear"]
    ripe: bool


class Basket(Closed):
    id: str
    country: str = ""
    picked: date | None = None
    count: int | None = None
    limits: dict[str, float | str | None] = {}
    pair: tuple[int, int] | None = None


class Orchard(Closed):
    name: str
    baskets: tuple[Basket, ...] = Field(default=(), min_length=1)
    fruit: tuple[Annotated[Apple | Pear, Field(discriminator="kind")], ...] = ()
    sources: dict[str, str] = {}
    provenance: dict[str, Provenance] = {}


@pytest.fixture
def read(tmp_path: Path):
    def read(text: str | bytes, model: type[BaseModel] = Orchard):
        path = tmp_path / "orchard.yaml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return read_document(path, model)

    return read


@pytest.fixture
def refused(read, tmp_path: Path):
    """Return the message of a refused document, its folder left out."""

    def refused(text: str | bytes, model: type[BaseModel] = Orchard) -> str:
        with pytest.raises(DocumentError) as error:
            read(text, model)
        return str(error.value).replace(f"{tmp_path}/", "")

    return refused


def test_values_are_those_of_yaml_1_2(read):
    found = read("name: yes\nbaskets: [{id: no, country: NO, picked: 2020-01-31, limits: {a: 1e3, b: 0x10, c: ~}}]")
    basket = found.baskets[0]
    assert (found.name, basket.id, basket.country) == ("yes", "no", "NO")
    assert basket.picked == date(2020, 1, 31)
    assert basket.limits == {"a": 1000.0, "b": 16.0, "c": None}


def test_provenance_is_taken_out_of_the_data(read):
    found = read("""
name: {value: Elm, status: derived, source: paper}
source: register
baskets:
  - id: north
    status: assumed
    why: a guess
    count: {status: unknown, why: nobody counted}
    pair: {value: [1, 2], status: assumed, why: a guess}
  - id: south
    limits: {low: {value: 3, source: paper}}
sources: {paper: A paper, register: A register}
""")
    assert (found.name, found.baskets[0].count, found.baskets[0].pair) == ("Elm", None, (1, 2))
    assert found.baskets[1].limits == {"low": 3}
    assert found.provenance == {
        "": Provenance(source="register"),
        "name": Provenance(status="derived", source="paper"),
        "baskets.north": Provenance(status="assumed", why="a guess"),
        "baskets.north.count": Provenance(status="unknown", why="nobody counted"),
        "baskets.north.pair": Provenance(status="assumed", why="a guess"),
        "baskets.south.limits.low": Provenance(source="paper"),
    }


def test_a_list_item_without_id_is_named_by_its_index(read):
    found = read("name: x\nbaskets: [{id: a}]\nfruit: [{kind: pear, ripe: {value: true, why: soft}}]")
    assert found.provenance == {"fruit.0.ripe": Provenance(why="soft")}


def test_a_mapping_with_other_keys_is_no_annotated_value(read):
    class Claim(Closed):
        value: float
        decimals: int

    class Claims(Closed):
        claims: tuple[Claim, ...]

    assert read("claims: [{value: 4.9, decimals: 1, why: printed so}]", Claims).claims[0].value == 4.9


def test_one_fault_is_told_with_place_path_expected_and_found(refused):
    assert refused("name: x\nbaskets:\n  - id: a\n    count: many\n") == (
        "orchard.yaml:4:12: baskets.a.count: expected a whole number; found 'many'\n        count: many\n"
        + " " * 15
        + "^"
    )


def test_all_faults_are_told_at_once_in_the_order_of_the_lines(refused):
    message = refused("nam: x\nbaskets:\n  - {id: a, count: 1.5}\n  - {id: 7}\n")
    assert message.startswith("orchard.yaml has 4 problems\n")
    assert [line.split(" ")[0] for line in message.splitlines() if line.startswith("orchard.yaml:")] == [
        "orchard.yaml:1:1:",
        "orchard.yaml:1:1:",
        "orchard.yaml:3:20:",
        "orchard.yaml:4:10:",
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "nme: x\nbaskets: [{id: a}]",
            "1:1: nme: 'nme' is not a field here; did you mean 'name'? known: name, baskets",
        ),
        ("baskets: [{id: a}]", "1:1: expected the field 'name'; found nothing"),
        ("name: x\nbaskets: []", "2:10: baskets: expected at least 1 item(s); found a list of 0"),
        ("name: x\nbaskets: {}", "2:10: baskets: expected a list; found a mapping of nothing"),
        ("name: x\nbaskets: [a]", "2:11: baskets.0: expected a mapping of 'field: value' lines; found 'a'"),
        ("name: x\nbaskets: [{id: 1.0}]", "2:16: baskets.1.0.id: expected a text; found 1.0; put it in quotes"),
        ("name: x\nbaskets: [{id: a, picked: 2020-13-01}]", "expected a date written YYYY-MM-DD; found '2020-13-01'"),
        ("name: x\nbaskets: [{id: a, picked: 20200101}]", "expected a date written YYYY-MM-DD; found 20200101"),
        ("name: x\nbaskets: [{id: a, limits: {b: [1]}}]", "limits.b: expected a number or a text; found a list of 1"),
        ("name: x\nbaskets: [{id: a, count: true}]", "expected a whole number; found true"),
        ("name: x\nbaskets: [{id: a, count: '1'}]", "expected a whole number; found '1'"),
        ("name: x\nbaskets: [{id: a, pair: [1, 2, 3]}]", "2:25: baskets.a.pair"),
        (
            "name: x\nbaskets: [{id: a}]\nfruit: [{kind: aple}]",
            "3:16: fruit.0.kind: expected one of 'apple', 'pear'; found 'aple'; did you mean 'apple'?",
        ),
        (
            "name: x\nbaskets: [{id: a}]\nfruit: [{kind: apple, weight: 0}]",
            "3:31: fruit.0.weight: expected a number greater than 0; found 0",
        ),
        (
            "name: x\nbaskets: [{id: a}]\nfruit: [{kind: pear, wieght: 1, ripe: true}]",
            "3:22: fruit.0.wieght: 'wieght' is not a field here; known: kind, ripe",
        ),
        ("name: {value: x, status: guessed}\nbaskets: [{id: a}]", "1:26: name.status: expected one of 'stated', "),
        ("name: {value: x, source: 3}\nbaskets: [{id: a}]", "1:26: name.source: expected a text; found 3"),
        (
            "name: {value: x, source: papr}\nbaskets: [{id: a}]\nsources: {paper: A}",
            "1:26: name.source: source 'papr' is not under sources; did you mean 'paper'? known: paper",
        ),
        ("name: x\nname: y\nbaskets: [{id: a}]", "2:1: key 'name' is given twice, first on line 1; keep one"),
        ("name: x\nprovenance: {}\nbaskets: [{id: a}]", "2:1: provenance: 'provenance' is not a field"),
        ("name: x\nbaskets: [{id: a, limits: {[1]: 2}}]", "expected a plain text as key; found a list or mapping"),
        ("name: !!python/name:os.system x\nbaskets: [{id: a}]", "1:7: name: expected a plain value; found the tag"),
        ("name: &a [*a]\nbaskets: [{id: a}]", "an alias makes this value endless"),
        ("name: x\nbaskets: [{id: a, limits: {b: 1e999}}]", "expected a finite number; found 1e999"),
        ("name: x\nbaskets: [{id: a, limits: {b: 'x'}, count: .inf}]", "expected a whole number; found '.inf'"),
        ("- a", "1:1: expected a mapping of 'field: value' lines; found a list of 1"),
        ("name: [1\n", "not YAML: did not find expected ',' or ']' (while parsing a flow sequence)"),
        ("name: x\n---\nname: y", "2:1: not YAML: but found another document"),
        ("name: a: b", "1:8: not YAML: mapping values are not allowed in this context"),
        ("name: \x07", "orchard.yaml:1: not YAML: control characters are not allowed"),
        ("", "orchard.yaml: is empty; expected a document of 'field: value' lines"),
        ("# only a comment\n", "orchard.yaml: is empty"),
        (b"name: x\nname2: \xff\n", "orchard.yaml:2: must be UTF-8 text; byte 0xff is not"),
        ("[" * 100_000, "not usable: values are nested too deeply"),
    ],
)
def test_each_fault_has_its_words(refused, text, expected):
    assert expected in refused(text)


def test_a_short_list_is_not_blamed_for_the_faults_of_its_items(refused):
    assert "at least 1 item" not in refused("name: x\nbaskets: [{id: 1}]")


def test_aliases_of_aliases_are_not_written_out_for_ever(refused):
    lines = ["name: x", "a0: &a0 [" + ", ".join("0" * 10) + "]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 9)]
    assert "an alias makes this value endless" in refused("\n".join(lines))[:4000]


def test_a_long_line_is_shown_around_the_fault(refused):
    message = refused("name: x\nbaskets: [{id: a, country: " + "y" * 500 + ", count: z}]")
    shown, caret = message.splitlines()[-2:]
    assert len(shown) < 130
    assert shown[caret.index("^")] == "z"


def test_a_byte_order_mark_is_no_fault(read):
    assert read("\ufeffname: x\nbaskets: [{id: a}]").name == "x"


@pytest.mark.parametrize(
    ("name", "expected"), [("gone.yaml", "there is no such file"), (".", "it is a folder; name the file inside it")]
)
def test_a_file_that_cannot_be_read(tmp_path, name, expected):
    with pytest.raises(DocumentError, match=expected):
        read_document(tmp_path / name, Orchard)
