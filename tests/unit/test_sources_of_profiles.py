"""What the profiles say of their sources: the place that a value names exists in the policy text, and says it."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from pathlib import Path

import pytest

from workflow_runtime import profiles
from workflow_runtime.profiles import Mark

POLICIES = Path(__file__).parents[3] / "shared" / "policies"
#: What the profiles call the texts, and the files they are in.
TEXTS = {
    "京民儿福发〔2022〕323号": "002_58119aacedd93e7a.txt",
    "湖北省16部门推进儿童福利机构优化提质和创新转型高质量发展的实施意见": "001_a4f2a4a04dc815f4.txt",
    "大连市人民政府关于加强困境儿童保障工作的实施意见": "003_4c2adb2ae2863987.txt",
    "广西壮族自治区15部门《关于进一步推进儿童福利机构优化提质和创新转型高质量发展实施方案》": (
        "004_16fc8c20d8565da3.txt"
    ),
}
#: Law of which only the content is known here, no numbers: what the article is about stands where its number would.
WITHOUT_ARTICLES = ("家庭寄养管理办法（民政部令第54号）", "民发〔2015〕158号", "民发〔2015〕159号")
#: What the section must say, for the values that the text sets itself.
SAYS = {
    ("GX", "P16", "programme_end"): ("一(二)", "到2025年底"),
    ("GX", "P16", "hukou_exception"): ("三(一)", "可以不遷移戶口"),
    ("GX", "P16", "plan_required"): ("四(三)", "科學制定移交方案"),
    ("GX", "P16", "counselling_required"): ("四(三)", "做好心理輔導和情感慰藉"),
    ("GX", "P17", "few_children_max"): ("二(八)", "30人以下"),
    ("GX", "P29", "waiting_days"): ("二(三)", "等待期"),
    ("HB", "P16", "programme_end"): ("2(1)1", "completed by the end of 2025"),
    ("HB", "P16", "hukou_exception"): ("2(1)1", "it may not be migrated"),
    ("HB", "P16", "plan_required"): ("3(3)", "one person, one case"),
    ("HB", "P16", "counselling_required"): ("3(3)", "psychological counseling"),
    ("HB", "P16", "non_migration_statement"): ("2(1)1", "cooperate with the issuance of the situation"),
    ("HB", "P22", "statement_by_departments"): ("2(1)1", "relevant departments should cooperate with the issuance"),
    ("BJ", "P18", "stay_limit"): ("二(三)", "滞留超过3个月"),
    ("DL", "P32", "age_max"): ("三(五)1", "0-16"),
}
_HAN = "一二三四五六七八九十"
_ROMAN = ("I", "II", "III", "IV", "V", "VI", "VII", "VIII")
_HEADS = (
    (0, re.compile(rf"(?m)^\s*([{_HAN}])、")),
    (0, re.compile(r"(?m)^\s*([IVX]+)\. ")),
    (1, re.compile(rf"(?m)^\s*\(([{_HAN}])\)")),
    (1, re.compile(r"(?m)(?:^\s*|(?<=\. ))\((\d)\) ")),
    (2, re.compile(r"(?m)^\s*(\d+)\. ")),
)
_PLACE = re.compile(rf"(\d+|[{_HAN}])(?:\((\d+|[{_HAN}])\))?(\d+)?(?:/(\d+))?")


@pytest.fixture
def policies() -> None:
    """The policy texts, where they lie beside the repository."""
    if not POLICIES.is_dir():
        pytest.skip("the policy texts are not beside the repository")


def _number(text: str) -> int:
    if text in _HAN:
        return _HAN.index(text) + 1
    return _ROMAN.index(text) + 1 if text in _ROMAN else int(text)


@cache
def _sections(name: str) -> dict[tuple[int, ...], str]:
    """The sections of a policy text by their numbers: chapter, part in brackets, item."""
    text = unicodedata.normalize("NFKC", (POLICIES / name).read_text(encoding="utf-8"))
    heads = sorted((found.start(), level, _number(found[1])) for level, head in _HEADS for found in head.finditer(text))
    plain = any(level == 0 for _at, level, _number_ in heads)
    place, found = [0, 0, 0], dict[tuple[int, ...], str]()
    for index, (at, level, number) in enumerate(heads):
        if level == 1 and not plain and number == 1:  # a text whose chapters have lost their own lines
            place[0] += 1
        place[level:] = [number, *[0] * (2 - level)]
        until = next((start for start, deep, _n in heads[index + 1 :] if deep <= level), len(text))
        found.setdefault(tuple(one for one in place if one), text[at:until])
    return found


def _places(section: str) -> list[tuple[int, ...]]:
    """The places that `三（一）、二（一）` names."""
    parts = unicodedata.normalize("NFKC", section).split("、")
    found = [_PLACE.fullmatch(part) for part in parts]
    assert all(found), f"{section} is no place in a policy text"
    return [tuple(_number(one) for one in match.groups() if one) for match in found if match]


def _sources() -> list[tuple[str, str, str, str]]:
    """Everything in the shipped profiles that names a policy text: what it is, of whom, the text, the places."""
    found = []
    for code, profile in profiles.shipped().items():
        for one in profile.parameters:
            if one.mark in (Mark.SOURCE, Mark.INFERRED):
                found.append((code, f"{one.procedure} {one.name}", one.source, one.section))
        for state in profile.procedures.values():
            if state.source:
                text, _blank, places = state.source.rpartition(" ")
                found.append((code, state.code, text, places))
    return found


@pytest.mark.usefixtures("policies")
@pytest.mark.parametrize(("code", "what", "text", "section"), _sources())
def test_a_source_is_one_of_the_policy_texts_and_its_section_is_there(
    code: str, what: str, text: str, section: str
) -> None:
    assert text in TEXTS, what
    sections = _sections(TEXTS[text])

    assert [place for place in _places(section) if place not in sections] == []


@pytest.mark.usefixtures("policies")
@pytest.mark.parametrize(("key", "says"), SAYS.items())
def test_the_section_says_what_the_profile_says_it_does(key: tuple[str, str, str], says: tuple[str, str]) -> None:
    code, procedure, name = key
    [one] = [one for one in profiles.shipped()[code].parameters if (one.procedure, one.name) == (procedure, name)]
    place, words = says

    assert one.mark is Mark.SOURCE
    assert place in unicodedata.normalize("NFKC", one.section)
    [numbers] = _places(place)
    assert words in _sections(TEXTS[one.source])[numbers]


def test_every_value_of_the_transfer_that_a_text_sets_is_quoted_above() -> None:
    ours = {"*", "P16", "P20", "P21", "P22", "P23", "P24"}
    said = {
        (code, one.procedure, one.name)
        for code, profile in profiles.shipped().items()
        for one in profile.parameters
        if one.mark is Mark.SOURCE and one.procedure in ours
    }

    assert said - set(SAYS) == set()


@pytest.mark.parametrize("code", profiles.shipped())
def test_law_outside_the_policy_texts_is_named_with_its_article(code: str) -> None:
    law = [one for one in profiles.shipped()[code].parameters if one.mark is Mark.OUTSIDE]

    assert [one.name for one in law if not one.source or one.source in TEXTS] == []
    assert [one.name for one in law if not one.section] == []
    article = re.compile(rf"第([{_HAN}百千零]+|\d+)条")
    assert [one.name for one in law if not article.search(one.section) and one.source not in WITHOUT_ARTICLES] == []


@pytest.mark.parametrize("code", profiles.shipped())
def test_a_proposal_names_no_text_that_it_could_be_taken_for(code: str) -> None:
    proposed = [one for one in profiles.shipped()[code].parameters if one.mark is Mark.PROPOSED]

    assert [one.name for one in proposed if one.source or one.section] == []
