"""Documents: what is printed, what is refused, and that the same row always gives the same bytes."""

from __future__ import annotations

import copy
import hashlib
import io
import json
import os
import re
import shutil
import signal
import tempfile
import threading
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import pypdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workflow_runtime import documents
from workflow_runtime.documents import Limits, Renderer, Template, wording
from workflow_runtime.errors import BadInput, TemplateError
from workflow_runtime.i18n import use_language

CODES = tuple(sorted(documents.codes()))
NUMBER = "990101-D77-2024-7"
CODE = documents.verification_code(bytes(range(8)))
ISSUED = datetime(2024, 8, 20, 9, 30, tzinfo=timezone(timedelta(hours=8)))


@pytest.fixture(scope="module")
def press() -> Iterator[Renderer]:
    with Renderer() as renderer:
        yield renderer


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    use_language("en")
    yield
    use_language("zh")


def template(code: str, **changed: str) -> Template:
    files = documents.folder(code)
    return documents.load({**files, **{name.replace("_", "."): text.encode() for name, text in changed.items()}})


@cache
def text_of(pdf: bytes) -> str:
    """The printed words: no spaces and line ends that come from setting them, no head and foot of later pages."""
    reader = pypdf.PdfReader(io.BytesIO(pdf))
    title = reader.metadata.title if reader.metadata else ""
    head = re.compile(f"^(草稿无编号，不得签章使用|编号：{NUMBER}校验码：{re.escape(CODE)})({title})?")
    foot = re.compile(r"(每页签名：移交人接收人)?—\d+—$")
    pages = [re.sub(r"\s", "", page.extract_text()) for page in reader.pages]
    pages = [foot.sub("", page) for page in pages]
    return pages[0] + "".join(head.sub("", page) for page in pages[1:])


def issued(press: Renderer, template: Template, context: Mapping[str, Any]) -> str:
    return text_of(press.render(template, context, number=NUMBER, issued_at=ISSUED, verification=CODE, draft=False).pdf)


def changed(sample: Mapping[str, Any], **fields: Any) -> dict[str, Any]:
    context = copy.deepcopy(dict(sample))
    for key, value in fields.items():
        if value is None:
            context["fields"].pop(key, None)
        else:
            context["fields"][key] = value
    return context


