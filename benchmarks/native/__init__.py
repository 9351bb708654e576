"""The parts of the media benchmarks that must cost nothing themselves: telephones, and the limits, in C."""
