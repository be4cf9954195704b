"""Normal probabilities in two to four dimensions against closed forms and integrals of another kind."""

from itertools import pairwise, permutations

import numpy as np
import pytest
from scipy.special import erfc, ndtr

from trialwright.stats.normal import adaptive, any_beyond, bivariate, trivariate


def correlation(*pairs: float) -> np.ndarray:
    m = {1: 2, 3: 3, 6: 4}[len(pairs)]
    r = np.eye(m)
    r[np.triu_indices(m, 1)] = pairs
    return np.maximum(r, r.T) + np.minimum(r, r.T) - np.eye(m)


def inside_by_one_factor(c: float, loadings: list[float], *, two_sided: bool) -> float:
    """P(all within) where Z_i = l_i F + sqrt(1 - l_i^2) E_i: one integral over the common factor."""
    load = np.array(loadings)[:, None]
    f, w = np.polynomial.legendre.leggauss(400)
    f = 10 * f
    spread = np.sqrt(1 - load**2)
    part = ndtr((c - load * f) / spread) - (ndtr((-c - load * f) / spread) if two_sided else 0)
    return float(10 * w @ (part.prod(axis=0) * np.exp(-f * f / 2) / np.sqrt(2 * np.pi)))


def beyond_in_the_plane(c: float, r: np.ndarray) -> float:
    """P(some |Z_i| > c) for a correlation of rank 2: Z_i = l_i . Y; by direction, the radius of Y is beyond."""
    values, vectors = np.linalg.eigh(r)
    lines = vectors[:, -2:] * np.sqrt(values[-2:])

    def share(angle: np.ndarray) -> np.ndarray:
        reach = np.abs(lines @ np.array([np.cos(angle), np.sin(angle)])).max(axis=0)
        return np.exp(-((c / reach) ** 2) / 2) / (2 * np.pi)

    kinks = {0.0, np.pi}
    for i, a in enumerate(lines):
        for b in lines[:i]:
            for way in (a - b, a + b):
                kinks.add(float(np.arctan2(-way[0], way[1]) % np.pi))
    x, w = np.polynomial.legendre.leggauss(60)
    parts = [(b - a) / 2 * w @ share((a + b) / 2 + (b - a) / 2 * x) for a, b in pairwise(sorted(kinks))]
    return float(2 * sum(parts))


def beyond_in_space(c: float, r: np.ndarray) -> float:
    """The same for rank 3, over a grid of directions."""
    values, vectors = np.linalg.eigh(r)
    lines = vectors[:, -3:] * np.sqrt(values[-3:])
    height, w = np.polynomial.legendre.leggauss(1200)
    angle = (np.arange(1200) + 0.5) * np.pi / 1200
    flat = np.sqrt(1 - height**2)[:, None]
    u = np.array([flat * np.cos(angle), flat * np.sin(angle), np.broadcast_to(height[:, None], (1200, 1200))])
    radius = c / np.abs(np.tensordot(lines, u, 1)).max(axis=0)
    tail = erfc(radius / np.sqrt(2)) + np.sqrt(2 / np.pi) * radius * np.exp(-(radius**2) / 2)
    return float(w @ tail.mean(axis=1) / 2)


def combo(seed: int, m: int) -> np.ndarray:
    """Return the correlation of the weights 1, 1 - S, S, S (1 - S) as in a trial: singular."""
    rng = np.random.default_rng(seed)
    s = np.sort(rng.random(80))[::-1]
    w = np.array([np.ones(80), 1 - s, s, s * (1 - s)])[:m]
    v = (w * rng.random(80)) @ w.T
    return v / np.sqrt(np.outer(np.diag(v), np.diag(v)))


@pytest.mark.parametrize("r", [-1.0, -0.9999, -0.5, 0.0, 0.3, 0.925, 0.99999, 1 - 1e-9, 1.0])
def test_orthants_of_two(r: float) -> None:
    """Sheppard 1899: 1/4 + arcsin(r) / 2 pi."""
    assert bivariate(np.array(0.0), np.array(0.0), r) == pytest.approx(0.25 + np.arcsin(r) / (2 * np.pi), abs=1e-15)