def texts_in(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for one in value.values():
            yield from texts_in(one)
    elif isinstance(value, list):
        for one in value:
            yield from texts_in(one)
    elif isinstance(value, str):
        yield value


def test_a_list_of_choices_takes_no_other_word() -> None:
    sample = changed(template("D74").sample(), risk_types=["living_alone", "bored"])

    (finding,) = documents.check_context(template("D74"), sample)

    assert "risk_types" in str(finding)


class TestTheShippedDocuments:
    def test_are_the_four_of_the_transfer(self) -> None:
        assert set(CODES) <= set(documents.codes())

    @pytest.mark.parametrize("code", CODES)
    def test_are_without_a_finding(self, code: str) -> None:
        assert documents.inspect(documents.folder(code))[1] == []

    def test_print_in_every_language_full_and_sparse_and_as_drafts(self, press: Renderer) -> None:
        assert [finding for code in CODES for finding in documents.proofread(template(code), renderer=press)] == []

    @pytest.mark.parametrize("code", CODES)
    def test_print_every_value_that_was_entered(self, press: Renderer, code: str) -> None:
        of = template(code)
        sample = of.sample()

        printed = issued(press, of, sample)

        labels = of.labels("zh")
        in_rows = {code_: said[0] for one in of.fields for part in one.columns for code_, said in part.values.items()}
        for field in of.fields:
            value = sample["fields"].get(field.key)
            if field.key in labels and value is not None:
                # Where all choices are printed the tick says which; where they are not, the word does.
                chosen = value if isinstance(value, list) else [value]
                said = [labels[field.key][one] in printed for one in chosen]
                assert all(said) or field.key == "hukou_decision", field.key
            for words in texts_in(value):
                if re.fullmatch(r"\d+\.\d\d", words) and words not in printed:
                    words = wording.money(Decimal(words))
                if field.key not in labels and not _is_code_or_date(words):
                    assert re.sub(r"\s", "", in_rows.get(words, words)) in printed, field.key
        for party in sample["parties"].values():
            assert party["name"] in printed
        for code_, paper in sample.get("related", {}).items():
            assert paper["number"] in printed or (code, code_) == ("D16", "D14")

    @pytest.mark.parametrize("code", CODES)
    @pytest.mark.parametrize("sample", ["sample.json", "sparse.json"])
    def test_print_every_mandatory_clause_in_full_and_in_sparse_cases(
        self, press: Renderer, code: str, sample: str
    ) -> None:
        of = template(code)

        printed = issued(press, of, of.sample(sample))

        for clause in of.clauses:
            assert re.sub(r"\s", "", clause.title) in printed
            for words in clause.says:
                assert words in printed
            assert clause.source

    @pytest.mark.parametrize("code", CODES)
    def test_carry_number_code_and_name_of_the_document_on_every_page(self, press: Renderer, code: str) -> None:
        of = template(code)
        done = press.render(of, of.sample(), number=NUMBER, issued_at=ISSUED, verification=CODE, draft=False)

        pages = [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(done.pdf)).pages]

        assert len(pages) == done.pages >= 1
        assert all(NUMBER in page and CODE in page and of.title in page for page in pages)

    @pytest.mark.parametrize("code", CODES)
    def test_keep_places_for_seals_and_draw_none(self, press: Renderer, code: str) -> None:
        of = template(code)

        printed = issued(press, of, of.sample())

        assert printed.count("（印章）") == len([party for party in of.parties if party.seal])

    @pytest.mark.parametrize("code", CODES)
    def test_say_nothing_that_nobody_recorded(self, press: Renderer, code: str) -> None:
        of = template(code)

        printed = issued(press, of, of.sample("sparse.json"))

        assert not [words for words in ("无异常", "未见异常", "无过敏", "状态良好", "完好") if words in printed]

    @pytest.mark.parametrize("code", CODES)
    def test_have_a_draft_form_that_asks_for_the_drafters_keys(self, code: str) -> None:
        form = json.loads(documents.folder(code)["draft.form"])

        asked = {one["key"] for one in form["components"] if "key" in one}

        assert form["id"] == f"draft-{code.lower()}"
        assert asked == {field.key for field in template(code).fields if field.entered == "draft"}


def _is_code_or_date(words: str) -> bool:
    return bool(re.fullmatch(r"\d{4}-\d\d-\d\d.*|\d{10,}|[A-Z]?\d{8,}\w*|entry|stay|leave|original|copy", words))


class TestTheAgreement:
    def test_names_the_four_parties_and_what_changes(self, press: Renderer) -> None:
        of = template("D15")

        printed = issued(press, of, of.sample())

        for words in (
            "变更履行监护职责的民政部门",
            "不是当事人之间对监护权的处分",
            "青溪县民政局",
            "南屏市民政局",
            "自《儿童交接清单》记载",
            "本协议一式6份",
            "贰万零肆佰陆拾元伍角整",
            "甲方发放至2024年8月",
            "丙方自2024年9月",
        ):
            assert words in printed
        assert printed.count("（印章）") == 4

    def test_says_why_the_household_registration_stays(self, press: Renderer) -> None:
        of = template("D15")
        sample = changed(
            of.sample(),
            hukou_decision="DO_NOT_MOVE",
            hukou_stay_reason="享有集体收益分配权",
            hukou_review_on="2025-08-12",
        )
        sample["related"]["D20"] = {"number": "青民福〔2024〕20号"}

        printed = issued(press, of, sample)

        assert "暂不迁移" in printed and "享有集体收益分配权" in printed and "青民福〔2024〕20号" in printed
        assert "2025年8月12日前复核" in printed and "迁移至丁方集体户" not in printed

    def test_asks_why_the_registration_stays_and_does_not_wait_for_the_statement(self, press: Renderer) -> None:
        of = template("D15")
        sample = changed(of.sample(), hukou_decision="DO_NOT_MOVE")

        (finding,) = documents.check_context(of, sample)
        assert "hukou_stay_reason" in finding.message

        printed = issued(press, of, changed(sample, hukou_stay_reason="享有集体收益分配权"))
        assert "由有关部门另行出具" in printed

    def test_sets_one_stop_whether_or_not_the_clerk_set_one(self, press: Renderer) -> None:
        of = template("D15")

        printed = issued(press, of, changed(of.sample(), guardianship_basis="由甲方接收。", extra_terms="无其他约定"))

        assert "由甲方接收。（三）" in printed and "无其他约定。" in printed and "。。" not in printed

    def test_serves_a_child_who_is_not_registered_and_owns_nothing(self, press: Renderer) -> None:
        of = template("D15")

        printed = issued(press, of, of.sample("sparse.json"))

        assert "儿童尚未落户" in printed and "名下无代管财产" in printed and "不能表达意愿" in printed


