"""Legal time: every due date is found by rules that it can name."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workflow_runtime import calendars, i18n
from workflow_runtime.calendars import (
    Unit,
    add_months,
    add_working_days,
    age_on,
    due,
    due_after,
    last_day,
    more_than,
    spoken,
    working_days_between,
    working_days_left,
)
from workflow_runtime.errors import BadInput, ProfileError

SHANGHAI = ZoneInfo("Asia/Shanghai")
CN = calendars.shipped()


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    i18n.use_language("en")
    yield
    i18n.use_language("zh")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("start", "length", "end"),
    [
        ("2024-09-25 10:30", "P10WD", "2024-10-14"),  # over the National Day, two weekend days worked
        ("2024-02-08 09:00", "P1WD", "2024-02-09"),  # New Year's Eve 2024 was a working day
        ("2024-02-09 09:00", "P1WD", "2024-02-18"),  # the Sunday is worked
        ("2024-08-24 09:00", "P1WD", "2024-08-26"),  # an event on a Saturday
        ("2024-09-16 09:00", "P15D", "2024-10-08"),  # 1 October is a holiday: moves behind all of it
        ("2024-09-01 09:00", "P15D", "2024-09-18"),  # 16 September is Mid-autumn, 17 too
        ("2024-09-01 09:00", "P30D", "2024-10-08"),
        ("2024-08-31 09:00", "P6M", "2025-02-28"),  # no 31 February
        ("2024-01-31 09:00", "P3M", "2024-04-30"),
        ("2024-02-29 09:00", "P1Y", "2025-02-28"),
        ("2024-09-05 09:00", "P0D", "2024-09-05"),  # the same day
        ("2024-09-07 09:00", "P0D", "2024-09-09"),  # the same day, but it is a Saturday
        ("2024-09-02 23:30", "P2W", "2024-09-18"),  # 16 September is a holiday
        ("2020-01-20 09:00", "P10D", "2020-02-03"),  # the holiday of 2020 was prolonged
    ],
)
def test_a_period_ends_on_its_last_day(start: str, length: str, end: str) -> None:
    found = due_after(at(start), length, CN)

    assert found.last_day == date.fromisoformat(end)
    assert found.at == datetime.fromisoformat(end).replace(tzinfo=SHANGHAI) + timedelta(days=1)
    assert not found.provisional


def test_the_day_of_the_event_is_its_day_in_the_zone_of_the_office() -> None:
    late_in_london = datetime(2024, 9, 2, 20, tzinfo=UTC)  # already 3 September in the office

    assert due(late_in_london, 1, Unit.WORKING_DAY, CN).last_day == date(2024, 9, 4)


def test_hours_run_to_the_minute_and_over_holidays() -> None:
    found = due(at("2024-09-30 22:15"), 24, Unit.HOUR, CN)

    assert found.at == at("2024-10-01 22:15")
    assert spoken(found.at) == "2024-10-01 22:15"


def test_the_end_of_a_day_is_said_as_24_00() -> None:
    found = due_after(at("2024-09-02 09:00"), "P10WD", CN)

    assert spoken(found.at) == "2024-09-14 24:00"  # a Saturday that is worked
    assert last_day(found.at) == date(2024, 9, 14)


def test_a_fixed_date_moves_for_nothing() -> None:
    found = due(at("2024-09-02 09:00"), date(2025, 10, 1), "DATE", CN)

    assert found.last_day == date(2025, 10, 1)


def test_a_due_date_explains_itself_with_every_holiday_by_name() -> None:
    lines = due_after(at("2024-09-25 10:30"), "P10WD", CN).explain()

    assert lines[0] == "begins 2024-09-25 (Wed); that day is not counted"
    assert "National Day 2024-10-01 (Tue) to 2024-10-07 (Mon) not counted" in lines
    assert "2024-09-29 (Sun) is worked in exchange for National Day, counted" in lines
    assert lines[-1] == "ends 2024-10-14 24:00"


def test_a_last_day_that_moves_says_why() -> None:
    lines = due_after(at("2024-09-16 09:00"), "P15D", CN).explain()

    assert "2024-10-01 (Tue) is no working day (National Day): moved to 2024-10-08 (Tue)" in lines


@pytest.mark.parametrize(
    ("length", "end"),
    [
        ("P5WD", "2024-09-13"),  # 3, 4, then 11, 12, 13
        ("P10D", "2024-09-18"),  # 12 + 6 days, 18 is the first working day
        ("P1M", "2024-10-08"),
        ("P1D", "2024-09-03"),
    ],
)
def test_a_suspended_period_stands_still(length: str, end: str) -> None:
    missing = calendars.Pause(date(2024, 9, 5), date(2024, 9, 10), "走失查找")

    found = due_after(at("2024-09-02 09:00"), length, CN, pauses=[missing])

    assert found.last_day == date.fromisoformat(end)
    assert any("走失查找" in line for line in found.explain()) == (length != "P1D")


def test_hours_know_no_pause() -> None:
    pause = calendars.Pause(date(2024, 9, 2), date(2024, 9, 10))

    assert due(at("2024-09-02 09:00"), 24, "H", CN, pauses=[pause]).at == at("2024-09-03 09:00")


def test_beyond_the_published_table_a_date_is_provisional_and_says_so() -> None:
    found = due_after(at("2026-12-28 09:00"), "P10WD", CN)

    assert found.provisional
    assert found.last_day == date(2027, 1, 12)
    assert any("2027" in line and "provisional" in line for line in found.explain())
    assert not due_after(at("2026-12-01 09:00"), "P10WD", CN).provisional


#: What the yearly notices say, in their own form: days off from … to …, and weekend days worked.
NOTICES = {
    2020: (
        "01-01 01-24/02-02 04-04/04-06 05-01/05-05 06-25/06-27 10-01/10-08",
        "01-19 04-26 05-09 06-28 09-27 10-10",
    ),
    2021: (
        "01-01/01-03 02-11/02-17 04-03/04-05 05-01/05-05 06-12/06-14 09-19/09-21 10-01/10-07",
        "02-07 02-20 04-25 05-08 09-18 09-26 10-09",
    ),
    2022: (
        "01-01/01-03 01-31/02-06 04-03/04-05 04-30/05-04 06-03/06-05 09-10/09-12 10-01/10-07 12-31",
        "01-29 01-30 04-02 04-24 05-07 10-08 10-09",
    ),
    2023: (
        "01-01/01-02 01-21/01-27 04-05 04-29/05-03 06-22/06-24 09-29/10-06 12-30/12-31",
        "01-28 01-29 04-23 05-06 06-25 10-07 10-08",
    ),
    2024: (
        "01-01 02-10/02-17 04-04/04-06 05-01/05-05 06-10 09-15/09-17 10-01/10-07",
        "02-04 02-18 04-07 04-28 05-11 09-14 09-29 10-12",
    ),
    2025: (
        "01-01 01-28/02-04 04-04/04-06 05-01/05-05 05-31/06-02 10-01/10-08",
        "01-26 02-08 04-27 09-28 10-11",
    ),
    2026: (
        "01-01/01-03 02-15/02-23 04-04/04-06 05-01/05-05 06-19/06-21 09-25/09-27 10-01/10-07",
        "01-04 02-14 02-28 05-09 09-20 10-10",
    ),
}


@pytest.mark.parametrize("year", NOTICES)
def test_our_tables_say_what_the_notices_say(year: int) -> None:
    off, worked = NOTICES[year]
    expected = {date.fromisoformat(f"{year}-{day}"): True for day in worked.split()}
    for span in off.split():
        first, _slash, last = span.partition("/")
        day, end = date.fromisoformat(f"{year}-{first}"), date.fromisoformat(f"{year}-{last or first}")
        while day <= end:
            expected[day] = False
            day += timedelta(days=1)

    assert {day: one.working for day, one in CN.years[year].days.items()} == expected


def test_our_tables_name_their_notice() -> None:
    assert all("国办发明电" in year.source for year in CN.years.values())


days = st.dates(date(2020, 3, 1), date(2026, 6, 30))


@given(days, st.integers(0, 60))
@settings(max_examples=100, deadline=None)
def test_counting_working_days_there_and_back_agrees(day: date, number: int) -> None:
    end = add_working_days(day, number, CN)

    assert working_days_between(day, end, CN) == number
    assert working_days_between(end, day, CN) == -number
    assert due(datetime.combine(day, datetime.min.time(), SHANGHAI), number, "WD", CN).last_day >= end


@given(days, st.integers(0, 120))
@settings(max_examples=100, deadline=None)
def test_a_month_later_is_never_in_the_month_after(day: date, months: int) -> None:
    later = add_months(day, months)

    assert (later.year * 12 + later.month) - (day.year * 12 + day.month) == months
    assert later.day <= day.day


def test_working_days_left_count_down_to_zero_and_below() -> None:
    end = due_after(at("2024-09-02 09:00"), "P5WD", CN).at  # Monday 9 September

    assert working_days_left(at("2024-09-03 09:00"), end, CN) == 4
    assert working_days_left(at("2024-09-09 17:00"), end, CN) == 0
    assert working_days_left(at("2024-09-10 08:00"), end, CN) == -1
    assert working_days_left(at("2024-09-12 08:00"), end, CN) == -3


def test_an_end_on_a_rest_day_is_late_at_once() -> None:
    end = due(at("2024-09-06 10:00"), 24, "H", CN).at  # Saturday, 10:00

    assert working_days_left(at("2024-09-07 11:00"), end, CN) == -1


def test_exceeded_is_true_from_the_day_after() -> None:
    assert more_than(date(2024, 1, 10), 3, "M") == date(2024, 4, 11)
    assert more_than(date(2024, 1, 31), 3, "M") == date(2024, 5, 1)
    assert calendars.at_least(date(2024, 1, 1), 6, "M") == date(2024, 7, 1)


def test_a_year_of_life_is_complete_on_the_birthday() -> None:
    assert age_on(date(2007, 3, 5), date(2025, 3, 4)) == 17
    assert age_on(date(2007, 3, 5), date(2025, 3, 5)) == 18
    assert age_on(date(2008, 2, 29), date(2026, 2, 28)) == 18


@pytest.mark.parametrize("text", ["P10WD", "P3M", "P1Y6M", "PT24H", "P1DT12H", "P2W", "PT30S"])
def test_a_length_of_time_is_written_as_it_was_read(text: str) -> None:
    assert str(calendars.parse_duration(text)) == text


@pytest.mark.parametrize("text", ["", "P", "PT", "P-1D", "P9999999Y", "10WD", "P1.5D", "P1D2M", "P10 WD"])
def test_what_is_no_length_of_time_is_refused(text: str) -> None:
    with pytest.raises(BadInput):
        calendars.parse_duration(text)


@pytest.mark.parametrize("text", ["R/PT0S", "R99999999999/PT1S", "R", "R/P", "P5D", "R/P0D"])
def test_a_repetition_without_end_of_time_is_refused(text: str) -> None:
    with pytest.raises(BadInput):
        calendars.parse_cycle(text)


def test_a_repetition_says_how_often_and_how_far_apart() -> None:
    assert calendars.parse_cycle("R3/P5WD") == calendars.Cycle(3, calendars.parse_duration("P5WD"))
    assert calendars.parse_cycle("R/P5D").times is None


@pytest.mark.parametrize("length", ["P9999Y", "P9999WD", "P9999M"])
def test_a_period_beyond_all_use_is_refused(length: str) -> None:
    with pytest.raises(BadInput):
        due_after(at("2199-09-02 09:00"), length, CN)


def test_a_table_with_mistakes_is_refused_with_all_of_them() -> None:
    source = """
year: 2030
days:
  - {date: 2030-01-01, kind: holiday, name: 元旦}
  - {date: 2030-01-01, kind: holiday, name: 元旦}
  - {date: 2031-01-02, kind: holiday, name: 元旦}
  - {date: 2030-01-02, kind: workday, name: 元旦}
  - {date: soon, kind: feast}
""".encode()

    with pytest.raises(ProfileError) as refused:
        calendars.read(source, name="CN-2030.yaml")

    lines = sorted({finding.line for finding in refused.value.findings if finding.line})
    assert lines == [2, 5, 6, 7, 8]
    assert all(finding.remedy for finding in refused.value.findings)


def test_a_calendar_has_a_version_that_changes_with_its_content() -> None:
    one = calendars.calendar("CN", [CN.years[2024]])

    assert one.version != CN.version
    assert one.version == calendars.calendar("CN", [CN.years[2024]]).version
    with pytest.raises(ProfileError):
        calendars.calendar("CN", [CN.years[2024], CN.years[2024]])
