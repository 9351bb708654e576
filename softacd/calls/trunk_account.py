"""One account at a carrier: who we are there, its numbers, and its registration."""

from softacd.sip.digest import Credentials
from softacd.sip.registration import Registration, RegistrationState


class TrunkAccount:
    """One of a trunk's accounts; without a username the carrier knows us by our address."""

    __slots__ = ("contact_user", "credentials", "numbers", "registration", "username")

    def __init__(self, username: str, password: str, realm: str, numbers: tuple[str, ...], contact_user: str) -> None:
        """`contact_user` is unguessable: a call addressed to it comes from who knows our registration."""
        self.username = username
        self.numbers = numbers
        self.contact_user = contact_user
        self.credentials = Credentials(username=username, password=password, realm=realm) if username else None
        self.registration: Registration | None = None

    def owns(self, number: str) -> bool:
        """Whether it is one of the account's, with or without the plus."""
        wanted = number.lstrip("+")
        return any(one.lstrip("+") == wanted for one in self.numbers)

    @property
    def state(self) -> RegistrationState | None:
        """Of its registration; None when it does not register."""
        return self.registration.state if self.registration is not None else None