class TestTheHandoverSheet:
    def test_has_two_to_sign_on_each_side_and_a_supervisor(self, press: Renderer) -> None:
        of = template("D16")

        printed = issued(press, of, of.sample())

        assert printed.count("移交人罗敏") == printed.count("接收人黄丽萍") == 1
        assert "移交人韦秀兰" in printed and "接收人梁昇" in printed and "监交人农志刚（南屏市民政局）" in printed

    def test_refuses_a_side_with_one_person(self) -> None:
        of = template("D16")
        sample = changed(of.sample(), sending_staff=[{"name": "罗敏"}])

        (finding,) = documents.check(of, sample["fields"])

        assert "at least 2" in finding.message

    def test_hides_account_numbers_but_their_end(self, press: Renderer) -> None:
        of = template("D16")

        printed = issued(press, of, of.sample())

        assert "****1234" in printed and "622202990101" not in printed

    def test_ends_with_the_childs_own_page_in_plain_words(self, press: Renderer) -> None:
        of = template("D16")
        done = press.render(of, of.sample(), number=NUMBER, issued_at=ISSUED, verification=CODE, draft=False)

        last = pypdf.PdfReader(io.BytesIO(done.pdf)).pages[-1].extract_text()

        assert "儿童留存联" in last and "蓝小荷，你好" in last and "布娃娃" in last
        assert "99010120170412002X" not in last and "20,460.50" not in last


class TestTheRecordOfWishes:
    def test_keeps_the_childs_own_words_line_by_line(self, press: Renderer) -> None:
        of = template("D77")

        assert "“那边有没有滑梯？我想看看再决定。”" in issued(press, of, of.sample())

    def test_needs_the_reason_when_a_wish_is_not_followed(self) -> None:
        of = template("D77")
        fields = changed(of.sample(), wish_followed=False)["fields"]

        (finding,) = documents.check(of, fields)

        assert "reason_if_not_followed" in finding.message

    def test_needs_an_observation_when_the_child_cannot_speak(self) -> None:
        of = template("D77")
        fields = changed(of.sample("sparse.json"), observation=None)["fields"]

        (finding,) = documents.check(of, fields)

        assert "observation" in finding.message


class TestTheSameRow:
    @pytest.mark.parametrize("code", CODES)
    def test_gives_the_same_bytes_in_another_child(self, press: Renderer, code: str) -> None:
        of = template(code)
        with Renderer() as other:
            first = press.render(of, of.sample(), number=NUMBER, issued_at=ISSUED, verification=CODE, draft=False)
            press.render(of, of.sample("sparse.json"), number=NUMBER, issued_at=ISSUED, verification=CODE, draft=False)
            again = press.render(of, of.sample(), number=NUMBER, issued_at=ISSUED, verification=CODE, draft=False)
            elsewhere = other.render(of, of.sample(), number=NUMBER, issued_at=ISSUED, verification=CODE, draft=False)

        assert first.pdf == again.pdf == elsewhere.pdf
        assert first.sha256 == hashlib.sha256(first.pdf).hexdigest()

    def test_gives_the_same_bytes_from_json_and_from_values(self, press: Renderer) -> None:
        of = template("D16")
        sample = of.sample()
        values = changed(
            sample, handed_over_at=datetime(2024, 9, 1, 2, 30, tzinfo=UTC), property_total=Decimal("20460.50")
        )

        from_json, from_values = (
            press.render(of, one, number=NUMBER, issued_at=ISSUED, verification=CODE, draft=False).pdf
            for one in (sample, values)
        )

        assert from_json == from_values

    def test_knows_no_other_day_than_that_of_its_issue(self, press: Renderer) -> None:
        source = documents.folder("D77")["document.typ.j2"].decode()
        of = template("D77", document_typ_j2=source + '\n#datetime.today().display("[year]/[month]/[day]")\n')

        assert "2024/08/20" in issued(press, of, of.sample())

    def test_is_pdf_a_and_has_the_time_of_issue(self, press: Renderer) -> None:
        of = template("D77")

        pdf = press.render(of, of.sample(), number=NUMBER, issued_at=ISSUED, verification=CODE, draft=False).pdf

        metadata = pypdf.PdfReader(io.BytesIO(pdf)).xmp_metadata
        assert b"<pdfaid:part>2</pdfaid:part><pdfaid:conformance>B</pdfaid:conformance>" in re.sub(
            rb"\s+(?=<)", b"", pdf
        )
        assert metadata is not None and (metadata.dc_title or {})["x-default"] == of.title


