"""The book of a procedure holds what a new clerk needs, and nothing that acts."""

from __future__ import annotations

import re
from datetime import date

import pytest

from workflow_runtime import procedures, profiles
from workflow_runtime.handbook import Handbook, _sheets, as_html, as_pdf, handbook
from workflow_runtime.procedures import Procedure


@pytest.fixture(scope="module")
def book() -> Handbook:
    procedure = Procedure.parse(procedures.gather(procedures.find_folder("county-city-transfer")))
    return handbook(procedure, profile=profiles.shipped()["GX"], on=date(2024, 6, 1))


def test_has_purpose_picture_deadlines_steps_forms_tables_documents_and_clauses(book: Handbook) -> None:
    chapters = [section.title for section in book.sections if section.level == 1]

    assert len(chapters) == 9
    assert any(section.picture.startswith("<svg") for section in book.sections)
    assert sum(section.table is not None for section in book.sections) > 20


def test_every_deadline_says_how_long_and_where_from(book: Handbook) -> None:
    deadlines = next(section.table for section in book.sections if section.table and len(section.table.heads) == 4)

    assert deadlines is not None
    assert all(length and source and steps for _name, length, source, steps in deadlines.rows)


def test_every_department_reads_its_own_steps(book: Handbook) -> None:
    departments = [section for section in book.sections if section.level == 2 and section.lines]

    assert len(departments) >= 10
    assert all(any(line.number for line in section.lines) for section in departments[:2])


def test_shows_every_document_with_invented_particulars(book: Handbook) -> None:
    samples = {section.title.split()[0]: section.pages for section in book.sections if section.pages is not None}

    procedure = Procedure.parse(procedures.gather(procedures.find_folder("county-city-transfer")))
    assert set(samples) == set(procedure.templates) > {"D14", "D15", "D16", "D77"}
    assert all(picture[:8] == b"\x89PNG\r\n\x1a\n" for pages in samples.values() for picture in pages.pictures)
    assert as_html(book).count('<img class="sheet"') == sum(len(pages.pictures) for pages in samples.values())


def test_a_picture_too_large_for_a_sheet_is_printed_whole_and_in_parts_that_cover_it() -> None:
    small = list(_sheets("p.svg", "流程图", "", 900, 500))
    large = list(_sheets("p.svg", "流程图", "", 6400, 3200))

    assert len(small) == 1
    scale = float(re.findall(r"width: ([\d.]+)pt, height", large[-1])[-1]) / 6400
    assert 0.5 <= scale <= 0.7
    # each part shows the lanes' titles and a piece; together the pieces cover the picture
    pieces = [re.findall(r"box\(width: ([\d.]+)pt, height: ([\d.]+)pt, clip", part)[1] for part in large[1:]]
    assert sum(float(w) * float(h) for w, h in pieces) > (6400 - 112) * 3200 * scale**2


def test_the_page_is_one_file_without_script(book: Handbook) -> None:
    page = as_html(book)

    assert page.startswith("<!DOCTYPE html>")
    assert "<script" not in page and "http://" not in page.replace("http://www.w3.org/2000/svg", "")


def test_the_pdf_is_the_same_every_time(book: Handbook) -> None:
    first = as_pdf(book)

    assert first[:5] == b"%PDF-" and as_pdf(book) == first
