"""What can go wrong with the customer base, in words the owner can act on."""


class CustomerBaseError(Exception):
    """The customer base cannot do what was asked: `where` (path), `cause`, `remedy`. HTTP 503.

    `in_use`: another program has the file open.
    """

    http_status = 503

    def __init__(self, where: str, cause: str, remedy: str, *, in_use: bool = False) -> None:
        super().__init__(f"{where}: {cause}. {remedy}")
        self.where = where
        self.cause = cause
        self.remedy = remedy
        self.in_use = in_use
