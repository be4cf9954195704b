"""The codes of the compiled response are the places of the values that the tables allow."""

import importlib

import pytest

from trialwright.records import TABLES

kernels = importlib.import_module("trialwright.derive._kernels_response")


def allowed(table: str, column: str) -> tuple[str, ...]:
    return next(each.values for each in TABLES[table].columns if each.name == column)


@pytest.mark.parametrize(("table", "column"), [("measurements", "state"), ("lesions", "role")])
def test_each_value_has_the_code_that_bears_its_name(table, column):
    names = [value.replace("non-target", "nontarget").replace(" ", "_").upper() for value in allowed(table, column)]
    assert [getattr(kernels, name) for name in names] == list(range(len(names)))
