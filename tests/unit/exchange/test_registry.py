"""A protocol beside its registry record, on small records made here."""

import json
from pathlib import Path

import pytest

from trialwright.errors import DocumentError
from trialwright.exchange import compare
from trialwright.protocol import load

TINY = Path(__file__).parents[2] / "studies" / "tiny" / "protocol.yaml"


def agreeing() -> dict:
    """Return a record that says what the tiny study says."""
    return {
        "identificationModule": {
            "orgStudyIdInfo": {"id": "TINY-01"},
            "acronym": "TINY",
            "briefTitle": "Exampletinib or comparator in metastatic  colorectal cancer (made up)",
            "officialTitle": "A made-up randomized trial of exampletinib against comparator in metastatic colorectal "
            "cancer",
        },
        "statusModule": {
            "overallStatus": "NOT_YET_RECRUITING",
            "startDateStruct": {"date": "2024-01", "type": "ESTIMATED"},
        },
        "sponsorCollaboratorsModule": {"leadSponsor": {"name": "Nobody"}, "collaborators": [{"name": "Nobody"}]},
        "conditionsModule": {"conditions": ["Metastatic Colorectal Cancer"]},
        "designModule": {
            "studyType": "INTERVENTIONAL",
            "phases": ["PHASE2"],
            "designInfo": {
                "allocation": "RANDOMIZED",
                "interventionModel": "PARALLEL",
                "primaryPurpose": "TREATMENT",
                "maskingInfo": {"masking": "NONE"},
            },
            "enrollmentInfo": {"count": 60, "type": "ESTIMATED"},
        },
        "armsInterventionsModule": {
            "armGroups": [
                {"label": "Comparator", "type": "ACTIVE_COMPARATOR", "interventionNames": ["Drug: Comparator"]},
                {"label": "Exampletinib", "type": "EXPERIMENTAL", "interventionNames": ["Exampletinib"]},
            ],
            "interventions": [
                {"name": "Exampletinib", "type": "DRUG"},
                {"name": "Comparator", "type": "DRUG"},
            ],
        },
        "eligibilityModule": {
            "eligibilityCriteria": "Inclusion Criteria:\n\n1. Adult\n2. ECOG 0-1\n3. Compliant\n\n"
            "Exclusion Criteria:\n\n1. Chemotherapy",
            "healthyVolunteers": False,
            "sex": "ALL",
            "minimumAge": "18 Years",
        },
        "contactsLocationsModule": {
            "overallOfficials": [{"name": "No One", "affiliation": "Nobody", "role": "PRINCIPAL_INVESTIGATOR"}],
            "locations": [
                {"facility": "Second Hospital", "city": "Graz", "country": "Austria"},
                {"facility": "First Hospital", "city": "Bergen", "country": "Norway"},
            ],
        },
    }


@pytest.fixture
def compared(tmp_path):
    """Compare the tiny study with the agreeing record after a change."""

    def compared(change=lambda section: None):
        section = agreeing()
        change(section)
        path = tmp_path / "record.json"
        path.write_text(json.dumps({"protocolSection": section}), encoding="utf-8")
        return compare(load(TINY), path)

    return compared


def unlike(rows):
    return [(row.field, row.protocol, row.registry, row.verdict) for row in rows if row.verdict != "same"]


