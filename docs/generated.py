"""Reference text read off the code, so that no list in the documentation is kept by hand.

A page asks for a part with a line of its own: ``{{ commands }}``. Tests call the same functions.
"""

import importlib
import importlib.util
import inspect
import io
import pkgutil
import re
import sys
import typing
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import trialwright

LINE = re.compile(r"^\{\{ (\w+)((?: [\w.-]+)*) \}\}$", re.MULTILINE)


def fill(text: str) -> str:
    """Return a page with each line that asks for a part replaced by it."""
    return LINE.sub(lambda found: "\n".join(PARTS[found[1]](*found[2].split())), text)


def rooms() -> list[ModuleType]:
    """Return the rooms by name, studies left out."""
    names = [found.name for found in pkgutil.iter_modules(trialwright.__path__) if found.ispkg]
    return [importlib.import_module(f"trialwright.{name}") for name in sorted(names) if name != "studies"]


def commands() -> Iterator[str]:
    """Yield a section for each command: its use, what it does, arguments and options."""
    for path, command in every_command():
        yield from (f"## {' '.join(path)}", "", "```text", usage(path, command), "```", "", _prose(command.help), "")
        yield from _table(("argument or option", "meaning"), [_parameter(each) for each in command.params])


def every_command() -> list[tuple[tuple[str, ...], typing.Any]]:
    """Return path and command of every command that does something."""
    from typer.main import get_command

    from trialwright.cli import app

    return sorted(_below(("trialwright",), get_command(app)), key=lambda found: found[0])


def _below(path: tuple[str, ...], command: typing.Any) -> Iterator[tuple[tuple[str, ...], typing.Any]]:
    below = getattr(command, "commands", None)
    if below is None:
        yield path, command
        return
    for name, each in below.items():
        yield from _below((*path, name), each)


def usage(path: tuple[str, ...], command: typing.Any) -> str:
    """Return how a command is written."""
    arguments = [each for each in command.params if each.param_type_name == "argument"]
    named = [each.metavar or each.name.upper() for each in arguments]
    return " ".join(
        [*path, *(n if each.required else f"[{n}]" for n, each in zip(named, arguments, strict=True)), "[OPTIONS]"]
    )


def _parameter(parameter: typing.Any) -> tuple[str, str]:
    if parameter.param_type_name == "argument":
        name = parameter.metavar or parameter.name.upper()
    else:
        name = ", ".join([*parameter.opts, *parameter.secondary_opts])
        name += "" if parameter.is_flag else f" {parameter.metavar or parameter.name.upper()}"
    shown = parameter.default is not None and parameter.default is not False
    default = f" Default: {parameter.default}." if shown else ""
    return f"`{name}`".replace("|", r"\|"), _cell(f"{parameter.help or ''}{default}")


def methods() -> Iterator[str]:
    """Yield a table of the methods behind results."""
    from trialwright.analyze import METHODS

    rows = [(f"`{each.id}`", each.title, _cell(each.formula), _cell(each.citation)) for each in METHODS.values()]
    yield from _table(("id", "method", "in words", "citation"), rows)


def tables() -> Iterator[str]:
    """Yield a section for each table of TrialData."""
    from trialwright.records import TABLES

    for table in TABLES.values():
        cut = f"Cut by `{table.dated_by}`" + (f"; `{table.open_until}` is blanked." if table.open_until else ".")
        yield from (f"## {table.name}", "", f"{table.label}. Key: {', '.join(f'`{k}`' for k in table.key)}. {cut}", "")
        yield from _table(("column", "kind", "meaning"), [_column(column) for column in table.columns])


def _column(column: typing.Any) -> tuple[str, str, str]:
    parts = [column.label]
    parts += [f"unit {column.unit}"] if column.unit else []
    parts += [f"one of: {', '.join(column.values)}"] if column.values else []
    parts += [] if column.required else ["may be empty"]
    return f"`{column.name}`", column.kind, _cell("; ".join(parts))


def fields(name: str) -> Iterator[str]:
    """Yield a section for a document model, given as ``room.Model``, and for each model inside it."""
    room, model = name.split(".")
    for each in _models(getattr(importlib.import_module(f"trialwright.{room}"), model)):
        yield from (f"## {each.__name__}", "", _prose(each.__doc__), "")
        shown = {key: value for key, value in each.model_fields.items() if not value.exclude}
        yield from _table(("field", "type", "meaning"), [_field(key, value) for key, value in shown.items()])