class TestADraft:
    def test_has_no_number_no_code_and_says_so(self, press: Renderer) -> None:
        of = template("D15")

        draft = press.render(of, of.sample(), number=None, issued_at=ISSUED, verification=None, draft=True)

        printed = text_of(draft.pdf)
        assert "草稿" in printed and "无编号" in printed and "校验码" not in printed

    @pytest.mark.parametrize("code", CODES)
    def test_prints_blanks_for_what_is_still_missing(self, press: Renderer, code: str) -> None:
        of = template(code)
        bare = {"subject": of.sample("sparse.json")["subject"], "parties": {}, "fields": {}, "related": {}}

        draft = press.render(of, bare, number=None, issued_at=ISSUED, verification=None, draft=True)

        assert "＿＿＿＿" in text_of(draft.pdf)

    def test_and_a_number_do_not_go_together(self, press: Renderer) -> None:
        of = template("D77")

        with pytest.raises(ValueError, match="neither number nor verification code"):
            press.render(of, of.sample(), number=NUMBER, issued_at=ISSUED, verification=CODE, draft=True)


class TestTheReadingCopy:
    @pytest.mark.parametrize("code", CODES)
    @pytest.mark.parametrize("sample", ["sample.json", "sparse.json"])
    def test_is_marked_on_every_page_and_has_every_clause(self, press: Renderer, code: str, sample: str) -> None:
        of = template(code)

        done = press.render(
            of, of.sample(sample), number=NUMBER, issued_at=ISSUED, verification=CODE, draft=False, language="en"
        )

        pages = [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(done.pdf)).pages]
        assert all("READING COPY" in page and "英文阅读副本" in page for page in pages)
        printed = re.sub(r"\s", "", "".join(pages))
        assert of.title_en.replace(" ", "") in printed
        for clause in of.clauses:
            assert clause.id == "signature" or clause.title_en.replace(" ", "") in printed

    def test_is_refused_where_nobody_wrote_one(self, press: Renderer) -> None:
        files = documents.folder("D77")
        files.pop("document.en.typ.j2")
        of = documents.load(files)

        with pytest.raises(TemplateError, match="no reading copy"):
            press.render(
                of, of.sample(), number=NUMBER, issued_at=ISSUED, verification=CODE, draft=False, language="en"
            )