def test_a_record_that_agrees_is_the_same_in_every_field(compared):
    rows = compared()
    assert unlike(rows) == []
    sections = {row.field.split(".")[0] for row in rows}
    assert sections == {
        "identification", "registry", "organization", "description", "design", "arms", "interventions", "eligibility",
        "sites",
    }  # fmt: skip
    assert sum(row.field.startswith("eligibility.criteria") for row in rows) == 2 + 4
    assert sum(row.field.startswith("sites") for row in rows) == 1 + 2 + 2


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda s: s["designModule"]["enrollmentInfo"].update(count=61), ("design.enrollment", "60", "61", "differs")),
        (
            lambda s: s["statusModule"]["startDateStruct"].update(date="2024-01-16"),
            ("registry.start.date", "2024-01-15", "2024-01-16", "differs"),
        ),
        (
            lambda s: s["statusModule"].update(lastUpdateSubmitDate="2025-01-01"),
            ("registry.last_updated", None, "2025-01-01", "only in registry"),
        ),
        (
            lambda s: s["identificationModule"].pop("acronym"),
            ("identification.acronym", "TINY", None, "only in protocol"),
        ),
        (
            lambda s: s["eligibilityModule"].update(minimumAge="21 Years"),
            ("eligibility.minimum_age", "18 Years", "21 Years", "differs"),
        ),
        (
            lambda s: s["eligibilityModule"].update(healthyVolunteers=True),
            ("eligibility.healthy_volunteers", "false", "true", "differs"),
        ),
        (
            lambda s: s["armsInterventionsModule"]["armGroups"][0].update(label="Control"),
            ("arms.standard.label", "Comparator", "Control", "differs"),
        ),
        (
            lambda s: s["armsInterventionsModule"]["armGroups"][0].update(interventionNames=["Placebo"]),
            ("arms.standard.interventions", "Comparator", "Placebo", "differs"),
        ),
        (
            lambda s: s["conditionsModule"].update(conditions=["Cancer", "Metastatic Colorectal Cancer"]),
            ("description.conditions", None, "Cancer", "only in registry"),
        ),
    ],
)
def test_one_field_that_disagrees_is_named(compared, change, expected):
    assert unlike(compared(change)) == [expected]


def test_sites_are_matched_one_by_one_and_counted_by_country(compared):
    def change(section):
        locations = section["contactsLocationsModule"]["locations"]
        locations[0]["city"] = "Vienna"
        locations.append({"facility": "Third Hospital", "city": "Graz", "country": "Austria"})

    assert unlike(compared(change)) == [
        ("sites", "2", "3", "differs"),
        ("sites", "1", "2", "differs"),
        ("sites.S2", "Second Hospital; Graz; Austria", "Second Hospital; Vienna; Austria", "differs"),
        ("sites", None, "Third Hospital; Graz; Austria", "only in registry"),
    ]


def test_numbers_of_criteria_are_compared_and_never_changed(compared):
    text = (
        "Inclusion Criteria:\n\n2. ECOG 0-1\n   1. with a note\n   2. and another\n3. Compliant\n5. More\n\n"
        "Exclusion Criteria:\n"
    )
    rows = compared(lambda s: s["eligibilityModule"].update(eligibilityCriteria=text))
    assert unlike(rows) == [
        ("eligibility.criteria.inclusion", "1-3", "2-3, 5", "differs"),
        ("eligibility.criteria.I01.number", "inclusion 1", None, "only in protocol"),
        ("eligibility.criteria.inclusion.number", None, "inclusion 5", "only in registry"),
        ("eligibility.criteria.exclusion", "1", None, "only in protocol"),
        ("eligibility.criteria.E01.number", "exclusion 1", None, "only in protocol"),
    ]
    notes = {row.field: row.note for row in rows}
    assert notes["eligibility.criteria.inclusion"] == (
        "numbers of the items; in the record item 1 is missing; in the record item 4 is missing"
    )
    assert notes["eligibility.criteria.I02.number"] == "the record's item has 2 sub-items"


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ('{"protocolSection": ', r"record.json:1:21: not JSON: Expecting value"),
        ("[]", "not a registry record: .*found list"),
        ('{"studies": []}', "not a registry record: .*found the keys studies"),
        ('{"protocolSection": {"nctId": "NCT0"}}', "not a registry record"),
        (
            '{"protocolSection": {"identificationModule": {"nctId": 7}}}',
            "protocolSection.identificationModule.nctId: expected a text; found '7'",
        ),
        (
            '{"protocolSection": {"identificationModule": {}, "designModule": {"enrollmentInfo": 198}}}',
            "designModule.enrollmentInfo: expected a mapping; found '198'",
        ),
        (
            '{"protocolSection": {"identificationModule": {}, "contactsLocationsModule": {"locations": ["x"]}}}',
            "locations: expected a list of mappings",
        ),
    ],
)
def test_what_is_no_record_is_refused(tmp_path, content, expected):
    path = tmp_path / "record.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(DocumentError, match=expected):
        compare(load(TINY), path)


def test_a_record_that_cannot_be_read_is_refused(tmp_path):
    with pytest.raises(DocumentError, match="No such file"):
        compare(load(TINY), tmp_path / "gone.json")
    (tmp_path / "latin.json").write_bytes(b'{"a": "\xe9"}')
    with pytest.raises(DocumentError, match="must be UTF-8 text; byte 7 is not"):
        compare(load(TINY), tmp_path / "latin.json")