def _models(model: typing.Any) -> list[typing.Any]:
    found = [model]
    for each in found:
        inside = (m for field in each.model_fields.values() if not field.exclude for m in _inside(field.annotation))
        found.extend(m for m in dict.fromkeys(inside) if m not in found)
    return found


def _inside(annotation: typing.Any) -> Iterator[typing.Any]:
    if inspect.isclass(annotation) and hasattr(annotation, "model_fields"):
        yield annotation
    for part in typing.get_args(annotation):
        yield from _inside(part)


def _field(name: str, field: typing.Any) -> tuple[str, str, str]:
    optional = "" if field.is_required() else "may be left out"
    return (
        f"`{name}`",
        f"`{_type(field.annotation)}`",
        _cell("; ".join(filter(None, [field.description or "", optional]))),
    )


def _type(annotation: typing.Any) -> str:
    """Return a type as a reader of the file would say it."""
    parts, origin = typing.get_args(annotation), typing.get_origin(annotation)
    if origin is typing.Literal:
        return " or ".join(map(str, parts))
    if origin is typing.Annotated:
        return _type(parts[0])
    if origin is dict:
        return f"{_type(parts[0])}: {_type(parts[1])}"
    if origin is tuple:
        return f"list of {_type(parts[0])}" if ... in parts else f"[{', '.join(map(_type, parts))}]"
    if parts:
        return " or ".join(_type(part) for part in parts)
    names = {"str": "text", "float": "number", "int": "whole number", "bool": "true or false", "NoneType": "nothing"}
    return names.get(getattr(annotation, "__name__", ""), getattr(annotation, "__name__", "anything"))


def api() -> Iterator[str]:
    """Yield a section for each room: its public names with signature and docstring."""
    for room in rooms():
        name = room.__name__
        yield from (f"## {name}", "", _prose(room.__doc__), "")
        for public in room.__all__:
            yield from (
                f"### {name.removeprefix('trialwright.')}.{public}",
                "",
                *_described(public, getattr(room, public)),
                "",
            )


def _described(name: str, value: object) -> Iterator[str]:
    if not (inspect.isclass(value) or inspect.isfunction(value)):
        yield f"A value of type `{type(value).__name__}`."
        return
    yield from ("```text", *_signature(name, value), "", inspect.getdoc(value) or "", "```")


def _signature(name: str, value: typing.Any) -> Iterator[str]:
    if inspect.isfunction(value):
        yield f"{name}{inspect.signature(value)}"
        return
    yield name
    for key, member in vars(value).items():
        function = member.__func__ if isinstance(member, classmethod) else member
        if not key.startswith("_") and inspect.isfunction(function) and function.__doc__:
            yield f"    .{key}{inspect.signature(function)}"


SAID = re.compile(
    r"\b(?:R|SAS|[Ll]imits|corrected|correction|clipped|quadrature|covariance|censored on)\b|\bas [a-z]*[A-Z]\w+"
)
"""What tells a convention in a docstring: another program, who is at risk on a shared day, how limits are made."""
_WHO = r"[A-Z][a-z]+(?:[A-Z][a-z]+)?"
CITATION = re.compile(
    rf"(?P<who>{_WHO})(?:, {_WHO})*(?:,? and (?:{_WHO}|others))?(?: et al\.)?,? "
    r"\(?(?P<year>(?:1[89]|20)\d\d)\b(?:, (?:sections?|eq\.|chapters?|method) [\w.]*\w(?: (?:and|to) \d+)?)?"
)
UNCITED = {
    "analyze_batch": "those of `kaplan_meier`, `log_rank` and `cox`",
    "baseline_hazard": "Breslow 1974; Efron 1977",
    "cause_specific_log_rank": "Mantel 1966",
    "cox_regression": "Efron 1977; Breslow 1974; Kalbfleisch and Prentice 1973; Cox 1972",
    "exact_rate_test": "Przyborowski and Wilenski 1940",
    "fisher_exact": "Fisher 1935",
    "profile_hazard_ratios": "Venzon and Moolgavkar 1988",
    "stratified_score_test": "Miettinen and Nurminen 1985, section 5",
}
"""Sources of functions that name none themselves and are not what the head of their file is about."""
BY_DEFINITION = frozenset(
    {"days", "design_matrix", "difference_weights", "exact_binomial_test", "kernel", "months", "propose_tau"}
    | {"wald", "wald_difference"}
)


