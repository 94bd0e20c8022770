"""Forms: a schema becomes questions; answers become typed values, or everything wrong with them is said."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workflow_runtime import casefile, feel, forms, i18n
from workflow_runtime.errors import FormError
from workflow_runtime.forms import FieldType, FileRef, Form, prompts, sniff

TODAY = date(2024, 9, 2)
SHANGHAI = ZoneInfo("Asia/Shanghai")
SCAN = FileRef("../扫描件.pdf", "a" * 64, 1000, "application/pdf")
ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    i18n.use_language("en")
    yield
    i18n.use_language("zh")


def evaluate(text: str, context: Mapping[str, Any]) -> Any:
    return feel.evaluate(text, context)


def schema(*components: dict[str, Any], **more: Any) -> bytes:
    return json.dumps({"type": "default", "id": "f", "components": list(components), **more}, indent=1).encode()


def form(*components: dict[str, Any]) -> Form:
    return forms.read(schema(*components), name="f.form")


def one(kind: str, key: str = "x", **more: Any) -> dict[str, Any]:
    label = {"dateLabel": "X"} if kind == "datetime" else {"label": "X"}
    return {"type": kind, "path" if kind == "dynamiclist" else "key": key, "id": f"Field_{key}", **label, **more}


def check(made: Form, data: Any, **more: Any) -> tuple[dict[str, Any], list[str]]:
    files = {"scan.pdf": SCAN, **more.pop("files", {})}
    patch, findings = made.validate(data, evaluate=evaluate, today=TODAY, files=files, **more)
    assert all(finding.message and finding.remedy for finding in findings)
    return patch, [finding.rule for finding in findings]


def value(component: dict[str, Any], answer: Any, **more: Any) -> Any:
    patch, rules = check(form(component), {"x": answer}, **more)
    return rules[0] if rules else patch["x"]


# --- answers -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "stored"),
    [
        ("1203.5", Decimal("1203.50")),
        ("１，２０３．５０元", Decimal("1203.50")),
        ("¥ 12", Decimal("12.00")),
        (12, Decimal("12.00")),
        ("12.345", "form.decimals"),
        ("-5", "form.min"),
        ("twelve", "form.type"),
        (True, "form.type"),
        ("9" * 20, "form.max"),
    ],
)
def test_money_is_exact_to_the_cent(answer: Any, stored: Any) -> None:
    money = one("number", properties={"format": "money"}, validate={"min": 0})

    assert value(money, answer) == stored


@pytest.mark.parametrize(
    "answer", ["2024-9-1", "2024/09/01", "2024年9月1日", "20240901", date(2024, 9, 1), "２０２４－０９－０１"]
)
def test_a_date_is_written_in_the_ways_people_write_it(answer: Any) -> None:
    assert value(one("datetime", subtype="date"), answer) == date(2024, 9, 1)


@pytest.mark.parametrize("answer", ["2024-02-30", "yesterday", "0000-01-01", 5, "1024-01-01"])
def test_what_is_no_date_is_refused(answer: Any) -> None:
    assert value(one("datetime", subtype="date"), answer) in ("form.type", "form.date")


@pytest.mark.parametrize(
    ("answer", "moment"),
    [
        ("2024-09-01 10:30", datetime(2024, 9, 1, 10, 30, tzinfo=SHANGHAI)),
        ("2024年9月1日10时30分", datetime(2024, 9, 1, 10, 30, tzinfo=SHANGHAI)),
        ("2024-09-01T02:30:00+00:00", datetime(2024, 9, 1, 10, 30, tzinfo=SHANGHAI)),
    ],
)
def test_a_moment_without_zone_is_the_office_s(answer: str, moment: datetime) -> None:
    stored = value(one("datetime", subtype="datetime"), answer)

    assert stored == moment
    assert stored.tzinfo is not None


def test_a_time_of_day() -> None:
    assert value(one("datetime", subtype="time"), "9:05") == time(9, 5)
    assert value(one("datetime", subtype="time"), "25:00") == "form.type"


@pytest.mark.parametrize(("answer", "stored"), [("是", True), ("no", False), (True, True), ("maybe", "form.type")])
def test_yes_and_no(answer: Any, stored: Any) -> None:
    assert value(one("checkbox"), answer) == stored


def test_a_box_that_must_be_ticked_is_not_satisfied_by_no() -> None:
    assert value(one("checkbox", validate={"required": True}), False) == "form.confirm"


CAR = [{"label": "汽车", "value": "car"}, {"label": "火车", "value": "train"}]


def test_a_choice_is_one_of_the_options() -> None:
    assert value(one("radio", values=CAR), "car") == "car"
    assert value(one("select", values=CAR), "plane") == "form.option"
    assert value(one("checklist", values=CAR), ["car", "train", "car"]) == ["car", "train"]
    assert value(one("checklist", values=CAR), ["car", "plane"]) == "form.option"


def test_options_may_come_from_the_case() -> None:
    bed = one("select", valuesKey="beds")

    assert value(bed, "b2", options={"beds": [("b1", "一号"), ("b2", "二号")]}) == "b2"
    assert value(bed, "b3", options={"beds": [("b1", "一号")]}) == "form.option"


@pytest.mark.parametrize(
    ("validate", "answer", "stored"),
    [
        ({"maxLength": 3}, "四个汉字", "form.max-length"),
        ({"minLength": 3}, "两字", "form.min-length"),
        ({"pattern": "^[A-Z]{2}$"}, "AB", "AB"),
        ({"pattern": "^[A-Z]{2}$"}, "ab", "form.pattern"),
        ({"validationType": "email"}, "a@b.cn", "a@b.cn"),
        ({"validationType": "phone"}, "123", "form.phone"),
        ({}, "two\nlines", "form.text"),
        ({}, "esc\x1b[2J", "form.text"),
        ({}, "nul\0", "form.text"),
        ({}, 5, "form.type"),
        ({}, "e\u0301", "\u00e9"),
    ],
)
def test_a_line_of_text_keeps_its_rules(validate: dict[str, Any], answer: Any, stored: Any) -> None:
    assert value(one("textfield", validate=validate), answer) == stored


def test_a_text_may_have_lines() -> None:
    assert value(one("textarea"), "one\r\ntwo\n") == "one\ntwo"


def test_a_hostile_pattern_takes_no_time() -> None:
    assert value(one("textfield", validate={"pattern": "^(a+)+$"}), "a" * 900 + "!") == "form.pattern"


def test_an_identity_number_agrees_with_its_siblings() -> None:
    made = form(
        one("textfield", properties={"format": "resident_id", "birthDateField": "born", "sexField": "sex"}),
        one("datetime", "born", subtype="date"),
        one("radio", "sex", values=[{"label": "男", "value": "male"}, {"label": "女", "value": "female"}]),
    )
    girl = {"x": "99010120170412002x", "born": "2017-04-12", "sex": "female"}

    assert check(made, girl, regions=["9901"]) == (
        {"x": "99010120170412002X", "born": date(2017, 4, 12), "sex": "female"},
        [],
    )
    assert check(made, {**girl, "sex": "male"}, regions=["9901"])[1] == ["form.resident-id.sex"]
    assert check(made, {**girl, "born": "2017-04-13"}, regions=["9901"])[1] == ["form.resident-id.birth-date"]
    assert check(made, girl)[1] == ["form.resident-id.region"]


@pytest.mark.parametrize(
    ("name", "answer", "stored"),
    [
        ("uscc", "12990100mb0000001p", "12990100MB0000001P"),
        ("uscc", "1", "form.uscc"),
        ("region", "990101", "990101"),
        ("region", "880101", "form.region.unknown"),
        ("account", "4111 1111 1111 1111", "4111111111111111"),
        ("account", "4111111111111112", "form.account.check-digit"),
        ("party", "CWI.CNTY/social_work@sending_county", "CWI.CNTY/social_work@sending_county"),
        ("party", "somebody", "form.party"),
        ("phone", "138 0013 8000", "13800138000"),
    ],
)
def test_formats_check_and_normalise(name: str, answer: str, stored: str) -> None:
    assert value(one("textfield", properties={"format": name}), answer, regions=["9901"]) == stored


def test_a_day_may_not_lie_before_what_it_follows() -> None:
    begun = {"case": {"started_on": date(2024, 8, 20)}}
    handover = one("datetime", subtype="date", properties={"notBefore": "=case.started_on"})

    assert value(handover, "2024-08-20", context=begun) == date(2024, 8, 20)
    assert value(handover, "2024-08-19", context=begun) == "form.not-before"


def test_an_answer_meets_the_condition_that_is_written_on_its_field() -> None:
    known = {"profile": {"tracks": ["P37"]}}
    track = one("textfield", properties={"valid": "=list contains(profile.tracks, x)", "rule": "本地办理的去向"})

    assert value(track, "P37", context=known) == "P37"
    assert value(track, "P99", context=known) == "form.valid"


@pytest.mark.parametrize(
    ("properties", "answer", "stored"),
    [
        ({"format": "past-date"}, "2024-09-02", date(2024, 9, 2)),
        ({"format": "past-date"}, "2024-09-03", "form.past-date"),
        ({"format": "future-date"}, "2024-09-02", date(2024, 9, 2)),
        ({"format": "future_date"}, "2024-09-01", "form.future-date"),
        ({"minAge": "18"}, "2006-09-02", date(2006, 9, 2)),
        ({"minAge": "18"}, "2006-09-03", "form.min-age"),
        ({"maxAge": "17"}, "2006-09-02", "form.max-age"),
    ],
)
def test_days_before_and_after_today_and_ages(properties: dict[str, str], answer: str, stored: Any) -> None:
    assert value(one("datetime", subtype="date", properties=properties), answer) == stored


@pytest.mark.parametrize(
    ("file", "stored"),
    [
        (FileRef("a.pdf", "b" * 64, 10, "application/pdf"), None),
        (FileRef("a.pdf", "b" * 64, 10, "text/html"), "form.file-type"),
        (FileRef("a.pdf", "b" * 64, 3_000_000, "application/pdf"), "form.file-size"),
        (FileRef("a.pdf", "b" * 64, 0, "application/pdf"), "form.file-size"),
    ],
)
def test_a_file_is_taken_by_its_content_and_size(file: FileRef, stored: str | None) -> None:
    scan = one("filepicker", accept=".pdf", properties={"maxSize": "2 MB"})

    assert value(scan, "@given.pdf", files={"given.pdf": file}) == (stored or file.value())


def test_a_file_stands_in_the_case_as_plain_values() -> None:
    stored = value(one("filepicker"), "@scan.pdf")

    assert stored == {"name": "扫描件.pdf", "sha256": "a" * 64, "size": 1000, "media_type": "application/pdf"}
    assert FileRef.of(stored).value() == stored
    assert casefile.loads(casefile.dumps(stored)) == stored


def test_a_file_nobody_handed_in_is_refused_even_with_a_hash() -> None:
    assert value(one("filepicker"), "@other.pdf") == "form.file"
    assert (
        value(one("filepicker"), {"name": "x", "sha256": "f" * 64, "size": 1, "media_type": "image/png"}) == "form.file"
    )
    assert value(one("filepicker"), {"sha256": "a" * 64})["name"] == "扫描件.pdf"


def test_several_files_where_several_are_wanted() -> None:
    assert len(value(one("filepicker", multiple=True), ["@scan.pdf", "@scan.pdf"])) == 2


# --- a form as a whole -------------------------------------------------------------------------------------------

PLAN = form(
    one(
        "radio",
        "risk",
        values=[{"label": "一般", "value": "ordinary"}, {"label": "重病", "value": "ill"}],
        validate={"required": True},
    ),
    one("textarea", "measures", conditional={"hide": '=risk != "ill"'}, validate={"required": True}),
    one("textfield", "doctor", conditional={"hide": "=measures = null"}),
    one("textfield", "reason", validate={"required": '=risk = "ill"'}),
    one("number", "days", validate={"min": 1, "max": "=limit"}, decimalDigits=0),
)


def test_everything_missing_extra_and_wrong_is_said_at_once() -> None:
    _patch, findings = PLAN.validate({"days": "x", "foo": 1}, evaluate=evaluate, today=TODAY, context={"limit": 30})

    assert [(one.rule, one.element) for one in findings] == [
        ("form.extra", "foo"),
        ("form.missing", "risk"),
        ("form.type", "days"),
    ]
    assert findings[0].path == ("form", "f", "foo")
    assert all("X (" in one.message for one in findings[1:])


def test_hidden_fields_are_dropped_and_with_them_what_hangs_on_them() -> None:
    answers = {"risk": "ordinary", "measures": "x", "doctor": "Li"}

    assert check(PLAN, answers) == ({"risk": "ordinary"}, [])
    assert check(PLAN, {**answers, "risk": "ill", "reason": "y"})[0].keys() == {"risk", "measures", "doctor", "reason"}


def test_a_field_is_required_when_its_condition_holds() -> None:
    assert check(PLAN, {"risk": "ill"})[1] == ["form.missing", "form.missing"]
    assert check(PLAN, {"risk": "ordinary"})[1] == []


def test_a_step_done_again_can_empty_what_it_said_before() -> None:
    before = {"risk": "ordinary", "doctor": "Li", "reason": "x"}

    assert check(PLAN, {"risk": "ordinary", "reason": None}, context=before)[0] == {"risk": "ordinary", "reason": None}
    assert check(PLAN, {"risk": "ordinary"}, context=before)[0] == {"risk": "ordinary", "reason": None}


def test_what_a_row_leaves_out_empties_nothing_outside_it() -> None:
    rows = one("dynamiclist", "rows", components=[one("textfield", "reason"), one("textfield", "name")])

    assert check(form(rows), {"rows": [{"name": "Li"}]}, context={"reason": "x"})[0] == {"rows": [{"name": "Li"}]}


def test_a_limit_may_be_computed_from_the_case() -> None:
    assert check(PLAN, {"risk": "ordinary", "days": 31}, context={"limit": Decimal(30)})[1] == ["form.max"]
    assert check(PLAN, {"risk": "ordinary", "days": "30"}, context={"limit": Decimal(30)})[0]["days"] == 30


def test_an_expression_that_cannot_be_computed_names_the_owner_s_mistake() -> None:
    broken = form(one("textfield", validate={"required": "=no such function(1)"}))

    assert check(broken, {})[1] == ["form.expression"]


def test_a_field_that_is_only_shown_may_not_be_changed() -> None:
    shown = form(one("number", readonly=True))

    assert check(shown, {"x": 5}, context={"x": Decimal(5)}) == ({}, [])
    assert check(shown, {"x": 6}, context={"x": 5})[1] == ["form.readonly"]
    assert check(shown, {})[1] == []


def test_rows_are_checked_one_by_one_and_named_by_their_number() -> None:
    items = form(
        one(
            "dynamiclist", "items", isRepeating=True, properties={"minItems": "1"},
            components=[
                one("textfield", "kind", validate={"required": True}),
                one("number", "amount", properties={"format": "money"}, conditional={"hide": '=kind = "toy"'}),
            ],
        )
    )  # fmt: skip

    patch, findings = items.validate(
        {"items": [{"kind": "cash", "amount": "1"}, {"amount": "x"}, {"kind": "toy", "amount": "7"}]},
        evaluate=evaluate,
        today=TODAY,
    )

    assert [one.path[-2:] for one in findings] == [("#2", "kind"), ("#2", "amount")]
    assert "#2" in findings[0].message
    assert check(items, {"items": [{"kind": "toy", "amount": "7"}]})[0] == {"items": [{"kind": "toy"}]}
    assert check(items, {})[1] == ["form.missing"]
    assert check(items, {"items": ["cash"]})[1] == ["form.object"]
    assert patch == {}


def test_what_stands_once_in_a_list_is_refused_at_the_row_that_repeats_it() -> None:
    rows = form(one("dynamiclist", "rows", components=[one("textfield", "number", properties={"once": "true"})]))

    _patch, findings = rows.validate(
        {"rows": [{"number": "a"}, {}, {"number": "b"}, {"number": "a"}]}, evaluate=evaluate, today=TODAY
    )

    assert [(one.rule, one.path[-2:]) for one in findings] == [("form.once", ("#4", "number"))]
    assert "#1" in findings[0].message


def test_answers_that_are_no_object_are_refused() -> None:
    assert check(PLAN, ["risk"])[1] == ["form.object"]


@given(
    st.dictionaries(
        st.sampled_from([*PLAN.keys, "other"]),
        st.one_of(
            st.none(),
            st.booleans(),
            st.integers(),
            st.text(),
            st.lists(st.text(), max_size=2),
            st.dictionaries(st.text(), st.text(), max_size=2),
        ),
        max_size=5,
    )
)
@settings(max_examples=150, deadline=None)
def test_no_answer_breaks_the_check_and_what_passes_can_be_stored(data: dict[str, Any]) -> None:
    patch, findings = PLAN.validate(data, evaluate=evaluate, today=TODAY, context={"limit": 3})

    casefile.dumps(patch)
    assert all(finding.remedy for finding in findings)


# --- the schema --------------------------------------------------------------------------------------------------


def test_a_form_says_what_each_key_holds() -> None:
    made = form(
        {"type": "text", "id": "t", "text": "# 移交方案\n请与对方核对。"},
        {
            "type": "group",
            "id": "g",
            "label": "行程",
            "conditional": {"hide": "=a"},
            "components": [one("textfield", "place")],
        },
        one("number", "count", decimalDigits=0),
        one("number", "sum", properties={"format": "money", "class": "property"}),
        one("filepicker", "d17_scan"),
    )

    assert made.title == "移交方案"
    assert dict(made.types) == {
        "place": FieldType.TEXT,
        "count": FieldType.INTEGER,
        "sum": FieldType.MONEY,
        "d17_scan": FieldType.FILE,
    }
    assert made.field("place").hide == ("=a",)
    assert (made.field("place").section, made.field("place").intro) == ("行程", "请与对方核对。")
    assert made.field("sum").field_class == "property"
    assert made.expressions == (("place", "hide", "=a"),)


@pytest.mark.parametrize(
    ("component", "said"),
    [
        ({"type": "image", "id": "i", "source": "x"}, "type 'image' is not accepted"),
        ({"type": "html", "id": "h", "content": "<b>"}, "type 'html'"),
        (one("textfield", "2x"), "cannot stand in a case file"),
        (one("textfield", "a.b"), "cannot stand in a case file"),
        (one("textfield", validate={"requird": True}), "validate has no requird"),
        (one("textfield", validate={"required": "yes"}), "required must be true, false or FEEL"),
        (one("textfield", validate={"pattern": "(a"}), "pattern cannot be used"),
        (one("textfield", validate={"pattern": "(?=a)b"}), "pattern cannot be used"),
        (one("textfield", validate={"maxLength": -1}), "maxLength must be a whole number"),
        (one("textfield", conditional={"hide": "a"}), "must be FEEL"),
        (one("textfield", properties={"class": "secret"}), "class cannot be 'secret'"),
        (one("textfield", properties={"format": "money"}), "does not go with a textfield"),
        (one("textfield", properties={"colour": "red"}), "properties has no colour"),
        (one("textfield", properties={"format": "resident-id", "sexField": "sex"}), "no field sex"),
        (one("number", validate={"min": "few"}), "min must be a number"),
        (one("radio", values=[]), "nothing to choose from"),
        (one("radio", values=[*CAR, CAR[0]]), "stands there twice"),
        (one("radio", valuesExpression="=x"), "valuesExpression is not accepted"),
        (one("datetime", subtype="week"), "no subtype 'week'"),
        (one("filepicker", accept=".exe"), "cannot be told by their content"),
        (one("filepicker", properties={"maxSize": "huge"}), "is no size"),
        (one("dynamiclist", components=[]), "has no fields"),
        ({"type": "textfield", "id": "n", "key": "n"}, "has no label"),
        ({"type": "group", "id": "g", "path": "inner", "components": []}, "a case file is flat"),
        ("textfield", "type None"),
    ],
)
def test_what_a_case_file_cannot_hold_is_refused_by_name(component: Any, said: str) -> None:
    with pytest.raises(FormError, match=said.replace("(", "\\(")) as refused:
        forms.read(schema(component), name="f.form")

    assert all(finding.message.startswith("f.form") and finding.remedy for finding in refused.value.findings)


def test_all_mistakes_of_a_form_are_named_with_their_lines() -> None:
    with pytest.raises(FormError) as refused:
        forms.read(schema(one("textfield", "a"), one("textfield", "a"), one("radio", "b")), name="f.form")

    assert len(refused.value.findings) == 2
    assert all(finding.line for finding in refused.value.findings)


@pytest.mark.parametrize(
    "source", [b"", b"[]", b"{}", b'{"components": 5}', b"\xff", b'{"type":"x","components":[]}', b"[" * 10**5]
)
def test_what_is_no_form_is_refused(source: bytes) -> None:
    with pytest.raises(FormError):
        forms.read(source)


@given(
    st.recursive(
        st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=5)),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    "type key path id label validate properties conditional values components subtype".split()
                ),
                inner
                | st.sampled_from(["textfield", "number", "radio", "datetime", "dynamiclist", "group", "filepicker"]),
                max_size=6,
            )
        ),
        max_leaves=20,
    )
)
@settings(max_examples=200, deadline=None)
def test_no_schema_breaks_the_reader(component: Any) -> None:
    try:
        made = forms.read(schema(component), name="f.form")
    except FormError as refused:
        assert refused.findings
    else:
        made.validate({}, evaluate=evaluate, today=TODAY)


@pytest.mark.parametrize("path", sorted((ROOT / "bpmn").rglob("*.form")), ids=lambda path: path.name)
def test_every_shipped_form_can_be_read_and_its_expressions_parse(path: Path) -> None:
    made = forms.read(path.read_bytes(), name=path.name)

    assert made.keys
    for _key, _what, text in made.expressions:
        feel.compile(text)


# --- questions ---------------------------------------------------------------------------------------------------


def test_a_terminal_asks_in_order_with_label_hint_and_rule() -> None:
    made = form(
        one(
            "datetime",
            "on",
            subtype="date",
            description="双方商定",
            properties={"format": "future-date", "rule": "须在工作日"},
        ),
        one("radio", "by", values=CAR),
        one("filepicker", "d17_scan", accept=".pdf"),
        one("number", "shown", readonly=True),
    )

    asked = prompts(made, known={"by": "train"})

    assert [one.key for one in asked] == ["on", "by", "d17_scan"]
    assert asked[0].hint == "双方商定"
    assert asked[0].rule == "须在工作日; write a date as 2024-09-01; not before today"
    assert asked[1].field.default == "train"
    assert asked[2].rule == "PDF, up to 20 MB"


def test_an_answer_is_read_by_number_value_or_label() -> None:
    by, some, on = prompts(
        form(
            one("radio", "by", values=CAR), one("checklist", "some", values=CAR), one("datetime", "on", subtype="date")
        )
    )

    assert [by.parse(text) for text in ("2", "train", "火车", "２")] == ["train"] * 4
    assert some.parse("1，2") == ["car", "train"]
    assert on.parse("2024年9月1日") == date(2024, 9, 1)
    assert on.parse("  ") is None
    with pytest.raises(FormError, match="not one of the answers") as refused:
        by.parse("3")
    assert "1 Car, 2 Train" in refused.value.findings[0].remedy


def test_a_question_is_asked_only_when_its_condition_lets_it() -> None:
    _risk, measures, _doctor, reason, _days = prompts(PLAN)

    assert not measures.visible(evaluate, {"risk": "ordinary"})
    assert measures.visible(evaluate, {"risk": "ill"})
    assert reason.needed(evaluate, {"risk": "ill"})
    assert not reason.needed(evaluate, {"risk": "ordinary"})


# --- files -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (b"%PDF-1.7\n", "application/pdf"),
        (b"\x89PNG\r\n\x1a\n....", "image/png"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"PK\x03\x04....word/document.xml", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        (b"PK\x03\x04....word/document.xml word/vbaProject.bin", "application/vnd.ms-office.macro"),
        (b"PK\x03\x04....", "application/zip"),
        (b"MZ\x90", "application/x-msdownload"),
        (b"<svg onload=alert(1)>", "text/html"),
        ("收据".encode(), "text/plain"),
        (("字" * 30000).encode(), "text/plain"),
        (b"\x00\x01\x02", "application/octet-stream"),
        (b"", "application/octet-stream"),
    ],
)
def test_a_file_is_what_its_content_says(content: bytes, media_type: str) -> None:
    assert sniff(content) == media_type
