"""Clauses: what is named in one way can be written in many, and what is no clause is said to be none."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from workflow_runtime import basis, clauses, profiles
from workflow_runtime.errors import NotFound, ProfileError
from workflow_runtime.procedures import Procedure, find_folder, gather

ROOT = Path(__file__).parents[2]
BOOK = clauses.shipped()


@pytest.mark.parametrize(
    ("written", "named"),
    [
        ("S004 三(一);S001 2(1)1", "S004 三(一), S001 2(1)1"),
        ("S000 II(1)", "S002 二(一)"),
        ("京民儿福发〔2022〕323号 二（一）、六（二）", "S002 二(一), S002 六(二)"),
        ("民法典35; 未成年人保护法 第四条", "民法典 35, 未成年人保护法 4"),
        ("民法典 第十九条、第一千一百零四条", "民法典 19, 民法典 1104"),
        ("法发〔2014〕24号 第35条第（三）项", "法发〔2014〕24号 35"),
        ("大连市人民政府关于加强困境儿童保障工作的实施意见 三（四）3", "S003 III(4)3"),
        ("民发〔2021〕44号", "民发〔2021〕44号 全文"),
        ("R-11；S004 三(一)", "S004 三(一)"),
        ("S004 三", ""),
        ("S004 二(十)", ""),
    ],
)
def test_a_clause_is_found_however_it_is_written(written: str, named: str) -> None:
    assert ", ".join(one.ref for one in BOOK.named(written)) == named


def test_what_is_no_clause_is_told_with_the_nearest() -> None:
    assert BOOK.unknown("S004 三(一)") == ()
    assert [one.startswith("S004 三(九) (") for one in BOOK.unknown("S004 三(一); S004 三(九)")] == [True]
    with pytest.raises(NotFound, match=re.escape("S004 三(三)")):
        BOOK.clause("S004 三(九)")


def test_a_clause_is_said_in_english() -> None:
    assert BOOK.english("S004 三(一);民法典 35") == "S004 III(1); Civil Code 35"
    assert BOOK.english("S004 三(一);R-11") is None


def test_a_file_of_clauses_is_refused_with_all_its_mistakes() -> None:
    source = """
document: X
title: 某办法
title_en: Some measures
kind: poem
valid_from: 2024-01-01
valid_to: 2023-01-01
clauses:
  - {id: 三(一), title: 甲, title_en: A, gist: 甲。, gist_en: A.}
  - {id: "3.1", title: 乙, title_en: B, gist: 乙。}
"""
    with pytest.raises(ProfileError) as refused:
        clauses.read(source.encode(), name="x.yaml")

    assert len(refused.value.findings) == 4


def test_what_is_shipped_rests_on_clauses_that_there_are() -> None:
    for path in sorted((ROOT / "bpmn").rglob("*.bpmn")):
        for text in re.findall(r'name="xb:clause" value="([^"]*)"', path.read_text(encoding="utf-8")):
            assert BOOK.unknown(text) == (), f"{path.name}: {text}"


def test_everything_that_rests_on_a_clause_is_found() -> None:
    survey = Procedure.parse(gather(find_folder("transfer-base-survey")))
    found = basis.resting(BOOK, [survey], [profiles.shipped()["GX"]])
    here = {(one.kind, one.place, one.id) for one in found["S004 三(一)"]}

    assert {
        ("step", "transfer-base-survey", "order_transfers"),
        ("gateway", "transfer-base-survey", "any_urgent"),
        ("deadline", "GX", "P15 programme_end"),
        ("parameter", "GX", "P15 local_adoption"),
        ("document", "D22", "D22"),
        ("decision rule", "transfer_mode", "5"),
        ("field", "reception-plan", "transfer_date"),
        ("procedure", "GX", "P16"),
    } <= here
    assert ("deadline", "county-base-survey", "survey_rows") in {(r.kind, r.place, r.id) for r in found["S004 二(一)"]}
    assert ("list", "S-02", "S-02") in {(r.kind, r.place, r.id) for r in found["S004 四(三)"]}
    assert "S004 二(七)" not in found
    assert basis.rests_on(survey, BOOK.clause("S004 三(一)"), BOOK)
    assert not basis.rests_on(survey, BOOK.clause("S002 二(一)"), BOOK)


def test_every_document_of_the_register_names_a_clause_that_there_is() -> None:
    for line in (ROOT / "bpmn" / "documents.yaml").read_text(encoding="utf-8").splitlines():
        found = re.search(r'clause: "([^"]+)"', line)
        if code := re.match(r"  D(\d+):", line):
            assert found is not None or int(code[1]) > 113, line
            assert found is None or BOOK.unknown(found[1]) == (), line