class TestBeforeIssue:
    def test_every_missing_value_is_named_at_once(self, press: Renderer) -> None:
        of = template("D15")
        sample = changed(of.sample(), guardianship_basis=None, health_check_by=None)
        sample["related"].pop("D17")
        sample["parties"].pop("receiving_department")

        with pytest.raises(TemplateError) as refused:
            issued(press, of, sample)

        paths = {finding.path[-1] for finding in refused.value.findings}
        assert paths == {
            "fields.guardianship_basis",
            "fields.health_check_by",
            "related.D17",
            "parties.receiving_department",
        }

    @pytest.mark.parametrize(
        ("key", "value"),
        [
            ("property_total", "12.345"),
            ("property_total", "much"),
            ("planned_handover_on", "2024-02-30"),
            ("hukou_decision", "PERHAPS"),
            ("at_school", "yes"),
            ("archive_pages", 1.5),
            ("property_total", "1e30"),
        ],
    )
    def test_a_value_of_the_wrong_type_is_refused(self, key: str, value: Any) -> None:
        of = template("D15")

        (finding,) = documents.check(of, changed(of.sample(), **{key: value})["fields"])

        assert finding.rule == "document-value" and key in finding.message

    def test_a_character_that_no_font_has_is_named_with_its_place(self, press: Renderer) -> None:
        of = template("D77")
        sample = of.sample()
        sample["subject"]["name"] = "王\U00030ede"

        with pytest.raises(TemplateError) as refused:
            issued(press, of, sample)

        (finding,) = refused.value.findings
        assert "U+30EDE" in finding.message and "subject.name" in finding.message

    @pytest.mark.parametrize("character", ["\u202e", "\u200b", "\x07", "\x00", "\x9b", "\u2066"])
    def test_a_character_that_steers_the_text_unseen_is_refused(self, press: Renderer, character: str) -> None:
        of = template("D77")

        with pytest.raises(TemplateError, match=f"U\\+{ord(character):04X}"):
            issued(press, of, changed(of.sample(), wish=f"我{character}想"))

    def test_rare_names_print(self, press: Renderer) -> None:
        of = template("D77")
        sample = of.sample()
        sample["subject"]["name"] = "㐂喆堃昇頔䶮龑𬭎玥翀㛃"

        assert "㐂喆堃昇頔䶮龑𬭎玥翀㛃" in issued(press, of, sample)


HOSTILE = {
    "H60": "A</w:t></w:r></w:p><w:p><w:r><w:t>..FORGED",
    "H61": "{{7*7}} <<7*7>> <% if x %>",
    "H62": "王\n/Type/Annot/Subtype/Link",
    "H63": '#read("/etc/passwd")',
    "quote": '"; #read("/etc/passwd") //\\',
    "markup": "*粗*_斜_$x^2$[a](b)`c`#pagebreak()//注@x<y>\\u{41}~",
    "after": '".at(0)',
}


class TestHostileData:
    @pytest.mark.parametrize(
        ("code", "name"), [*(("D77", name) for name in HOSTILE), ("D14", "H63"), ("D15", "quote"), ("D16", "markup")]
    )
    def test_is_printed_as_it_was_written(self, press: Renderer, code: str, name: str) -> None:
        of = template(code)
        sample = of.sample()
        clean = press.render(of, sample, number=NUMBER, issued_at=ISSUED, verification=CODE, draft=False)
        sample["subject"]["name"] = HOSTILE[name]

        done = press.render(of, sample, number=NUMBER, issued_at=ISSUED, verification=CODE, draft=False)

        assert re.sub(r"\s", "", HOSTILE[name]) in text_of(done.pdf)
        assert "root:" not in text_of(done.pdf)
        assert done.pages <= clean.pages + 1
        assert not [note for page in pypdf.PdfReader(io.BytesIO(done.pdf)).pages for note in page.get("/Annots", [])]

    @given(words=st.text("".join(map(chr, range(0x21, 0x7F))) + "王蓝小荷，。“”〔〕", min_size=1, max_size=40))
    @settings(max_examples=30, deadline=None, derandomize=True)
    def test_whatever_it_is(self, words: str) -> None:
        of = template("D77")

        assert words in issued(documents.shared(), of, changed(of.sample(), consulted_about=words))

    def test_in_long_text_and_rows_too(self, press: Renderer) -> None:
        of = template("D16")
        rows = [{"name": words, "note": words} for words in HOSTILE.values()]

        printed = issued(press, of, changed(of.sample(), belongings=rows, care_notes=" ".join(HOSTILE.values())))

        assert all(re.sub(r"\s", "", words) in printed for words in HOSTILE.values())

    def test_objects_do_not_enter_a_document(self, press: Renderer) -> None:
        of = template("D77")

        with pytest.raises(TemplateError):
            issued(press, of, changed(of.sample(), wish=object()))