def statistics(*names: str) -> Iterator[str]:
    """Yield a table of names of ``trialwright.stats``: what each is or returns, by which conventions, after whom."""
    head = ("name", "what it is or returns", "conventions", "source")
    yield from _table(head, [_statistic(name) for name in names])


def _statistic(name: str) -> tuple[str, str, str, str]:
    value = _public(name)
    text = re.sub(r":\w+:`", "`", (inspect.getdoc(value) or "").split(">>>")[0].replace("``", "`")).strip()
    what, *rest = (" ".join(part.split()) for part in text.split("\n\n"))
    what = what.removeprefix("Return ")
    said = [part for part in re.split(r"(?<=[\w)]\.) (?=[A-Z`])", " ".join(rest)) if SAID.search(part)]
    said = [part for part in said if not part.startswith("Raises ")]
    choices = [text for key, text in _choices(value) if not any(re.match(rf'`{key}`[\w ]*:? "', s) for s in said)]
    link = f"[`{name}`](api.md#stats{name.lower()})"
    what = what if what[1] == " " else what[0].upper() + what[1:]
    return link, _cell(what), _cell(" ".join([*choices, *said])), source(name)


def _choices(value: typing.Any) -> Iterator[tuple[str, str]]:
    """Yield each argument that takes one of a few words, with them, the one taken unasked first."""
    hints = typing.get_type_hints(value) if inspect.isfunction(value) else {}
    for name, hint in hints.items():
        if typing.get_origin(hint) is typing.Literal:
            default = inspect.signature(value).parameters[name].default
            known = sorted(typing.get_args(hint), key=lambda each: each != default)
            named = ", ".join(f'"{each}"' for each in known)
            yield name, f"`{name}`: {named}{', to be named' if default is inspect.Parameter.empty else ''}."


def source(name: str) -> str:
    """Return whom a part of ``trialwright.stats`` follows: as it says itself, or as the head of its file says."""
    if name in BY_DEFINITION:
        return "by definition"
    value = _public(name)
    own = citations(inspect.getdoc(value))
    return own or UNCITED.get(name) or citations(inspect.getdoc(inspect.getmodule(value)))


def _public(name: str) -> typing.Any:
    return getattr(importlib.import_module("trialwright.stats"), name)


def rule_sets() -> Iterator[str]:
    """Yield a table of the rule sets of times to event: what each says of every rule, and its source."""
    from trialwright.derive import RULE_SETS

    rules = ("without_baseline", "new_therapy", "missed_visits", "adequate")
    named = [each for each in RULE_SETS.values() if each.values]
    rows = [(rule.replace("_", " "), *(str(each.values[rule]) for each in named)) for rule in rules]
    stops = (", ".join(stop.event for stop in each.values["stops"]) or "nothing" for each in named)
    clinical = ("does not count" if each.passed_by else "as the endpoint says" for each in named)
    rows += [("what else ends the time", *stops), ("clinical progression", *clinical)]
    rows += [("source", *(_cell(each.source) for each in named))]
    yield from _table(("rule", *(f"`{each.name}`" for each in named)), rows)


def time_rules() -> Iterator[str]:
    """Yield the histories of progression-free survival with the answer under each rule set."""
    spec = _spec("time_rules")
    rows = [
        (
            str(each.number),
            _cell(_told_history(each)),
            *(_cell(_told_ending(getattr(each, name))) for name in spec.SETS),
        )
        for each in spec.CASES
    ]
    yield from _table(("no.", "history", *spec.SETS), rows)


def _told_history(case: typing.Any) -> str:
    words = {
        "died": "death",
        "therapy": "new therapy",
        "stopped": "treatment stopped",
        "withdrew": "withdrawal of consent",
    }
    told = [f"{words[kind]} {value}" for kind, value in case.others.items() if kind in words]
    baseline = ["no usable baseline"] if case.others.get("baseline") == "no" else []
    return "; ".join([*baseline, *case.scans, *told]) or "no scan, alive"


