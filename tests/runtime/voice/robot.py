"""A voice for tests: a program that reads a text and writes a tone as long as the text, at 16 kHz.

    python robot.py FILE

The text "crash" ends it with an error, "mute" writes nothing, "sleep" takes its time.
"""

import math
import struct
import sys
import time
import wave

RATE = 16_000
text = sys.stdin.read().strip()
if text == "crash":
    sys.exit("the robot has broken down")
if text == "sleep":
    time.sleep(60)
if text != "mute":
    samples = (round(9000 * math.sin(0.2 * index)) for index in range(round(RATE * (0.2 + 0.06 * len(text)))))
    with wave.open(sys.argv[1], "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(RATE)
        sound.writeframes(b"".join(struct.pack("<h", sample) for sample in samples))
