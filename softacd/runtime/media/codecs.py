"""The codecs of the media engine beside G.711."""

from typing import Final

from softacd.rtp.codec import WideCodecs
from softacd.runtime.media.g722 import G722
from softacd.runtime.media.opus import OPUS

WIDE: Final[WideCodecs] = {"G722": G722, "OPUS": OPUS}
