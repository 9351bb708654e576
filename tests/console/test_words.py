"""The console's catalogues: every sentence in every language, with its plural forms, and none that nobody says."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

SOURCE = Path(__file__).parents[2] / "console/src"
LANGUAGES = ("en", "ro", "ru", "uk")
PLURALS = {
    "en": {"one", "other"},
    "ro": {"one", "few", "other"},
    "ru": {"one", "few", "many", "other"},
    "uk": {"one", "few", "many", "other"},
}
"""Forms a number asks for (CLDR's plural rules)."""


def catalogue(language: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((SOURCE / f"words/{language}.json").read_text(encoding="utf-8"))
    return found


def code() -> str:
    return "\n".join(file.read_text(encoding="utf-8") for file in sorted(SOURCE.rglob("*.ts*")))


def names(text: str) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", text))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sentence_is_there_with_its_forms_and_values(language: str) -> None:
    english, words = catalogue("en"), catalogue(language)
    assert words.keys() == english.keys()
    assert list(words) == sorted(words)
    for key, word in words.items():
        values = names(english[key] if isinstance(english[key], str) else english[key]["other"])
        assert isinstance(word, str) == isinstance(english[key], str), key
        forms = {"": word} if isinstance(word, str) else word
        assert isinstance(word, str) or set(word) == PLURALS[language], key
        for form, text in forms.items():
            assert text.strip(), key
            # "one" may leave the number out, as one says it
            assert names(text) <= values, (key, form)
            assert form == "one" or names(text) == values, (key, form)


def test_every_sentence_said_is_there_and_every_one_there_is_said() -> None:
    source, there = code(), set(catalogue("en"))
    said = set(re.findall(r'\bt\(\s*"([a-z0-9.-]+)"', source))
    assert said <= there, sorted(said - there)
    patterns = [
        re.compile(re.escape(pattern).replace(r"\$\{\}", r"[a-z0-9-]+") + "$")
        for pattern in {re.sub(r"\$\{[^}]*\}", "${}", one) for one in re.findall(r"`([a-z.-]*\$\{[^`]*)`", source)}
        if re.match(r"[a-z-]+\.", pattern) or ".".join(pattern.split(".")[1:])
    ]
    chosen = tuple(f"{prefix}." for prefix in re.findall(r'\bnamed\("([a-z.-]+)"', source))
    """What the API's own words are looked up by."""
    quoted = set(re.findall(r'"([a-z0-9.-]+)"', source))
    unsaid = {
        key
        for key in there - said - quoted
        if not key.startswith(chosen) and not any(pattern.match(key) for pattern in patterns)
    }
    assert not unsaid, sorted(unsaid)


def test_cyrillic_and_latin_letters_are_not_mixed_in_a_word() -> None:
    """A Latin "c" in a Russian word looks right and is found by no search."""
    for language in ("ru", "uk"):
        for key, word in catalogue(language).items():
            for text in [word] if isinstance(word, str) else word.values():
                mixed = re.findall(r"\b(?=\w*[а-яёіїєґ])(?=\w*[a-z])\w+\b", text, re.IGNORECASE)
                assert not mixed, (language, key, mixed)
