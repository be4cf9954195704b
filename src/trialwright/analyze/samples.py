"""Samples taken, and what was found in them."""

from __future__ import annotations

from collections.abc import Iterator

from trialwright.analyze.study import Finding, Place, Study

__all__ = ["biomarkers", "samples"]


def samples(study: Study) -> Iterator[Finding]:
    """Return the share of each planned sample that was taken, of the patients for whom it was due by the cut-off."""
    frame = study.data["samples"]
    place = Place(study.cut, "samples", study.randomized_population)
    columns = (frame[name].to_list() for name in ("subject", "sample", "taken_on"))
    due: dict[str, dict[str, bool]] = {sample.id: {} for sample in study.protocol.samples}
    for subject, sample, taken_on in zip(*columns, strict=True):
        due.setdefault(sample, {})[subject] = taken_on is not None
    for group in study.groups(place.population):
        for sample, patients in due.items():
            planned = group.only(f"{sample} due", patients)
            taken = planned.only("taken", (subject for subject, is_taken in patients.items() if is_taken))
            yield place.share(planned, "taken", taken, "samples", item=sample)


def biomarkers(study: Study) -> Iterator[Finding]:
    """Return the share of patients with each marker altered in any sample, of those with an evaluable sample."""
    frame = study.data["biomarkers"]
    place = Place(study.cut, "biomarkers", study.randomized_population)
    columns = (frame[name].to_list() for name in ("subject", "marker", "finding"))
    altered: dict[str, dict[str, bool]] = {}
    for subject, marker, finding in zip(*columns, strict=True):
        if finding != "not evaluable":
            patients = altered.setdefault(marker, {})
            patients[subject] = patients.get(subject, False) or finding == "altered"
    convention = "altered in any sample, of the patients with an evaluable sample"
    for group in study.groups(place.population):
        for marker in sorted(altered):
            known = group.only(f"{marker} evaluable", altered[marker])
            by = known.only("altered", (subject for subject, found in altered[marker].items() if found))
            yield place.share(known, "altered", by, "biomarkers", item=marker, conventions=convention)
