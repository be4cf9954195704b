"""Eight numbers side by side as one value of a kernel: trial l of a group has lane l of every value.

A compiler turns a loop over trials into vector instructions only where its body is simple; a compare-and-swap or sums
carried from patient to patient stop it. Values that are vectors leave nothing to guess: arithmetic, comparisons and
choices are one instruction each where the processor has registers of 512 bits, two or four elsewhere, and they round
as scalars do. In arrays, element i of lane l is at i * LANES + l.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from numba import types
from numba.core.cgutils import get_or_insert_function, ir
from numba.core.typing.templates import ConcreteTemplate, infer_global, signature
from numba.extending import lower_builtin, models, register_model

LANES = 8
REAL = ir.VectorType(ir.DoubleType(), LANES)
WORD = ir.VectorType(ir.IntType(64), LANES)
TRUTH = ir.VectorType(ir.IntType(1), LANES)
NUMBERS = ir.VectorType(ir.IntType(32), LANES)


class Lanes(types.Type):  # type: ignore[misc]
    """The type of a vector: floats, words (64 bits, unsigned) or truths."""


FLOATS, WORDS, TRUTHS = Lanes("floats in lanes"), Lanes("words in lanes"), Lanes("truths in lanes")
LLVM = {FLOATS: REAL, WORDS: WORD, TRUTHS: TRUTH}
SCALARS = {FLOATS: types.float64, WORDS: types.uint64}


@register_model(Lanes)
class LanesModel(models.PrimitiveModel):  # type: ignore[misc]
    """Keep a vector in a register."""

    def __init__(self, manager: Any, kind: Lanes) -> None:
        super().__init__(manager, kind, LLVM[kind])


def spread(builder: Any, scalar: Any, vector: Any) -> Any:
    """Return a vector with the scalar in every lane."""
    one = builder.insert_element(ir.Constant(vector, ir.Undefined), scalar, ir.Constant(ir.IntType(32), 0))
    return builder.shuffle_vector(one, one, ir.Constant(NUMBERS, [0] * LANES))


def _operator(symbol: Any, kind: Lanes, result: Lanes, instruction: str, *first: str) -> None:
    """Let an operator of Python take two vectors of a kind, or one and a scalar on either side."""
    scalar, vector = SCALARS[kind], LLVM[kind]
    accepted = [(kind, kind), (kind, scalar), (scalar, kind)]

    @infer_global(symbol)
    class _Accepted(ConcreteTemplate):  # type: ignore[misc]
        cases = [signature(result, *pair) for pair in accepted]  # noqa: RUF012

    def lower(context: Any, builder: Any, sig: Any, given: Any) -> Any:
        pairs = zip(given, sig.args, strict=True)
        left, right = (value if own == kind else spread(builder, value, vector) for value, own in pairs)
        return getattr(builder, instruction)(*first, left, right)

    for pair in accepted:
        lower_builtin(symbol, *pair)(lower)


_FLOAT_OPERATORS = {operator.add: "fadd", operator.sub: "fsub", operator.mul: "fmul", operator.truediv: "fdiv"}
_WORD_OPERATORS = {
    operator.add: "add",
    operator.sub: "sub",
    operator.mul: "mul",
    operator.xor: "xor",
    operator.and_: "and_",
    operator.or_: "or_",
    operator.rshift: "lshr",
    operator.lshift: "shl",
}
_COMPARISONS = {operator.lt: "<", operator.le: "<=", operator.gt: ">", operator.ge: ">="}

for _symbol, _name in _FLOAT_OPERATORS.items():
    _operator(_symbol, FLOATS, FLOATS, _name)
for _symbol, _name in _WORD_OPERATORS.items():
    _operator(_symbol, WORDS, WORDS, _name)
for _symbol, _sign in _COMPARISONS.items():
    _operator(_symbol, FLOATS, TRUTHS, "fcmp_ordered", _sign)


def _call(result: Any, *accepted: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Make an emitter ``f(builder, *values)`` of one operation callable in kernels as ``f(*values)``."""

    def decorate(emit: Callable[..., Any]) -> Callable[..., Any]:
        # The key of a function itself would have to be its module's attribute already, which it is not yet.
        key = f"lanes {emit.__name__}"

        @infer_global(emit, typing_key=key)
        class _Accepted(ConcreteTemplate):  # type: ignore[misc]
            cases = [signature(result, *accepted)]  # noqa: RUF012

        lower_builtin(key, *accepted)(lambda context, builder, sig, given: emit(builder, *given))
        return emit

    return decorate


@_call(FLOATS, types.float64)
def splat(builder: Any, scalar: Any) -> Any:
    """Return a scalar in every lane."""
    return spread(builder, scalar, REAL)


@_call(FLOATS, TRUTHS, FLOATS, FLOATS)
def select(builder: Any, truth: Any, yes: Any, no: Any) -> Any:
    """Return the first value where true, the second elsewhere."""
    return builder.select(truth, yes, no)


@_call(WORDS)
def lane_numbers(builder: Any) -> Any:
    """Return the number of each lane, from 0."""
    return ir.Constant(WORD, list(range(LANES)))