REFUSED = {
    "H53": ("<< cycler.__init__.__globals__.os.popen('id').read()|c >>", "no"),
    "H53 on a value": ("<< subject.name.__class__.__mro__|c >>", "declared"),
    "H56": ("<% include '/etc/passwd' %>", "include"),
    "H56 import": ("<% import 'x' as y %>", "import"),
    "H56 extends": ("<% extends 'x' %>", "extends"),
    "H57": ("<% set f='{0.__class__}'|attr('format') %>", "attr"),
    "H57 format": ("<< '%1000000000d'|format(1)|c >>", "format"),
    "H58 nested": (
        "".join(f"<% for {name} in [1] %>" for name in "abcd") + "x" + "<% endfor %>" * 4,
        "repetitions",
    ),
    "H59": ("<% macro m() %><< m() >><% endmacro %><< m() >>", "macro"),
    "range": ("<% for a in range(10000000000) %>x<% endfor %>", "call"),
    "multiply": ("<< ('A' * 900000000)|c >>", "mul"),
    "power": ("<< (9 ** 9 ** 9)|c >>", "pow"),
    "subscript": ("<< subject['__class__']|c >>", "getitem"),
    "slice": ("<< subject.name[0:1]|c >>", "getitem"),
    "raw value": ("<< subject.name >>", "without"),
    "undeclared": ("<< fields.nobody_knows|c >>", "nobody_knows"),
    "undeclared root": ("<< settings|c >>", "settings"),
    "unknown clause": ("<< clause('nothing') >>", "nothing"),
    "unknown filter": ("<< subject.name|pprint|c >>", "pprint"),
    "concatenation": ("<< (subject.name ~ subject.name)|c >>", "concat"),
    "syntax": ("<% if %>", "read"),
    "call block": ("<% call subject.name() %>x<% endcall %>", "callblock"),
    "loop call": ("<% for a in [1] recursive %><< loop([1]) >><% endfor %>", "loop"),
}


class TestHostileTemplates:
    @pytest.mark.parametrize("name", REFUSED)
    def test_are_refused_when_they_are_read(self, name: str) -> None:
        passage, said = REFUSED[name]
        source = documents.folder("D77")["document.typ.j2"].decode() + "\n" + passage

        with pytest.raises(TemplateError) as refused:
            template("D77", document_typ_j2=source)

        finding = refused.value.findings[0]
        assert said in finding.message.lower() and finding.path == ("D77", "document.typ.j2")
        assert finding.line == source.count("\n") + 1
        assert finding.remedy

    def test_deep_nesting_is_refused_and_not_a_crash(self) -> None:
        source = (
            documents.folder("D77")["document.typ.j2"].decode()
            + "<% if "
            + "(" * 20_000
            + "1"
            + ")" * 20_000
            + " %><% endif %>"
        )

        with pytest.raises(TemplateError):
            template("D77", document_typ_j2=source)

    @pytest.mark.parametrize(
        ("typst", "said"),
        [
            ('#read("/etc/passwd")', "not found"),
            ('#read("../../etc/passwd")', "escape"),
            ('#image("http://127.0.0.1:6379/x.png")', "not found"),
            ('#import "@preview/cetz:0.3.0"', "package"),
            ('#import "@" + "preview/cetz:0.3.0"', "package"),
            ("#let f(x) = f(x)\n#f(1)", "depth"),
            ("#while true {}", "true"),
        ],
    )
    def test_typst_reaches_no_file_and_no_network(self, press: Renderer, typst: str, said: str) -> None:
        source = documents.folder("D77")["document.typ.j2"].decode()
        of = template("D77", document_typ_j2=f"{source}\n{typst}\n")

        with pytest.raises(TemplateError) as refused:
            issued(press, of, of.sample())

        (finding,) = refused.value.findings
        assert said in finding.message and finding.line is not None and finding.line > source.count("\n")

    def test_endless_work_and_endless_memory_are_stopped_and_the_next_document_prints(self) -> None:
        source = documents.folder("D77")["document.typ.j2"].decode()
        loops = "<% set many = [" + ",".join(["1"] * 2000) + "] %>"
        loops += "<% for a in many %><% for b in many %><% for c in many %><% endfor %><% endfor %><% endfor %>"
        hostile = [
            f"{source}\n{loops}",
            f"{source}\n#let x = 0\n#while x < 1 {{ x = x * 2 }}",
            f'{source}\n#let s = "a" * 3000000000\n#s',
        ]
        good = template("D77")

        with Renderer(limits=Limits(seconds=0.8, memory=1 * 1024**3)) as press:
            for one in hostile:
                of = template("D77", document_typ_j2=one)
                with pytest.raises(TemplateError):
                    issued(press, of, of.sample())

                assert "蓝小荷" in issued(press, good, good.sample())

    def test_a_missing_clause_is_refused_when_read_and_when_a_condition_hides_it(self, press: Renderer) -> None:
        source = documents.folder("D77")["document.typ.j2"].decode()

        with pytest.raises(TemplateError, match="mandatory clause"):
            template("D77", document_typ_j2=source.replace('<< clause("followed") >>', "[采纳]"))

        hidden = source.replace(
            '#section(<< clause("followed") >>)',
            '<% if fields.witness is none %>\n#section(<< clause("followed") >>)\n<% endif %>',
        )
        of = template("D77", document_typ_j2=hidden)
        with pytest.raises(TemplateError, match="followed"):
            issued(press, of, of.sample())

    def test_mandatory_words_may_not_be_reworded(self, press: Renderer) -> None:
        source = documents.folder("D15")["document.typ.j2"].decode()
        of = template("D15", document_typ_j2=source.replace("由甲方全部转移至丙方", "由甲方部分转移至丙方"))

        with pytest.raises(TemplateError, match="guardian"):
            issued(press, of, of.sample())

    def test_a_typst_mistake_is_mapped_to_the_template_line(self, press: Renderer) -> None:
        lines = documents.folder("D16")["document.typ.j2"].decode().split("\n")
        at = next(number for number, line in enumerate(lines) if "persons_present" in line)
        lines.insert(at + 1, "#no-such-function()")
        of = template("D16", document_typ_j2="\n".join(lines))

        with pytest.raises(TemplateError) as refused:
            issued(press, of, of.sample())

        (finding,) = refused.value.findings
        assert finding.line == at + 2 and "no-such-function" in finding.message


