"""``trialwright serve``: the trial office in a browser, from an empty machine."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from trialwright.errors import DocumentError

if TYPE_CHECKING:
    from trialwright.design import Scenario
    from trialwright.protocol import Protocol
    from trialwright.server import Environment, House, Provider, Told

__all__ = ["OfficeFolder", "serve"]


class Kind(StrEnum):
    """What an office is for."""

    live = "live"
    training = "training"


OfficeFolder = Annotated[
    Path | None, typer.Option(help="Folder of the office: database, mirror, key. By default office-STUDY.")
]


def serve(  # noqa: PLR0917 - each is an option of the command
    study: Annotated[str, typer.Argument(help="A study that ships with the program, or a protocol file.")],
    folder: OfficeFolder = None,
    db: Annotated[
        str | None, typer.Option(help="URL of the database, postgresql://... for a unit; by default a SQLite file.")
    ] = None,
    kind: Annotated[
        Kind | None, typer.Option(help="Said once, when the office is made; training where it is not said.")
    ] = None,
    demo: Annotated[
        bool, typer.Option("--demo", help="Make an office that holds a rehearsed trial in progress.")
    ] = False,
    seed: Annotated[int, typer.Option(min=0, max=2**64 - 1, help="Of the rehearsed trial.")] = 1,
    until: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Day up to which the rehearsed trial has come.")
    ] = None,
    host: Annotated[
        str | None, typer.Option(help="Address to answer at, by default this machine's own; any other needs TLS.")
    ] = None,
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to answer at.")] = 8000,
    certificate: Annotated[Path | None, typer.Option(help="Certificate for TLS (PEM).", exists=True)] = None,
    private_key: Annotated[Path | None, typer.Option(help="Private key for TLS (PEM).", exists=True)] = None,
    behind_proxy: Annotated[bool, typer.Option("--behind-proxy", help="A proxy before it speaks TLS.")] = False,
    provider: Annotated[
        Path | None,
        typer.Option(help="JSON file of an OpenID Connect provider: name, issuer, client_id, client_secret."),
    ] = None,
) -> None:
    """Open the trial office in a browser: screen, randomize and follow the patients of one trial.

    On an empty machine it makes an office for practice, with one open site and a person for each role, and prints
    their passwords once. With --kind live it makes an empty office with one administrator. With --demo every page is
    filled by a rehearsed trial. Started again, it goes on with what is there.
    """
    from trialwright import protocol
    from trialwright.server import LOOPBACK, Address, open_house, unseal_kept
    from trialwright.server import serve as answer

    address = Address(host or LOOPBACK, port, certificate, private_key, behind_proxy)
    address.check()
    elsewhere = _provider(provider)
    promised = protocol.load(study)
    place = folder or Path(f"office-{promised.identification.id}{'-demo' if demo else ''}")
    told = _demonstrated(study, promised, place, seed, until) if demo else []
    environment: Environment | None = None
    if demo or kind:
        environment = "demo" if demo else "live" if kind is Kind.live else "training"
    with open_house(promised, place, url=db, environment=_first(place, environment)) as house:
        told = told or _begun(house)
        unseal_kept(house)
        _tell(house, told, address.url)
        answer(house, address, elsewhere)


def _provider(path: Path | None) -> Provider | None:
    import json

    from trialwright.server import Provider

    if path is None:
        return None
    try:
        return Provider(**json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, TypeError) as error:
        raise DocumentError(
            f"{path}: a provider is a JSON object with name, issuer, client_id, client_secret and, if its claim is not "
            f"preferred_username, claim; {error}"
        ) from error


def _first(place: Path, environment: Environment | None) -> Environment | None:
    """An office made without a word is for practice: a live one is asked for by name."""
    return environment if environment or (place / "office.key").is_file() else "training"


def _begun(house: House) -> list[Told]:
    from trialwright.server import first_people, practice

    if not house.is_new:
        return []
    return practice(house) if house.environment == "training" else first_people(house)


def _demonstrated(study: str, promised: Protocol, place: Path, seed: int, until: datetime | None) -> list[Told]:
    from trialwright.cli.rehearsal import read_study
    from trialwright.server import demonstration

    if (place / "office.key").is_file():
        return []
    scenario = read_study(study, None, None).scenario
    typer.echo(f"bringing a rehearsed trial of {promised.identification.id} into {place}: about a minute", err=True)
    return demonstration(promised, scenario, place, seed=seed, until=until.date() if until else _midway(scenario))


def _midway(scenario: Scenario) -> date:
    """Halfway between the first possible patient and the last day a trial is under way."""
    opens = scenario.recruitment.opens_on
    return opens + (scenario.until - opens) // 2


def _tell(house: House, told: list[Told], url: str) -> None:
    typer.echo(f"{house.environment} office of {house.office.screener.protocol.identification.id} in {house.folder}")
    if told:
        width = max(len(one.user) for one in told)
        typer.echo("Passwords, shown this once:")
        for one in told:
            typer.echo(f"  {one.user:{width}}  {one.password}  {one.what}")
    typer.echo(f"Open {url} – end with Ctrl+C")
