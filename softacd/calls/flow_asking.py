"""Steps that ask the caller for keys: the menu and the collection of digits."""

from softacd.calls.flow_run import Doing, FlowRun
from softacd.calls.flow_steps import CollectStep, MenuStep, SayStep, Speeches
from softacd.calls.routing import ToExtension, ToGroup, ToOutside, ToQueue


class Menu(Doing[MenuStep]):
    """Choices are told, one key is waited for."""

    def __init__(self, run: FlowRun, step: MenuStep) -> None:
        super().__init__(run, step)
        self._tries = 0

    def start(self, now: float) -> None:
        """Take a key that was pressed before, or tell the choices."""
        self.run.enter_flow(now)
        kept, self.run.kept_keys = self.run.kept_keys, ""
        if kept:
            self.run.kept_keys = kept[1:]
            self._choose(kept[0], now)
        else:
            self._ask((), now)

    def on_key(self, key: str, now: float) -> None:
        """A choice."""
        if self.step.barge_in or not self.run.speaking:
            self._choose(key, now)

    def on_said(self, now: float) -> None:
        """Now the caller has some time."""
        self.run.wait(self.step.timeout_seconds, now)

    def on_moment(self, tag: str, now: float) -> None:
        """No key in time."""
        self.run.call.note("menu-silence", self.run.call.step, now)
        self._again(self.step.silence, now)

    def _ask(self, before: Speeches, now: float) -> None:
        self.run.say((*before, *self.step.prompts), now)

    def _choose(self, key: str, now: float) -> None:
        run, step = self.run, self.step
        run.wait(None)
        chosen = step.choices.get(key)
        if chosen is None:
            run.call.note("menu-invalid", key, now)
            self._again(step.invalid, now)
            return
        if language := step.languages.get(key):
            run.variables.set("language", language)
            run.call.note("language", language, now)
        if not isinstance(run.leads_to(chosen), SayStep | MenuStep | CollectStep):
            run.hush()  # what is said next would replace it anyway
        run.go(chosen, now)

    def _again(self, before: Speeches, now: float) -> None:
        self._tries += 1
        if self._tries < self.step.tries:
            self._ask(before, now)
        else:
            self.run.go(self.step.otherwise, now)


class Collecting(Doing[CollectStep]):
    """Digits are asked for and gathered."""

    def __init__(self, run: FlowRun, step: CollectStep) -> None:
        super().__init__(run, step)
        self._digits = ""
        self._tries = 0

    def start(self, now: float) -> None:
        """Ask, unless all attempts are spent."""
        run, step = self.run, self.step
        run.enter_flow(now)
        if not run.visit(step.attempts):
            run.kept_keys = ""
            run.call.note("attempts-spent", run.call.step, now)
            run.go(step.spent, now)
            return
        kept, run.kept_keys = run.kept_keys, ""
        if not kept:
            run.say(step.prompts, now)
        for index, key in enumerate(kept):
            if self._take(key, now):
                run.kept_keys = kept[index + 1 :]
                return

    def on_key(self, key: str, now: float) -> None:
        """One more digit, or the end of the entry."""
        if self.run.speaking:
            self.run.hush()
        self._take(key, now)

    def on_said(self, now: float) -> None:
        """Now the caller has some time."""
        if not self._digits:
            self.run.wait(self.step.timeout_seconds, now)

    def on_moment(self, tag: str, now: float) -> None:
        """No further key in time."""
        if self._digits:
            self._complete(now)
        else:
            self.run.call.note("collect-silence", self.run.call.step, now)
            self._again(self.step.silence, now)

    def _take(self, key: str, now: float) -> bool:
        """Take a key; whether the entry is over."""
        step = self.step
        if key == step.terminator or (key in "*#" and not step.terminator):
            self._complete(now)
            return True
        self._digits += key
        if len(self._digits) >= step.most:
            self._complete(now)
            return True
        self.run.wait(step.pause_seconds, now)
        return False

    def _complete(self, now: float) -> None:
        run, step = self.run, self.step
        digits, self._digits = self._digits, ""
        run.wait(None)
        wrong = self._wrong(digits)
        shown = f"{len(digits)} digits" if step.masked else digits
        if wrong:
            run.call.note("collect-invalid", f"{step.into}: {shown}, {wrong}", now)
            self._again(step.invalid, now)
            return
        run.variables.set(step.into, digits, secret=step.masked)
        run.call.note("collected", f"{step.into}: {shown}", now)
        run.go(step.then, now)

    def _wrong(self, digits: str) -> str:
        """Why an entry is not taken; "" when it is."""
        step = self.step
        if len(digits) < step.least:
            return "too short"
        if not digits.isdecimal() and step.check:
            return "not digits"
        exchange = self.run.call.exchange
        match step.check:
            case "extension":
                destination = exchange.routing.destination(digits, exchange.house_rights)
                return "" if isinstance(destination, ToExtension | ToGroup | ToQueue) else "no extension"
            case "outside":
                destination = exchange.routing.destination(digits, exchange.house_rights)
                return "" if isinstance(destination, ToOutside) else "not open in the dial plan"
            case "luhn":
                return "" if luhn(digits) else "wrong check digit"
            case _:
                return ""

    def _again(self, before: Speeches, now: float) -> None:
        self._tries += 1
        if self._tries < self.step.tries:
            self.run.say((*before, *self.step.prompts), now)
        else:
            self.run.go(self.step.otherwise, now)


def luhn(digits: str) -> bool:
    """Whether the last digit is the check digit of the others (ISO/IEC 7812-1 annex B)."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0
