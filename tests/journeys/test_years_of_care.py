"""Care that lasts: what comes again and again comes in time and once, and asks of the store what it did."""

from __future__ import annotations

from pathlib import Path

from benchmarks import years_of_care


def test_no_visit_fee_or_renewal_is_missed_and_no_case_grows_over_outages_and_late_clerks(
    tmp_path: Path, long: bool
) -> None:
    cases, years, every = (300, 5, 1) if long else (4, 1, 4)

    found = years_of_care.live(cases, years, seed=7, folder=tmp_path, every=every)

    assert found.wrong == []
    assert min(found.kept[name] for name in ("visits", "fees", "renewals", "family visits", "allowances")) > 0
    assert found.down > 0 and found.after_outage > 0
    grown = found.grown()
    assert {"visit_child", "visit_family", "pay_allowance"} <= set(grown)
    for step, (first, last, _milliseconds, _then) in grown.items():
        assert last <= first + 2, f"{step}: {first} statements in the first year, {last} in the last"