class TestADescription:
    @pytest.mark.parametrize(
        ("old", "new", "said"),
        [
            ("kind: record", "kind: poem", "poem"),
            ("issuer: institution", "issuer: nobody", "nobody"),
            ("copies: 2", "copise: 2", "copise"),
            ("{type: str, label: 在场人, label_en: Witness}", "{type: strng, label: 在场人}", "strng"),
            ("{type: str, label: 在场人, label_en: Witness}", "{type: str, lable: 在场人}", "lable"),
            ("code: D77", "code: [", "cannot be read"),
        ],
    )
    def test_is_refused_with_line_and_remedy(self, old: str, new: str, said: str) -> None:
        files = documents.folder("D77")
        described = files["document.yaml"].decode()
        assert old in described

        with pytest.raises(TemplateError) as refused:
            documents.load({**files, "document.yaml": described.replace(old, new, 1).encode()})

        assert any(said in finding.message for finding in refused.value.findings)
        assert all(finding.remedy for finding in refused.value.findings)

    def test_a_missing_file_is_named(self) -> None:
        files = documents.folder("D77")
        files.pop("sparse.json")

        with pytest.raises(TemplateError, match=r"sparse\.json"):
            documents.load(files)

    def test_a_form_that_asks_for_something_else_is_named(self) -> None:
        files = documents.folder("D14")
        files["draft.form"] = files["draft.form"].replace(b"plan_note", b"plan_nota")

        _template, findings = documents.inspect(files)

        assert {"plan_nota", "plan_note"} <= set(re.findall(r"plan_not[ae]", " ".join(one.message for one in findings)))

    def test_the_hash_follows_every_byte_of_folder_and_house(self) -> None:
        files, house = documents.folder("D77"), documents.house()
        first = documents.load(files)

        other = documents.load({**files, "sample.json": files["sample.json"] + b"\n"})
        restyled = documents.load(files, house_bytes={**house, "house.typ": house["house.typ"] + b"\n"})

        assert (
            len({first.hash, other.hash, restyled.hash}) == 3
            and first.hash == documents.load(files, house_bytes=house).hash
        )


