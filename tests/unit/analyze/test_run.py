from dataclasses import asdict

from trialwright.analyze import METHODS, run


def test_the_same_data_give_the_same_bytes(four, small_protocol):
    assert run(four, small_protocol).to_json() == run(four, small_protocol).to_json()


def test_every_number_has_a_method_a_source_and_its_patients(results):
    for row in results:
        assert row.method in METHODS, row.key
        assert row.source, row.key
        assert row.subjects in results.subjects, row.key


def test_counts_are_the_number_of_their_patients(results):
    for row in results:
        if row.method == "count" and row.unit == "patients" and row.at is None:
            assert row.value == len(results.subjects[row.subjects]), row.key


def test_no_group_of_patients_has_two_meanings(results, four, small_protocol):
    """Two cuts in one set of results keep their own patients."""
    both = results + run(four, small_protocol, "early")
    assert len(both) == 2 * len(results)
    assert set(both.subjects) > set(results.subjects)
    assert all(both.subjects[key] == patients for key, patients in results.subjects.items())


def test_every_method_is_described_and_cited(results):
    for method in METHODS.values():
        assert all(asdict(method).values()), method.id
    assert set(METHODS) >= {row.method for row in results}
