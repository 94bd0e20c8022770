"""Processor time that something takes: the quickest of some tries, for a busy machine slows down any one of them."""

from __future__ import annotations

import time
from collections.abc import Callable


def least_effort(work: Callable[[], object], *, within: float, tries: int = 5) -> float:
    """Seconds of processor time of the quickest try; it is not tried again once it was quick enough."""
    least = float("inf")
    for _try in range(tries):
        began = time.process_time()
        work()
        least = min(least, time.process_time() - began)
        if least < within:
            break
    return least