class TestTheWarmChild:
    def test_survives_being_killed_between_documents(self) -> None:
        of = template("D77")
        with Renderer() as press:
            issued(press, of, of.sample())
            assert press.child is not None
            os.kill(press.child, signal.SIGKILL)

            assert "蓝小荷" in issued(press, of, of.sample())

    def test_serves_several_threads(self, press: Renderer) -> None:
        of = template("D77")
        printed: list[str] = []
        threads = [
            threading.Thread(target=lambda: printed.append(issued(press, of, of.sample()))) for _each in range(4)
        ]

        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert len(printed) == 4 and len(set(printed)) == 1

    def test_is_gone_when_closed(self) -> None:
        of = template("D77")
        with Renderer() as press:
            issued(press, of, of.sample())
            child = press.child
            assert child is not None

        assert press.child is None
        with pytest.raises(ProcessLookupError):
            os.kill(child, 0)

    def test_that_cannot_start_says_why(self, tmp_path: Path) -> None:
        (tmp_path / "broken.ttf").write_bytes(b"no font")
        of = template("D77")

        with Renderer(fonts=tmp_path) as press, pytest.raises(TemplateError, match="printing process failed"):
            issued(press, of, of.sample())

    def test_uses_the_sites_own_faces(self, tmp_path: Path) -> None:
        shutil.copy(str(resources.files("templates").joinpath("_house/fonts/XiebanKai.ttf")), tmp_path / "site.ttf")
        of = template("D77")

        with Renderer(fonts=tmp_path) as press:
            assert "蓝小荷" in issued(press, of, of.sample())

    def test_leaves_nothing_behind(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
        of = template("D77")

        with Renderer() as press:
            issued(press, of, of.sample())

            assert list(tmp_path.iterdir()) == []

    def test_gives_pictures_of_the_pages(self, press: Renderer) -> None:
        of = template("D77")

        pages = press.pictures(of, of.sample(), number=NUMBER, issued_at=ISSUED, verification=CODE, draft=False, ppi=40)

        assert len(pages) == 2 and all(page.startswith(b"\x89PNG") for page in pages)


class TestNumbersAndCodes:
    def test_forms_and_letters_are_numbered_in_their_manner(self) -> None:
        form = documents.series(documents.SeriesKind.FORM, code="D15", issuer="990101", year=2024)
        letter = documents.series(
            documents.SeriesKind.LETTER, code="D20", issuer="990101", letter_word="青民函", year=2024
        )

        assert (form.text(3), letter.text(12)) == ("990101-D15-2024-3", "青民函〔2024〕12号")

    def test_a_letter_needs_a_letter_word(self) -> None:
        with pytest.raises(BadInput, match="机关代字"):
            documents.series(documents.SeriesKind.LETTER, code="D20", issuer="990101", year=2024)

    def test_a_code_is_read_as_people_type_it(self) -> None:
        code = documents.verification_code(bytes([0x0D, 0x3F, 0, 1, 2, 3, 4, 5]))

        typed = code.replace("-", " ").lower().replace("0", "o").replace("1", "l")

        assert documents.read_verification_code(typed) == code
        assert re.fullmatch(r"(?:[0-9A-HJKMNP-TV-Z]{4}-){3}[0-9A-HJKMNP-TV-Z*~$=U]", code)

    def test_every_single_slip_is_noticed(self) -> None:
        code = documents.verification_code(bytes(range(1, 9)))
        slips = [
            code[:at] + other + code[at + 1 :]
            for at in range(len(code) - 1)
            for other in "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
            if code[at] not in ("-", other)
        ]

        for slip in slips:
            with pytest.raises(BadInput):
                documents.read_verification_code(slip)

    def test_the_qr_code_holds_the_verification_code_alone(self) -> None:
        assert b"<svg" in documents.qr_svg(CODE) and documents.qr_svg(CODE) == documents.qr_svg(CODE)

    @pytest.mark.parametrize(
        ("amount", "words"),
        [
            ("0", "零元整"),
            ("0.05", "伍分"),
            ("10.50", "壹拾元伍角整"),
            ("100.05", "壹佰元零伍分"),
            ("10001", "壹万零壹元整"),
            ("120034.56", "壹拾贰万零叁拾肆元伍角陆分"),
            ("20300400", "贰仟零叁拾万零肆佰元整"),
            ("100000001", "壹亿零壹元整"),
            ("900000500000", "玖仟亿零伍拾万元整"),
            ("-3.20", "负叁元贰角整"),
        ],
    )
    def test_amounts_are_written_so_that_a_pen_cannot_change_them(self, amount: str, words: str) -> None:
        assert wording.capital(Decimal(amount)) == words
