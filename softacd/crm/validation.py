"""Whether a customer that somebody wants to put can be kept, and in which form."""

import re
from collections.abc import Collection
from difflib import get_close_matches

import msgspec

from softacd.calls.customers import NUMBER_EXPECTED, Customer, FieldProblem
from softacd.crm.numbers import canonical
from softacd.crm.settings import CustomerSettings

MOST_NUMBERS = 50
_LANGUAGE = re.compile(r"[a-z]{2,3}")


def check(customer: Customer, row: int, settings: CustomerSettings, agents: Collection[str]) -> Customer | FieldProblem:
    """The customer with numbers in E.164, each once, in their order; or the first thing that is wrong with it."""
    numbers: dict[str, None] = {}
    for text in customer.numbers:
        number = canonical(text, settings.country)
        if number is None:
            example = f"a number like +37369123456, or as it is dialled in {settings.country}"
            expected = example if settings.country else f"a number with its country code. {NUMBER_EXPECTED}"
            return FieldProblem(row, "numbers", f"{text!r} is no telephone number", expected)
        numbers[number] = None
    if not numbers:
        return FieldProblem(row, "numbers", "is empty", "at least one telephone number")
    if len(numbers) > MOST_NUMBERS:
        return FieldProblem(row, "numbers", f"holds {len(numbers)} numbers", f"at most {MOST_NUMBERS}")
    categories = settings.known_categories()
    if customer.category and customer.category not in categories:
        return _unknown(row, "category", customer.category, categories)
    if customer.manager and customer.manager not in agents:
        return _unknown(row, "manager", customer.manager, agents)
    if customer.language and not _LANGUAGE.fullmatch(customer.language):
        return FieldProblem(row, "language", f"is {customer.language!r}", "two or three small letters, like ro")
    for field in ("name", "category", "manager", "external_id"):
        if any(ord(letter) < 32 for letter in getattr(customer, field)):
            return FieldProblem(row, field, "holds control characters", "text on one line")
    return msgspec.structs.replace(
        customer, numbers=tuple(numbers), name=customer.name.strip(), external_id=customer.external_id.strip()
    )


def _unknown(row: int, field: str, value: str, known: Collection[str]) -> FieldProblem:
    near = get_close_matches(value, known, 1)
    names = ", ".join(sorted(known)) or "none, so leave it empty"
    return FieldProblem(
        row, field, f"there is no {value!r}", f"one of {names}" + (f"; did you mean {near[0]}?" if near else "")
    )
