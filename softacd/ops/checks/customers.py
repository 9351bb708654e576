"""Customers: the country is one, and categories have names that fit a column."""

import re

import phonenumbers

from softacd.ops.configuration_errors import nearest, quoted
from softacd.ops.draft import Draft

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")


def check_customers(draft: Draft) -> None:
    """Numbers can be read by the country's rules; categories can be written in a file."""
    settings = draft.customers
    if settings is None:
        return
    countries = phonenumbers.SUPPORTED_REGIONS
    if settings.country and settings.country not in countries:
        draft.error(
            ("customers", "country"),
            f"there is no country {quoted(settings.country)}",
            'two capital letters, like "MD"',
            nearest(settings.country.upper(), countries),
        )
    for name in settings.categories:
        if not _NAME.fullmatch(name):
            draft.error(
                ("customers", "categories", name),
                f"the name is {quoted(name)}",
                "small letters, digits, and - _ after the first, at most 32",
            )
