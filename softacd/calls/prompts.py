"""The prompts a call flow can name without looking a file up, and how a prompt becomes a clip.

A clip is what `softacd.rtp.vocabulary.Play` takes: a name below media/ without suffix. Every language has a folder of
the same prompts (media/prompts/<tag>/) with a catalogue of their texts; a configured flow may name further clips of
its own there. `softacd.calls.words` puts numbers, places and waiting times together from them.
"""

from enum import StrEnum


class Prompt(StrEnum):
    """A shipped prompt: one whole announcement, or a part of one (then said inside a sequence of `words`)."""

    WELCOME = "welcome"
    RECORDING_NOTICE = "recording-notice"
    MENU_MAIN = "menu-main"
    MENU_OPERATOR = "menu-operator"
    MENU_REPEAT = "menu-repeat"
    MENU_INVALID = "menu-invalid"
    MENU_TIMEOUT = "menu-timeout"
    ENTER_EXTENSION = "enter-extension"
    EXTENSION_INVALID = "extension-invalid"
    CLOSED = "closed"
    CLOSED_HOLIDAY = "closed-holiday"

    PLEASE_WAIT = "please-wait"
    ALL_AGENTS_BUSY = "all-agents-busy"
    STILL_WAITING = "still-waiting"
    YOU_ARE_NUMBER = "you-are-number"
    IN_LINE = "in-line"
    YOU_ARE_NEXT = "you-are-next"
    EXPECTED_WAIT = "expected-wait"
    ABOUT = "about"
    BETWEEN = "between"
    AND = "and"
    LESS_THAN = "less-than"
    LESS_THAN_A_MINUTE = "less-than-a-minute"
    MINUTE = "minute"
    MINUTES = "minutes"
    NO_AGENTS = "no-agents"
    QUEUE_FULL = "queue-full"
    WAITED_TOO_LONG = "waited-too-long"

    CALLBACK_OFFER = "callback-offer"
    CALLBACK_NUMBER = "callback-number"
    CALLBACK_CONFIRM = "callback-confirm"
    CALLBACK_ENTER_NUMBER = "callback-enter-number"
    CALLBACK_ACCEPTED = "callback-accepted"
    CALLBACK_GREETING = "callback-greeting"

    CONNECTING = "connecting"
    UNAVAILABLE = "unavailable"
    BUSY = "busy"
    NO_ANSWER = "no-answer"
    NUMBER_NOT_IN_SERVICE = "number-not-in-service"
    NOT_ALLOWED = "not-allowed"
    CALL_FAILED = "call-failed"
    THANK_YOU = "thank-you"
    GOODBYE = "goodbye"

    LEAVE_MESSAGE = "leave-message"
    MESSAGE_SAVED = "message-saved"
    MESSAGE_TOO_SHORT = "message-too-short"
    SURVEY_QUESTION = "survey-question"
    SURVEY_THANKS = "survey-thanks"

    GOOD_MORNING = "good-morning"
    GOOD_AFTERNOON = "good-afternoon"
    GOOD_EVENING = "good-evening"
    ENTER_CONTRACT = "enter-contract"
    ENTRY_INVALID = "entry-invalid"
    NOT_RECOGNISED = "not-recognised"
    TOO_MANY_ATTEMPTS = "too-many-attempts"
    BALANCE_IS = "balance-is"
    SERVICE_UNAVAILABLE = "service-unavailable"
    ONE_MOMENT = "one-moment"

    HOUSE_OPEN = "house-open"
    HOUSE_CLOSED = "house-closed"
    EMERGENCY_ON = "emergency-on"
    EMERGENCY_OFF = "emergency-off"

    YOU_HAVE = "you-have"
    NEW_MESSAGE = "new-message"
    NEW_MESSAGES = "new-messages"
    NO_MESSAGES = "no-messages"
    NO_MORE_MESSAGES = "no-more-messages"
    RECEIVED_AT = "received-at"
    MESSAGE_MENU = "message-menu"
    MESSAGE_REVIEW = "message-review"
    MESSAGE_DELETED = "message-deleted"

    MINUS = "minus"
    OH = "oh"
    OCLOCK = "oclock"
    AM = "am"
    PM = "pm"

    STATUS_AVAILABLE = "status-available"
    STATUS_BREAK = "status-break"
    STATUS_LUNCH = "status-lunch"
    STATUS_NOT_READY = "status-not-ready"
    STATUS_WORKING = "status-working"
    STATUS_LOGGED_IN = "status-logged-in"
    STATUS_LOGGED_OUT = "status-logged-out"
    CALL_FROM = "call-from"
    ENTER_PIN = "enter-pin"
    INVALID_CODE = "invalid-code"
    RECORDING_STARTED = "recording-started"
    RECORDING_STOPPED = "recording-stopped"


class Tone(StrEnum):
    """A clip that is the same in every language. Loop all of them but BEEP, CONNECTED and NOT_IN_SERVICE."""

    RINGBACK = "tones/ringback"
    BUSY = "tones/busy"
    CONGESTION = "tones/congestion"
    DIAL = "tones/dial"
    CALL_WAITING = "tones/call-waiting"
    NOT_IN_SERVICE = "tones/special-information"
    BEEP = "tones/beep"
    CONNECTED = "tones/connected"


MUSIC = "music/default"
"""Music on hold; play it with loop and shared."""


def clip(prompt: str, language: str = "en") -> str:
    """The clip of `prompt` (a `Prompt` or another catalogue name, such as "digits/5") in a language's folder."""
    return f"prompts/{language}/{prompt}"
