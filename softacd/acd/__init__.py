"""The distributor: who is rung for whom, how long a caller will wait, and how well the queues are served.

A pure core: events and `now` go in, commands and one next deadline come out (see `vocabulary`).
"""
