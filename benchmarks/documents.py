"""What a document costs.

    python3 -m benchmarks.documents

Prints, for every shipped template, the first document of a cold process and the median and 99th percentile of warm ones
(each with other values, so that no cache answers), the bytes of the PDF, and the memory of the child.
Budget: 40 ms a page, warm.
"""

from __future__ import annotations

import statistics
import time
from datetime import datetime
from pathlib import Path

from workflow_runtime import documents
from workflow_runtime.documents import Renderer
from workflow_runtime.documents.wording import BEIJING

ISSUED = datetime(2024, 8, 20, 9, 0, tzinfo=BEIJING)
ROUNDS = 60


def memory(pid: int) -> str:
    """Peak resident memory of a process, where the system tells."""
    status = Path(f"/proc/{pid}/status")
    if not status.exists():
        return "?"
    return next(line.split(":")[1].strip() for line in status.read_text().splitlines() if line.startswith("VmHWM"))


def processor(pid: int) -> float:
    """Processor seconds a process has used, where the system tells."""
    status = Path(f"/proc/{pid}/stat")
    if not status.exists():
        return 0.0
    fields = status.read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / 100


def main() -> None:
    """Print the table."""
    heads = {"pages": 6, "PDF kB": 8, "cold ms": 9, "p50 ms": 8, "p99 ms": 8, "ms/page": 9, "CPU ms": 8}
    print("document  " + "".join(f"{head:>{width}}" for head, width in heads.items()) + "  child")
    for code in documents.codes():
        template = documents.load(documents.folder(code))
        context = template.sample()
        with Renderer() as press:
            times: list[float] = []
            pages = size = 0
            pid = 0
            used = 0.0
            for round_ in range(ROUNDS + 1):
                context["subject"]["number"] = f"C-990101-2019-{round_:06}"
                started = time.perf_counter()
                done = press.render(
                    template,
                    context,
                    number=f"990101-{code}-2024-{round_ + 1}",
                    issued_at=ISSUED,
                    verification=documents.verification_code(round_.to_bytes(8, "big")),
                    draft=False,
                )
                times.append((time.perf_counter() - started) * 1000)
                pages, size = done.pages, len(done.pdf)
                if not round_:
                    pid = press.child or 0
                    used = processor(pid)
            spent = (processor(pid) - used) * 1000 / ROUNDS
            cold, warm = times[0], sorted(times[1:])
            middle = statistics.median(warm)
            print(
                f"{code:10}{pages:6}{size / 1000:8.0f}{cold:9.0f}{middle:8.1f}{warm[int(len(warm) * 0.99)]:8.1f}"
                f"{middle / pages:9.1f}{spent:8.1f}  {memory(pid)}"
            )


if __name__ == "__main__":
    main()
