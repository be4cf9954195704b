"""A rehearsal: one virtual trial from screening to results, many fast replays, published figures beside them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from functools import reduce
from typing import TYPE_CHECKING

from trialwright.cli.calibrate import achieved
from trialwright.errors import DocumentError

if TYPE_CHECKING:
    from pathlib import Path

    from trialwright.derive import Derived
    from trialwright.design import Scenario
    from trialwright.evidence import Achieved, Claims, Compared, Finding
    from trialwright.protocol import Protocol
    from trialwright.records import TrialData
    from trialwright.results import Results
    from trialwright.simulate import Replays

__all__ = ["Analysis", "Rehearsal", "Study", "analyze_trial", "read_study", "rehearse"]

Say = Callable[[str], None]


@dataclass(frozen=True)
class Study:
    """What was promised, what is supposed, what was published."""

    protocol: Protocol
    scenario: Scenario
    claims: Claims | None


@dataclass(frozen=True)
class Analysis:
    """One trial at each data cut-off that it reaches."""

    cuts: Mapping[str, date | None]
    """None: the cut's events never happened."""
    derived: Mapping[str, Derived]
    results: Results


@dataclass(frozen=True)
class Rehearsal:
    """All that a rehearsal found."""

    study: Study
    seed: int
    data: TrialData
    analysis: Analysis
    replays: Replays | None
    comparison: tuple[Compared, ...]
    findings: tuple[Finding, ...]
    calibration: tuple[Achieved, ...]


def read_study(name: str, scenario: Path | None, claims: Path | None) -> Study:
    """Read a shipped study by name, or a protocol file with its scenario beside it or named.

    Claims are optional for a study of one's own. DocumentError where a file is missing or the scenario does not fit.
    """
    from trialwright.design import Scenario, check_scenario
    from trialwright.evidence import Claims
    from trialwright.protocol import load, protocol_file, read_document

    path = protocol_file(name)
    protocol = load(name)
    supposed = read_document(scenario or path.with_name("scenario.yaml"), Scenario)
    problems = check_scenario(protocol, supposed)
    if problems:
        raise DocumentError("the scenario does not fit the protocol:\n" + "\n".join(problems))
    beside = claims or path.with_name("claims.yaml")
    ledger = read_document(beside, Claims) if claims or beside.exists() else None
    return Study(protocol, supposed, ledger)


def rehearse(study: Study, seed: int, replays: int, say: Say = lambda _: None) -> Rehearsal:
    """Run one virtual trial in full, ``replays`` fast ones, and compare both with what was published."""
    from trialwright import evidence, simulate

    say("virtual patients through screening, allocation, scans and follow-up")
    data = simulate.trial(study.protocol, study.scenario, seed)
    say("derivation and analysis at each data cut-off")
    analysis = analyze_trial(data, study.protocol)
    many = None
    if replays:
        say(f"{replays:,} fast replays")
        with ThreadPoolExecutor(2) as pool:
            many = simulate.many(study.protocol, study.scenario, replays, seed, pool.map)
    say("published figures beside the rehearsed ones")
    if study.claims is None:
        return Rehearsal(study, seed, data, analysis, many, (), (), ())
    return Rehearsal(
        study,
        seed,
        data,
        analysis,
        many,
        evidence.compare(study.claims, analysis.results, many.values if many else None),
        evidence.check(study.claims),
        achieved(study.scenario, study.claims, many) if many else (),
    )


def analyze_trial(data: TrialData, protocol: Protocol) -> Analysis:
    """Derive and analyze a trial at each data cut-off of its plan; a cut never reached gives no results."""
    from trialwright import analyze, derive
    from trialwright.results import Results

    cuts = derive.cut_dates(data, protocol)
    shown = {name: data.cut(on) for name, on in cuts.items() if on is not None}
    derived = {name: derive.tables(known, protocol) for name, known in shown.items()}
    parts = [analyze.run(known, protocol, cut=name, derived=derived[name]) for name, known in shown.items()]
    return Analysis(cuts, derived, reduce(lambda one, other: one + other, parts, Results(())))
