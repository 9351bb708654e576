"""Voices: a language each, a program that is there, and every text of a flow has somebody to speak it."""

from softacd.calls import words
from softacd.calls.flow_steps import SayStep
from softacd.calls.flow_text import Kind, speech
from softacd.ops.checks.sounds import languages_heard
from softacd.ops.configuration_errors import KeyPath, nearest, quoted
from softacd.ops.draft import Draft
from softacd.runtime.voice.voices import FILE

_SPOKEN = ("prompts", "invalid", "silence")


def check_voices(draft: Draft) -> None:
    """Check every [voices.LANGUAGE], and the texts of flows."""
    for voice in draft.voices.values():
        path: KeyPath = ("voices", voice.language)
        if voice.language not in words.LANGUAGES:
            known = sorted(words.LANGUAGES)
            draft.error(
                path,
                f"nobody hears {quoted(voice.language)}",
                f"one of {', '.join(map(quoted, known))}",
                nearest(voice.language, known),
            )
        if (voice.engine == "command") != bool(voice.command):
            told = "is missing" if voice.engine == "command" else "is for another engine"
            draft.error((*path, "command"), told, 'engine = "command" and a command')
        elif voice.command and not any(FILE in part for part in voice.command):
            draft.error((*path, "command"), "does not say where the sound is written", f"an argument with {FILE}")
        elif why := voice.voice().installed():
            draft.warn((*path, "engine"), f"{why}: texts cannot be spoken", "install it, or another engine")
    missing = [language for language in languages_heard(draft) if language not in draft.names["voices"]]
    if missing:
        _check_texts(draft, missing[0])


def _check_texts(draft: Draft, language: str) -> None:
    for flow in draft.flows.values():
        for name, step in flow.steps.items():
            if isinstance(step, SayStep) and step.fallback:
                continue
            for field in _SPOKEN:
                for index, said in enumerate(getattr(step, field, ())):
                    try:
                        text = speech(said).kind is Kind.TEXT
                    except ValueError:
                        continue  # told by the check of the steps
                    if text:
                        draft.error(
                            ("flows", flow.name, "steps", name, field, index),
                            f"no voice speaks {quoted(language)}, which callers may hear",
                            f'[voices.{language}], or a "say" step with fallback = "a prompt"',
                        )
