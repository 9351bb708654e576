"""Kinds of values that settings share."""

from typing import Annotated

import msgspec

Seconds = Annotated[float, msgspec.Meta(ge=0, le=86_400)]
TimeOut = Annotated[float, msgspec.Meta(ge=0.5, le=600)]
