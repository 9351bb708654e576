"""Phones over HTTP: where they are registered, and what their users chose."""

from typing import Annotated, Any

import msgspec
from litestar import Request, get, put
from litestar.handlers import HTTPRouteHandler
from litestar.params import JSONBody, PathParameter

from softacd.calls.control import Choices, Control, UnknownNameError
from softacd.calls.users import Role
from softacd.calls.views import PhoneView
from softacd.web.errors import API_ROOT
from softacd.web.principal import principal_of

Extension = Annotated[str, PathParameter(description="The phone's extension.")]
Asking = Request[Any, Any, Any]
_Number = Annotated[str, msgspec.Meta(max_length=40)]


class ChoiceRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is to change; what is left out stays as it is."""

    do_not_disturb: bool | None = None
    """Whether the phone shall be silent."""
    forward_always: _Number | None = None
    """Where every call shall go: an extension, a group, a queue or an outside number; empty: nowhere."""
    forward_busy: _Number | None = None
    """Where calls shall go that find the phone busy or are declined; empty: nowhere."""
    forward_no_answer: _Number | None = None
    """Where calls shall go that nobody answers; empty: nowhere."""


def of_colleague(phone: PhoneView) -> PhoneView:
    """A colleague's phone: whether it is there, busy or silent, and neither its address nor where calls go."""
    there = ("registered",) if phone.contacts else ()
    return msgspec.structs.replace(phone, contacts=there, forward_always="", forward_busy="", forward_no_answer="")


def phone_handlers(control: Control) -> list[HTTPRouteHandler]:
    """The paths under /phones."""

    def view(extension: str) -> PhoneView:
        for phone in control.snapshot().phones:
            if phone.extension == extension:
                return phone
        raise UnknownNameError(f"there is no phone {extension!r}")

    @get(f"{API_ROOT}/phones", tags=["phones"], summary="All phones")
    async def phones(request: Asking) -> tuple[PhoneView, ...]:
        """Return every phone, where it is registered and what its user chose; an agent is told less of others'."""
        principal = principal_of(request.scope)
        found = control.snapshot().phones
        if principal.may(Role.SUPERVISOR):
            return found
        own = control.phone_of(principal.agent)
        return tuple(phone if phone.extension == own else of_colleague(phone) for phone in found)

    @get(f"{API_ROOT}/phones/{{extension:str}}", tags=["phones"], summary="One phone")
    async def phone(extension: Extension) -> PhoneView:
        """Return one phone. 404 when there is none of this extension."""
        return view(extension)

    @put(f"{API_ROOT}/phones/{{extension:str}}", tags=["phones"], summary="Set forwards and do-not-disturb")
    async def choose(extension: Extension, data: JSONBody[ChoiceRequest]) -> PhoneView:
        """Change what the user of a phone may choose; it survives a restart. 409 when a number leads nowhere."""
        control.choose(extension, Choices(**msgspec.structs.asdict(data)))
        return view(extension)

    return [phones, phone, choose]
