from softacd.calls.accounts import LONGEST_WAIT, Accounts
from softacd.calls.deadlines import Deadlines
from softacd.calls.records import AnyRecord, CallRecord, Direction, LegRecord
from softacd.rtp.vocabulary import AnyCommand, ReportClosed
from tests.calls.test_phone_calls import phone
from tests.calls.world import shop


def leg(number: int, call: str = "c") -> LegRecord:
    return LegRecord(id=f"{call}.{number}", call=call, party="phone:101", number="101", outgoing=False, started=0)


def ended(call: str = "c") -> CallRecord:
    return CallRecord(id=call, direction=Direction.INCOMING, started=0, caller="1", called="2", ended=1)


class Book:
    def __init__(self) -> None:
        self.media: list[AnyCommand] = []
        self.records: list[AnyRecord] = []
        self.deadlines = Deadlines()
        self.accounts = Accounts(self.media.append, self.records.append, self.deadlines)

    def ids(self) -> list[str]:
        return [record.id for record in self.records if isinstance(record, CallRecord | LegRecord)]


def test_a_call_without_open_streams_is_told_at_once() -> None:
    book = Book()
    book.accounts.call_ended(ended(), 0.0)
    assert book.ids() == ["c"]
    assert not book.media


def test_a_call_is_told_after_the_last_of_its_legs_and_asks_for_their_figures_at_once() -> None:
    book = Book()
    legs = {stream: leg(stream) for stream in (1, 2, 3)}
    for stream, record in legs.items():
        book.accounts.leg_ended(stream, record)
    book.accounts.leg_ended(9, leg(1, "other"))
    book.accounts.leg_complete(2, legs[2])
    book.accounts.call_ended(ended(), 0.0)
    assert book.media == [ReportClosed(1), ReportClosed(3)]
    book.accounts.leg_complete(3, legs[3])
    assert book.ids() == ["c.2", "c.3"]
    book.accounts.leg_complete(1, legs[1])
    assert book.ids() == ["c.2", "c.3", "c.1", "c"]
    assert not len(book.deadlines)
    assert set(book.accounts.closing) == {"other"}


def test_a_media_engine_that_does_not_answer_delays_a_record_but_loses_none() -> None:
    book = Book()
    record = leg(1)
    book.accounts.leg_ended(1, record)
    book.accounts.call_ended(ended(), 10.0)
    assert book.deadlines.next() == 10.0 + LONGEST_WAIT
    book.deadlines.fire(10.0 + LONGEST_WAIT)
    assert book.ids() == ["c.1", "c"]
    book.accounts.leg_complete(1, record)  # late figures amend the leg's record
    assert book.ids() == ["c.1", "c", "c.1"]
    assert not book.accounts.closing


def test_at_the_end_of_the_program_everything_that_waits_is_told() -> None:
    book = Book()
    book.accounts.leg_ended(1, leg(1))
    book.accounts.call_ended(ended(), 0.0)
    book.accounts.tell_all()
    assert book.ids() == ["c.1", "c"]
    assert not len(book.deadlines)


def test_the_record_of_a_call_comes_with_the_last_figures_of_all_its_legs() -> None:
    world = shop(available=False)
    phone(world, "101").dial("102")
    phone(world, "102").answer()
    phone(world, "101").hang_up()
    told = [record for record in world.records if isinstance(record, LegRecord | CallRecord)]
    last = max(index for index, record in enumerate(told) if isinstance(record, CallRecord))  # one object, told often
    legs = [record for record in told[:last] if isinstance(record, LegRecord)]
    assert {(record.number, record.packets_sent) for record in legs} == {("101", 1), ("102", 1)}
    assert told[last:] == [told[last]]
    world.assert_clean()