def _told_ending(answer: tuple[str, bool, int, tuple[str, str]]) -> str:
    day, event, days, (_, why) = answer
    return f"{'event' if event else 'censored'} {day}, day {days}: {why}"


def citations(text: str | None) -> str:
    """Return the citations of a docstring, each work once, in its longest form."""
    found: dict[tuple[str, str], str] = {}
    for each in CITATION.finditer(" ".join((text or "").split(">>>")[0].split())):
        key = each["who"], each["year"]
        found[key] = max(found.get(key, ""), each[0].replace("(", ""), key=len)
    return "; ".join(found.values())


SPEC = Path(__file__).parents[1] / "tests" / "spec"


def _spec(name: str) -> ModuleType:
    """Return a module of the tables that tests run."""
    found = importlib.util.spec_from_file_location(name, SPEC / f"{name}.py")
    if found is None or found.loader is None:
        raise FileNotFoundError(SPEC / f"{name}.py")
    module = importlib.util.module_from_spec(found)
    sys.modules[name] = module
    found.loader.exec_module(module)
    return module


def response_rules() -> Iterator[str]:
    """Yield every rule of response: its source, and for each history the lesions, the answers and why."""
    spec = _spec("response_rules")
    for rule in spec.RULES:
        yield from (f"## {rule.title}", "", f"Source: {rule.source}.", "")
        for number, case in enumerate(rule.cases, 1):
            yield from (f"### {rule.id} {number}: {_cell(case.why)}", "", *_history(spec, case))


def _history(spec: ModuleType, case: typing.Any) -> Iterator[str]:
    scans = max(len(line.shown) for line in case.lines)
    head = ("", "baseline", *(f"assessment {number}" for number in range(1, scans)))
    lesions = [(_lesion(line), *(_shown(each) for each in line.shown)) for line in case.lines]
    answers = spec.answers(case)
    expected = ("**response**", "", *(f"**{each}**" for each in case.expected.split()))
    why = ("why", "", *(_cell(reason) for _, reason in answers))
    padded = [(*row, *[""] * (len(head) - len(row))) for row in (*lesions, expected, why)]
    yield from _table(head, padded)


def _lesion(line: typing.Any) -> str:
    kind = {"T": "target", "N": "non-target", "X": "new lesion"}[line.name[0]]
    node = " (node)" if line.node else ""
    linked = f", part of {line.whole}" if line.whole else f", merged into {line.into}" if line.into else ""
    return f"{line.name}, {kind}{node}{linked}"


def _shown(value: str) -> str:
    words = {"-": "no record", "NE": "not evaluable", "PD": "unequivocal progression", "small": "too small to measure"}
    return f"{int(value) / 10:.1f} mm" if value.isdigit() else words.get(value, value)


def baseline_rules() -> Iterator[str]:
    """Yield what may be a target: the rules in their order, then lesions with the answer and why."""
    from trialwright.derive import MEASURABILITY

    rules = [
        (str(n), each.name, "yes" if each.measurable else "no", each.why) for n, each in enumerate(MEASURABILITY, 1)
    ]
    yield from _table(("order", "rule", "measurable", "the lesion"), rules)
    spec = _spec("baseline_rules")
    rows = [(*_described_lesion(each), "yes" if measurable else "no", why) for each, measurable, why in spec.LESIONS]
    yield from _table(("organ", "diameter", "more", "measurable", "why"), rows)
    counts = [(why, _organs(organs), ", ".join(rules) or "none") for why, organs, rules in spec.COUNTS]
    yield from _table(("targets", "by organ", "finding"), counts)


def _described_lesion(lesion: typing.Any) -> tuple[str, str, str]:
    told = {"irradiated": lesion.irradiated, "has grown since": lesion.grown_since, "soft tissue": lesion.soft_tissue}
    diameter = "not measured" if lesion.diameter is None else f"{lesion.diameter / 10:.1f} mm"
    organ = f"{lesion.organ} (node)" if lesion.node else lesion.organ
    return organ, diameter, ", ".join(word for word, holds in told.items() if holds)


