"""What the distributor refuses, each with the remedy for whoever called it."""


class DistributorError(ValueError):
    """Base: the request contradicts what the distributor knows. Nothing has changed. HTTP status 409."""

    http_status = 409


class CallerAlreadyWaitingError(DistributorError):
    """A caller joined a second time; let him leave first (CallerLeft)."""


class UnknownAgentError(DistributorError, LookupError):
    """No agent of this name is configured."""

    http_status = 404


class SettingsError(DistributorError):
    """Queues and agents do not fit together; the message names both. The former settings stay in force."""

    http_status = 422
