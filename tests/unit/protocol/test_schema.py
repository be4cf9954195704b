"""The JSON Schema accepts what the loader accepts, and points at what it refuses."""

from pathlib import Path

import jsonschema
import pytest

from trialwright.protocol import Provenance, json_schema, protocol_file, study_names
from trialwright.protocol.yaml_tree import compose, plain, read_text

TINY = Path(__file__).parents[2] / "studies" / "tiny" / "protocol.yaml"
FILES = [TINY, *map(protocol_file, study_names())]


@pytest.fixture(scope="module")
def schema():
    return jsonschema.Draft202012Validator(json_schema())


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.parent.name)
def test_studies_are_valid(schema, path):
    assert [f"{e.json_path}: {e.message}" for e in schema.iter_errors(plain(compose(read_text(path))))] == []


def test_the_schema_is_a_schema(schema):
    rules = jsonschema.Draft202012Validator(jsonschema.Draft202012Validator.META_SCHEMA)
    assert [f"{e.json_path}: {e.message}" for e in rules.iter_errors(schema.schema)] == []


@pytest.mark.parametrize(
    "spoil",
    [
        lambda doc: doc["arms"][0].update(shrt="x"),
        lambda doc: doc["design"].pop("enrollment"),
        lambda doc: doc["design"].update(enrollment={"value": "many"}),
        lambda doc: doc["design"].update(enrollment={"status": "unknown"}),
        lambda doc: doc["design"].update(status="guessed"),
        lambda doc: doc["endpoints"][0].update(kind="time to evnt"),
        lambda doc: doc.update(provenance={}),
    ],
)
def test_faults_are_found(schema, spoil):
    document = plain(compose(read_text(TINY)))
    spoil(document)
    assert list(schema.iter_errors(document))


def test_annotated_and_unknown_values_are_valid(schema):
    document = plain(compose(read_text(TINY)))
    document["design"]["enrollment"] = {"value": 60, "status": "derived", "source": "invented"}
    document["interventions"][1]["start"][0]["dose"] = {"status": "unknown", "why": "not said"}
    document["arms"] = {"value": document["arms"], "status": "assumed", "why": "an example"}
    assert list(schema.iter_errors(document)) == []


def test_docstrings_reach_the_editor(schema):
    fields = schema.schema["$defs"]["Design"]["properties"]
    assert fields["enrollment"]["description"] == "Patients to be randomized."


def test_any_document_has_a_schema():
    assert json_schema(Provenance)["properties"]["status"]
