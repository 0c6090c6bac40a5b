"""A filter over articles: JSON in, one SQL condition with parameters out.

    {"and": [{"source": {"in": ["AFP", "Reuters"]}}, {"published_at": {"gte": "2016-12-01"}}]}

A leaf is one field with a value (equal) or with one or more of eq, in, gt, gte, lt, lte.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

from index import times
from index.errors import InvalidInput

Filter = Mapping[str, object]
Compiled = tuple[str, list[object]]

FIELDS = ("id", "external_id", "title", "url", "source", "lang", "published_at")
RANGES = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
DEPTH = 20
TESTS = 500
"""In one filter; SQLite takes an expression 1,000 deep."""


def compile_filter(expression: object, *, pointer: str = "/filter", depth: int = 0) -> Compiled:
    """The condition over columns of `articles`, and its parameters.

    Raises InvalidInput with the JSON pointer of the part that is wrong.
    """
    if depth > DEPTH:
        raise InvalidInput(f"a filter may be {DEPTH} levels deep", pointer=pointer)
    if not depth and _tests(expression, 0) > TESTS:
        raise InvalidInput(f"a filter may have {TESTS} tests", pointer=pointer)
    if not isinstance(expression, Mapping) or len(expression) != 1:
        raise InvalidInput("a filter is an object with exactly one key", pointer=pointer)
    key, value = next(iter(expression.items()))
    place = f"{pointer}/{key}"
    if key in ("and", "or"):
        return _joined(f" {key.upper()} ", value, place, depth)
    if key == "not":
        condition, parameters = compile_filter(value, pointer=place, depth=depth + 1)
        return f"NOT coalesce({condition}, 0)", parameters
    if key not in FIELDS:
        known = ", ".join(("and", "or", "not", *FIELDS))
        raise InvalidInput(f"{key!r} is not one of: {known}", pointer=place)
    return _leaf(key, value, place)


def _tests(value: object, depth: int) -> int:
    if isinstance(value, Mapping):
        return 1 + sum(_tests(part, depth + 1) for part in value.values() if depth <= DEPTH)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return sum(_tests(part, depth + 1) for part in value if depth <= DEPTH)
    return 0


def _joined(operator: str, value: object, pointer: str, depth: int) -> Compiled:
    if not isinstance(value, Sequence) or isinstance(value, str) or not value:
        raise InvalidInput("takes a list of filters, not empty", pointer=pointer)
    parts = [
        compile_filter(part, pointer=f"{pointer}/{place}", depth=depth + 1)
        for place, part in enumerate(value)
    ]
    parameters = [parameter for part in parts for parameter in part[1]]
    return "(" + operator.join(part[0] for part in parts) + ")", parameters


def _leaf(field: str, value: object, pointer: str) -> Compiled:
    tests = value if isinstance(value, Mapping) else {"eq": value}
    if not tests:
        raise InvalidInput("takes at least one test", pointer=pointer)
    convert: Callable[[object, str], object] = _time if field == "published_at" else _text
    conditions: list[str] = []
    parameters: list[object] = []
    for name, operand in tests.items():
        place = f"{pointer}/{name}" if isinstance(value, Mapping) else pointer
        if name == "eq":
            conditions.append(f"articles.{field} IS ?")
            parameters.append(None if operand is None else convert(operand, place))
        elif name == "in":
            values = _list(operand, place)
            marks = ", ".join("?" * len(values))
            conditions.append(f"articles.{field} IN ({marks})")
            parameters += [convert(item, f"{place}/{i}") for i, item in enumerate(values)]
        elif name in RANGES:
            conditions.append(f"articles.{field} {RANGES[name]} ?")
            parameters.append(convert(operand, place))
        else:
            raise InvalidInput(f"{name!r} is not one of: eq, in, gt, gte, lt, lte", pointer=place)
    return "(" + " AND ".join(conditions) + ")", parameters


def _list(value: object, pointer: str) -> Sequence[object]:
    if not isinstance(value, Sequence) or isinstance(value, str) or len(value) > 1000:
        raise InvalidInput("takes a list of at most 1,000 values", pointer=pointer)
    return value


def _text(value: object, pointer: str) -> str:
    if not isinstance(value, str):
        raise InvalidInput("takes a string", pointer=pointer)
    try:
        value.encode()
    except UnicodeEncodeError:
        raise InvalidInput("holds a lone surrogate", pointer=pointer) from None
    return value


def _time(value: object, pointer: str) -> str:
    moment = value if isinstance(value, datetime) else times.parse(value, pointer)
    try:
        return stamp(moment)
    except OverflowError:
        raise InvalidInput(f"{value!r} is not an RFC 3339 time", pointer=pointer) from None


def stamp(moment: datetime) -> str:
    """RFC 3339 in UTC with fixed width, so that strings sort as times do; naive means UTC."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return aware.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ").rjust(27, "0")
