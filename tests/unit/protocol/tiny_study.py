"""The made-up trial, its base patient, and the trial with one field changed."""

from datetime import date
from functools import cache
from pathlib import Path

from trialwright.protocol import Protocol, load

FOLDER = Path(__file__).parents[2] / "studies" / "tiny"
ANCHORS = {"entry": date(2024, 3, 1)}
ANSWERS = {
    "age": 60,
    "ecog": "1",
    "sidedness": "left",
    "lesions": [{"organ": "liver", "measurable": True}, {"organ": "lung", "measurable": False}],
    "last_chemotherapy": date(2024, 1, 31),
    "compliant": True,
}


@cache
def tiny():
    return load(str(FOLDER / "protocol.yaml"))


def changed(path, value, check=True):
    """The trial with another value at a path; ``check=False`` skips the checks of the model."""
    plain = tiny().model_dump()
    place = plain
    for key in path[:-1]:
        place = list_of(place, key)
    place[path[-1]] = value
    return Protocol.model_validate(plain) if check else Protocol.model_construct(**vars(rebuilt(tiny(), path, value)))


def list_of(place, key):
    """Step down; tuples become lists on the way so that they can be changed."""
    if isinstance(place[key], tuple):
        place[key] = list(place[key])
    return place[key]


def rebuilt(model, path, value):
    """A frozen model with a value replaced below it, without validation."""
    key, *rest = path
    if isinstance(model, tuple):
        new = rebuilt(model[key], rest, value) if rest else value
        return (*model[:key], new, *model[key + 1 :])
    if isinstance(model, dict):
        return model | {key: rebuilt(model[key], rest, value) if rest else value}
    return model.model_copy(update={key: rebuilt(getattr(model, key), rest, value) if rest else value})