@pytest.mark.parametrize(
    "r", [(0.2, 0.3, 0.4), (0.9, 0.8, 0.95), (-0.3, 0.5, 0.2), (0.6, 0.8, 0.0), (0.999, 0.998, 0.9995), (0, 0, 0.7)]
)
def test_orthants_of_three(r: tuple[float, float, float]) -> None:
    """Plackett 1954: 1/8 + the sum of arcsines / 4 pi; (0.6, 0.8, 0) is singular."""
    expected = 0.125 + sum(np.arcsin(r)) / (4 * np.pi)
    assert trivariate(np.zeros(3), correlation(*r)) == pytest.approx(expected, abs=1e-14)


@pytest.mark.parametrize("last", [0.5, -0.5])
def test_two_of_three_that_are_one(last: float) -> None:
    sign = np.sign(last)
    r = correlation(0.5, sign * 0.5, sign)
    found = trivariate(np.array([0.3, 0.7, -0.2]), r)
    if sign > 0:
        assert found == pytest.approx(bivariate(np.array(0.3), np.array(-0.2), 0.5), abs=1e-15)
    else:  # Y <= 0.7 and -Y <= -0.2
        between = [bivariate(np.array(0.3), np.array(k), 0.5) for k in (0.7, 0.2)]
        assert found == pytest.approx(between[0] - between[1], abs=1e-15)


@pytest.mark.parametrize("loadings", [[0.5, 0.9], [0.3, -0.4, 0.8], [0.5, 0.6, 0.7, 0.95], [0.1, 0.1, 0.9, 0.9]])
@pytest.mark.parametrize("c", [0.1, 1.0, 2.5])
@pytest.mark.parametrize("two_sided", [True, False])
def test_one_common_factor(c: float, loadings: list[float], two_sided: bool) -> None:
    r = np.outer(loadings, loadings)
    np.fill_diagonal(r, 1.0)
    expected = 1 - inside_by_one_factor(c, loadings, two_sided=two_sided)
    assert any_beyond(c, r, two_sided=two_sided) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("c", [0.3, 1.9, 2.9, 5.0, 8.0])
def test_three_weights_of_which_one_is_the_sum(c: float, seed: int) -> None:
    """The relative error stays small far out in the tail."""
    r = combo(seed, 3)
    assert any_beyond(c, r, two_sided=True) == pytest.approx(beyond_in_the_plane(c, r), rel=1e-10)


@pytest.mark.parametrize("c", [1.5, 2.9])
def test_four_weights_of_which_one_is_the_sum_of_two(c: float) -> None:
    r = combo(1, 4)
    assert any_beyond(c, r, two_sided=True) == pytest.approx(beyond_in_space(c, r), rel=2e-6)


@pytest.mark.parametrize("two_sided", [True, False])
@pytest.mark.parametrize("c", [0.5, 2.2, 4.0])
def test_the_order_of_four_does_not_matter(c: float, two_sided: bool) -> None:
    """Every order is another sum of other integrals."""
    r = combo(2, 4)
    found = [any_beyond(c, r[np.ix_(order, order)], two_sided=two_sided) for order in permutations(range(4))]
    assert max(found) - min(found) < 1e-10 * max(found)


def test_the_edges() -> None:
    r = combo(3, 3)
    assert any_beyond(0.0, r, two_sided=True) == 1
    assert any_beyond(-40.0, r, two_sided=False) == pytest.approx(1, abs=1e-14)
    alike = np.ones((4, 4))
    assert any_beyond(2.0, alike, two_sided=True) == pytest.approx(erfc(2 / np.sqrt(2)), rel=1e-14)
    assert 0 < any_beyond(30.0, r, two_sided=True) < 1e-190
    with pytest.raises(ValueError, match="correlation must be 1 x 1 to 4 x 4; got shape"):
        any_beyond(1.0, np.eye(5), two_sided=True)


def test_a_step_is_integrated_to_the_last_halving() -> None:
    assert adaptive(lambda x: (x > 1 / 3).astype(float), [0.0, 1.0]) == pytest.approx(2 / 3, abs=1e-14)
    assert adaptive(np.exp, [0.0, 0.5, 1.0]) == pytest.approx(np.e - 1, rel=1e-15)
