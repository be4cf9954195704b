"""Chance: the published generator, uniforms that are uniform, and purposes that know nothing of each other."""

from __future__ import annotations

import hashlib
import itertools

import numpy as np
import pytest

from trialwright.simulate import Chance
from trialwright.simulate.chance import philox

MANY = np.arange(50_000)
NONE = np.zeros(1, np.int64)


def words(counter: str, key: str) -> str:
    """Return the generator's four words in hex, as the published list of known answers writes them."""
    c = tuple(np.array([int(word, 16)], np.uint64) for word in counter.split())
    k0, k1 = (int(word, 16) for word in key.split())
    return " ".join(f"{int(word[0]):08x}" for word in philox(c, (k0, k1)))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("counter", "key", "answer"),
    [
        ("0 0 0 0", "0 0", "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
        ("ffffffff ffffffff ffffffff ffffffff", "ffffffff ffffffff", "408f276d 41c83b0e a20bc7c6 6d5451fd"),
        ("243f6a88 85a308d3 13198a2e 03707344", "a4093822 299f31d0", "d16cfe09 94fdcceb 5001e420 24126ea1"),
    ],
)
def test_philox_gives_the_known_answers_of_random123(counter: str, key: str, answer: str) -> None:
    """Salmon et al. 2011, file kat_vectors of the published library, philox4x32 with 10 rounds."""
    assert words(counter, key) == answer


def test_a_uniform_is_the_middle_of_its_step() -> None:
    """The counter is patient, block, trial and purpose; the key is the seed, its lower half first."""
    drawn = Chance(2**40 + 7).uniforms("scan", NONE + 3, NONE + 5, 4, block=2)[0]
    purpose = int.from_bytes(hashlib.sha256(b"scan").digest()[:4], "big")
    expected = words(f"5 2 3 {purpose:x}", f"7 {2**8:x}").split()
    assert drawn.tolist() == [(int(word, 16) + 0.5) / 2**32 for word in expected]


@pytest.mark.parametrize("purpose", ["course", "scan", "records diameters"])
def test_uniforms_are_uniform(purpose: str) -> None:
    """Mean, variance and the largest distance from the diagonal (Kolmogorov 1933), within what chance allows.

    The limits are 4.5 standard errors of mean and variance, and the point that the distance passes once in a million.
    """
    u = Chance(1).uniforms(purpose, NONE, MANY, 4)
    n = u.size
    assert u.min() > 0 and u.max() < 1
    assert abs(u.mean() - 1 / 2) < 4.5 * np.sqrt(1 / 12 / n)
    assert abs(((u - 1 / 2) ** 2).mean() - 1 / 12) < 4.5 * np.sqrt(1 / 180 / n)
    ordered, rank = np.sort(u.ravel()), np.arange(n + 1) / n
    distance = max((rank[1:] - ordered).max(), (ordered - rank[:-1]).max())
    assert distance < np.sqrt(-np.log(1e-6 / 2) / 2 / n)


def test_purposes_trials_patients_and_places_are_independent() -> None:
    """Every pair of rows of uniforms has a correlation within 4.5 standard errors of none."""
    chance = Chance(1)
    rows = [
        *chance.uniforms("course", NONE, MANY, 3).T,
        *chance.uniforms("scan", NONE, MANY, 2).T,
        *chance.uniforms("scan", NONE, MANY, 2, block=1).T,
        *chance.uniforms("scan", NONE + 1, MANY, 2).T,
        chance.uniforms("scan", NONE, MANY + 1, 1)[:, 0],
        chance.uniforms("scan", MANY, NONE, 1)[:, 0],
        Chance(2).uniforms("scan", NONE, MANY, 1)[:, 0],
        Chance(1 + 2**32).uniforms("scan", NONE, MANY, 1)[:, 0],
    ]
    found = np.corrcoef(rows)
    assert np.abs(found[np.triu_indices(len(rows), 1)]).max() < 4.5 / np.sqrt(len(MANY))


def test_uniforms_do_not_repeat_within_a_trial() -> None:
    drawn = [Chance(1).uniforms(purpose, NONE, MANY[:5000], 8) for purpose in ("course", "scan", "waits")]
    assert len(np.unique(np.concatenate(drawn))) > 3 * 8 * 5000 - 20  # about 1.7 coincidences in 2**32 are expected


def test_a_block_continues_a_purpose_and_more_uniforms_continue_fewer() -> None:
    few, more = (Chance(9).uniforms("visit", NONE, MANY[:3], count) for count in (3, 9))
    assert (more[:, :3] == few).all()
    assert (Chance(9).uniforms("visit", NONE, MANY[:3], 5, block=1) == more[:, 4:]).all()


def test_any_patient_can_be_drawn_alone() -> None:
    trials, who = np.array([[0], [7]]), np.arange(4)
    together = Chance(1).uniforms("course", trials, who, 2)
    assert together.shape == (2, 4, 2)
    for (i, trial), (j, patient) in itertools.product(enumerate([0, 7]), enumerate(range(4))):
        alone = Chance(1).uniforms("course", np.array(trial), np.array(patient), 2)
        assert (alone == together[i, j]).all()


@pytest.mark.parametrize("seed", [-1, 2**64])
def test_a_seed_outside_64_bits_is_refused(seed: int) -> None:
    with pytest.raises(ValueError, match=rf"seed must be an integer from 0 to 2\*\*64 - 1; got {seed}"):
        Chance(seed)
