"""``trialwright design boundaries``: critical values look by look."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from trialwright.design import Boundaries, Futility, Spending

__all__ = ["boundaries"]


def boundaries(  # noqa: PLR0917 - each is an option of the command
    information: Annotated[
        str, typer.Option("--information", metavar="FRACTIONS", help="Fractions of the information, such as 0.6,1.")
    ],
    spending: Annotated[
        str,
        typer.Option(
            "--spending",
            metavar="FUNCTION",
            help="obrien-fleming, pocock, kim-demets:RHO, hwang-shih-decani:GAMMA, or user:0.5=0.1,1=1 (shares).",
        ),
    ],
    alpha: Annotated[float, typer.Option("--alpha", help="The whole type I error, such as 0.025 on one side.")],
    sides: Annotated[int, typer.Option("--sides", help="1, or 2 for symmetric bounds.")] = 1,
    power: Annotated[float | None, typer.Option("--power", help="Print also what this power costs.")] = None,
    beta_spending: Annotated[
        str | None,
        typer.Option("--beta-spending", metavar="FUNCTION", help="Futility bounds that spend 1 - power this way."),
    ] = None,
    binding: Annotated[bool, typer.Option("--binding", help="Futility bounds the type I error relies on.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")] = False,
) -> None:
    """Print the group sequential boundaries that spend alpha over these looks.

    For each look: the bound on z, the P value to go below there, and the alpha spent so far. Lan and DeMets 1983, by
    recursive integration to 11 digits.
    """
    from trialwright.design import spending_boundaries

    try:
        fractions = [float(text) for text in information.split(",")]
        futility = _futility(beta_spending, power, binding)
        found = spending_boundaries(fractions, _spending(spending), alpha=alpha, sides=sides, futility=futility)  # type: ignore[arg-type]
        answer = _answer(found, power)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    typer.echo(_as_json(answer) if json else _as_text(answer))


def _spending(text: str) -> Spending:
    from trialwright.design import Spending

    family, _, rest = text.partition(":")
    if family == "user":
        pairs = (pair.partition("=") for pair in rest.split(",") if pair)
        return Spending.user({float(at): float(share) for at, _, share in pairs})
    return Spending(family, float(rest) if rest else None)  # type: ignore[arg-type]


def _futility(spending: str | None, power: float | None, binding: bool) -> Futility | None:
    from trialwright.design import Futility

    if spending is None:
        if binding:
            raise ValueError("--binding goes with --beta-spending")
        return None
    if power is None:
        raise ValueError("--beta-spending needs --power: 1 - power is what it spends")
    return Futility(binding=binding, spending=_spending(spending), beta=1 - power)


def _answer(found: Boundaries, power: float | None) -> dict[str, Any]:
    """Return the boundaries as plain values; ``None`` where there is no bound."""
    from math import isfinite

    columns = zip(found.information, found.upper, found.lower, found.nominal, found.alpha_spent, strict=True)
    names = ("information", "upper", "lower", "nominal_p", "alpha_spent")
    looks = [
        {name: value if isfinite(value) else None for name, value in zip(names, values, strict=True)}
        for values in columns
    ]
    answer: dict[str, Any] = {"alpha": found.alpha, "sides": found.sides, "binding": found.binding, "looks": looks}
    return answer if power is None else answer | _cost(found, power)


def _cost(found: Boundaries, power: float) -> dict[str, float]:
    from trialwright.design import drift_for_power, expected_information, inflation_factor

    drift, inflation = drift_for_power(found, power), inflation_factor(found, power)
    return {
        "power": power,
        "drift": drift,
        "inflation_factor": inflation,
        "expected_information_null": inflation * expected_information(found, 0.0),
        "expected_information_alternative": inflation * expected_information(found, drift),
    }


def _as_text(answer: dict[str, Any]) -> str:
    head = f"{'look':<6}{'information':>12}{'upper z':>12}{'lower z':>12}{'nominal P':>12}{'alpha spent':>13}"
    rows = [
        f"{number:<6}{look['information']:>12.4f}{_bound(look['upper'])}{_bound(look['lower'])}"
        f"{look['nominal_p']:>12.6f}{look['alpha_spent']:>13.6f}"
        for number, look in enumerate(answer["looks"], start=1)
    ]
    sides = "one side" if answer["sides"] == 1 else "two sides"
    lines = [f"alpha {answer['alpha']:g} on {sides}", head, *rows]
    if "power" in answer:
        lines += [
            f"power {answer['power']:g} needs {answer['inflation_factor']:.4f} times the information of a single look;",
            f"expected: {answer['expected_information_null']:.4f} without the effect,"
            f" {answer['expected_information_alternative']:.4f} with it",
        ]
    return "\n".join(lines)


def _bound(value: float | None) -> str:
    return f"{'none':>12}" if value is None else f"{value:>12.6f}"


def _as_json(answer: dict[str, Any]) -> str:
    import json

    return json.dumps(answer, indent=1, allow_nan=False)