@_call(WORDS, TRUTHS, WORDS, WORDS)
def select_words(builder: Any, truth: Any, yes: Any, no: Any) -> Any:
    """Return the first word where true, the second elsewhere."""
    return builder.select(truth, yes, no)


@_call(WORDS, FLOATS)
def word_of(builder: Any, value: Any) -> Any:
    """Return the bits of doubles."""
    return builder.bitcast(value, WORD)


@_call(FLOATS, WORDS)
def float_of(builder: Any, value: Any) -> Any:
    """Return the doubles of bits."""
    return builder.bitcast(value, REAL)


@_call(FLOATS, FLOATS)
def negative(builder: Any, value: Any) -> Any:
    """Return values with the other sign."""
    return builder.fneg(value)


@_call(FLOATS, FLOATS, FLOATS)
def smaller(builder: Any, first: Any, second: Any) -> Any:
    """Return the smaller of two, the second where they are equal."""
    return builder.select(builder.fcmp_ordered("<", first, second), first, second)


@_call(FLOATS, FLOATS, FLOATS)
def larger(builder: Any, first: Any, second: Any) -> Any:
    """Return the larger of two, the second where they are equal."""
    return builder.select(builder.fcmp_ordered(">", first, second), first, second)


@_call(FLOATS, WORDS)
def rounded(builder: Any, value: Any) -> Any:
    """Return unsigned words as doubles."""
    return builder.uitofp(value, REAL)


@_call(WORDS, WORDS, TRUTHS)
def plus_one_where(builder: Any, value: Any, truth: Any) -> Any:
    """Return words, greater by one where true."""
    return builder.add(value, builder.zext(truth, WORD))


@_call(FLOATS, WORDS)
def high_part(builder: Any, value: Any) -> Any:
    """Return words shifted right by 52 bits with their sign, as doubles: an exponent."""
    shifted = builder.ashr(value, ir.Constant(WORD, [52] * LANES))
    return builder.sitofp(shifted, REAL)


@_call(WORDS, WORDS)
def without_mantissa(builder: Any, value: Any) -> Any:
    """Return words without their lower 52 bits."""
    return builder.and_(value, ir.Constant(WORD, [-(1 << 52)] * LANES))


@_call(FLOATS, FLOATS)
def root(builder: Any, value: Any) -> Any:
    """Return square roots."""
    name, kind = f"llvm.sqrt.v{LANES}f64", ir.FunctionType(REAL, [REAL])
    found = get_or_insert_function(builder.module, kind, name)
    return builder.call(found, [value])


@_call(TRUTHS, WORDS)
def is_set(builder: Any, value: Any) -> Any:
    """Return where a word has any bit."""
    return builder.icmp_unsigned("!=", value, ir.Constant(WORD, [0] * LANES))


@_call(TRUTHS, TRUTHS, TRUTHS)
def both(builder: Any, first: Any, second: Any) -> Any:
    """Return where both are true."""
    return builder.and_(first, second)


@_call(TRUTHS, TRUTHS, TRUTHS)
def either(builder: Any, first: Any, second: Any) -> Any:
    """Return where one or both are true."""
    return builder.or_(first, second)


@_call(TRUTHS, TRUTHS)
def unless(builder: Any, truth: Any) -> Any:
    """Return where it is not true."""
    return builder.not_(truth)


@_call(types.boolean, TRUTHS)
def anywhere(builder: Any, truth: Any) -> Any:
    """Say whether any lane is true."""
    bits = builder.bitcast(truth, ir.IntType(LANES))
    return builder.icmp_unsigned("!=", bits, ir.Constant(ir.IntType(LANES), 0))


IN_MEMORY = types.Array(types.float64, 1, "C")
Address = Callable[[Any, int], Any]


def in_memory(result: Any, *accepted: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Make an emitter ``f(builder, at, *values)`` callable in kernels as ``f(array, *values)``.

    ``at(start, i)`` is the address of the vector of patient start + i in the array.
    """

    def decorate(emit: Callable[..., Any]) -> Callable[..., Any]:
        key = f"lanes {emit.__name__}"

        @infer_global(emit, typing_key=key)
        class _Accepted(ConcreteTemplate):  # type: ignore[misc]
            cases = [signature(result, IN_MEMORY, *accepted)]  # noqa: RUF012

        def lower(context: Any, builder: Any, sig: Any, given: Any) -> Any:
            data = context.make_array(IN_MEMORY)(context, builder, given[0]).data

            def at(start: Any, i: int = 0) -> Any:
                place = builder.mul(builder.add(start, ir.Constant(start.type, i)), ir.Constant(start.type, LANES))
                return builder.bitcast(builder.gep(data, [place]), REAL.as_pointer())

            found = emit(builder, at, *given[1:])
            return context.get_dummy_value() if found is None else found

        lower_builtin(key, IN_MEMORY, *accepted)(lower)
        return emit

    return decorate


@in_memory(FLOATS, types.intp)
def load(builder: Any, at: Address, patient: Any) -> Any:
    """Read the vector of a patient."""
    return builder.load(at(patient, 0), align=8)


@in_memory(types.void, types.intp, FLOATS)
def store(builder: Any, at: Address, patient: Any, value: Any) -> None:
    """Write the vector of a patient."""
    builder.store(value, at(patient, 0), align=8)