def _organs(organs: dict[str, int]) -> str:
    return ", ".join(f"{organ}: {number}" for organ, number in organs.items())


def tumor_rules() -> Iterator[str]:
    """Yield what the checks of the tumor data ask for, and the reasons of differing responses."""
    from trialwright.derive import REASONS, TUMOR_CHECKS

    yield from (f"{number}. {check.asks}" for number, check in enumerate(TUMOR_CHECKS, 1))
    yield from ("", "A recorded response that differs from the derived one is explained by the first of these:", "")
    yield from (f"{number}. {reason.name}" for number, reason in enumerate(REASONS, 1))
    yield ""


def findings(study: str, *ids: str) -> Iterator[str]:
    """Yield what the checks say about some claims of a study's ledger, with the arithmetic of what was found."""
    from trialwright.evidence import check, ledger, published

    claims = ledger(study).files[0].claims
    found = check(claims)
    for claim in map(claims.claim, ids):
        yield from ("```text", f"{claim.label} ({claim.cut}): {published(claim)}")
        for each in (f for f in found if f.claim == claim.id):
            yield f"  {each.check:<3} {each.verdict:<12} {each.message}"
            yield from (f"      | {step}" for step in each.steps if each.is_finding)
            yield from (f"      ? {r.name}: {r.what}: {r.fits}; {r.why}" for r in each.readings)
        yield from ("```", "")


def certain(study: str, *plans: str) -> Iterator[str]:
    """Yield the certain share of a study's scheme, and of the same scheme with other block sizes (3-6 for 3 and 6)."""
    from trialwright.protocol import load
    from trialwright.randomize import Scheme, certain_share, scheme

    protocol = load(study)
    own = scheme(protocol)
    others = [Scheme.of(dict(own.ratio), map(int, plan.split("-")), dict(own.factors)) for plan in plans]
    equal = [1 / len(own.strata)] * len(own.strata)
    shares = [(each.block_sizes, certain_share(each, protocol.design.enrollment, equal)) for each in [own, *others]]
    yield from _table(
        ("block sizes", "certain"), [(", ".join(map(str, sizes)), f"{share:.1%}") for sizes, share in shares]
    )


def rehearsal(study: str, seed: str, replays: str) -> Iterator[str]:
    """Yield cut-offs, screening and the published times to event of a rehearsal made for this page."""
    from trialwright.cli.rehearsal import read_study, rehearse
    from trialwright.report import published_table

    found = rehearse(read_study(study, None, None), int(seed), int(replays))
    shown = [each for each in found.comparison if each.key.startswith("final/PFS")]
    yield from ("```text", *(f"data cut-off {name}: {on}" for name, on in found.analysis.cuts.items()), "")
    yield from (f"{count:>4} {outcome}" for outcome, count in Counter(found.data["screened"]["outcome"]).most_common())
    yield from ("", _printed(published_table(shown)).rstrip(), "```")


def _printed(table: typing.Any) -> str:
    from rich.console import Console

    console = Console(width=120, record=True, file=io.StringIO(), color_system=None)
    console.print(table)
    return console.export_text()


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> Iterator[str]:
    if rows:
        yield f"| {' | '.join(head)} |"
        yield f"| {' | '.join('---' for _ in head)} |"
        yield from (f"| {' | '.join(row)} |" for row in rows)
    yield ""


def _cell(text: str) -> str:
    """Return docstring text as the text of one cell."""
    return _prose(text).replace("\n", " ").replace("|", r"\|")


def _prose(text: str | None) -> str:
    """Return docstring text as Markdown: code marks of one kind, nothing taken for markup."""
    plain = inspect.cleandoc(text or "").replace("``", "`")
    return re.sub(r"([*<>\[\]_])(?=(?:[^`]*`[^`]*`)*[^`]*$)", r"\\\1", plain)


PARTS: dict[str, Callable[..., Iterator[str]]] = {
    "response_rules": response_rules,
    "baseline_rules": baseline_rules,
    "tumor_rules": tumor_rules,
    "rule_sets": rule_sets,
    "time_rules": time_rules,
    "commands": commands,
    "methods": methods,
    "tables": tables,
    "fields": fields,
    "api": api,
    "statistics": statistics,
    "findings": findings,
    "certain": certain,
    "rehearsal": rehearsal,
}
