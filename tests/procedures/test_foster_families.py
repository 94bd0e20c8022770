"""How many children a family fosters is counted over all its open cases, whoever counts at the same moment."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

import handlers  # noqa: F401  (importing registers the handlers)
from tests.conftest import Clock
from tests.procedures.conftest import story
from workflow_runtime import documents, scenarios
from workflow_runtime.database import Database
from workflow_runtime.errors import FormError
from workflow_runtime.i18n import use_language
from workflow_runtime.library import Library
from workflow_runtime.model import SYSTEM
from workflow_runtime.procedures import find_folder, gather, shipped_library
from workflow_runtime.reports import Reports
from workflow_runtime.runtime import Runtime
from workflow_runtime.settings import Settings

KEY = "family-foster-care"
STORY = story(find_folder(KEY) / "scenarios" / "child-of-six-agrees.yaml")
APPLICATION = next(one for one in STORY["steps"] if one.get("complete") == "register_application")["data"]
CONFIRMED = next(one for one in STORY["steps"] if one.get("complete") == "confirm_child")["data"]
FAMILY = STORY["others"][0]


class Fostering:
    """An office with one family, and children for whom it applies."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        self.family = self.register(FAMILY)

    def register(self, one: dict[str, Any], **facts: Any) -> str:
        return self.runtime.register_subject(
            one["kind"],
            scenarios._jsonlike({**one["facts"], **facts}),
            actor=SYSTEM,
            region="990100",
            number=one["number"] if one is FAMILY else None,
            standings={
                kind: {**held, "party": held["party"].replace("@receiving_city", "@990100")}
                for kind, held in one["standings"].items()
                if "party" in held
            },
        )

    def child(self, day: int, year: int = 2015) -> str:
        """A case whose next step is the application; its number."""
        from workflow_runtime.identifiers import new_resident_id

        born = datetime(year, 3, day, tzinfo=UTC).date()
        facts = {"name": f"童{day}", "birth_date": born, "resident_id": new_resident_id("990100", born, 12)}
        number = self.register(STORY["subject"], **facts)
        page = self.runtime.start_case(KEY, number, actor=SYSTEM, regions={"receiving_city": "990100"})
        self.do(page.case.number, "confirm_child", CONFIRMED)
        return page.case.number

    def do(self, case: str, element: str, data: dict[str, Any], runtime: Runtime | None = None) -> None:
        runtime = runtime or self.runtime
        [item] = [one for one in runtime.case(case, actor=SYSTEM).items if one.element == element]
        directory = runtime.organisation(actor=SYSTEM)
        clerk = directory.clerks_of(item.department, datetime(2024, 6, 3, tzinfo=UTC).date(), None)[0]
        runtime.complete(item.id, scenarios._jsonlike(data), actor=runtime.actor(clerk.id))

    def withdraw(self, case: str) -> None:
        [item, *_more] = self.runtime.case(case, actor=SYSTEM).items
        directory = self.runtime.organisation(actor=SYSTEM)
        clerk = directory.clerks_of(item.department, datetime(2024, 6, 3, tzinfo=UTC).date(), None)[0]
        self.runtime.withdraw(case, reason="安置方式改变", actor=self.runtime.actor(clerk.id))

    def apply(self, case: str, runtime: Runtime | None = None, **over: Any) -> None:
        scan = [dict(self.runtime.store_file("scan.pdf", scenarios.small_pdf(case), actor=SYSTEM))]
        data = {**APPLICATION, "family_number": self.family, "application_scan": scan, **over}
        self.do(case, "register_application", data, runtime)


@pytest.fixture
def fostering(settings: Settings) -> Iterator[Fostering]:
    clock = Clock(datetime(2024, 6, 3, 2, 0, tzinfo=UTC))
    runtime = Runtime.create(settings, clock=clock)
    runtime.import_organisation((shipped_library() / "demo" / "organisation.yaml").read_bytes(), actor=SYSTEM)
    runtime.deploy(gather(find_folder(KEY)), actor=SYSTEM)
    use_language("en")
    yield Fostering(runtime)
    use_language("zh")
    runtime.close()


def refusal(error: pytest.ExceptionInfo[FormError]) -> str:
    [finding] = error.value.findings
    assert finding.element == "family_number"
    return f"{finding.message} {finding.remedy}"


#: What Order 54 and the list of the law ask of the agreement, clause by clause: the ten duties of the family and the
#: eight of the institution are counted as well.
ASKED = {
    "term": ["寄养期限自"],
    "carer": ["为主要照料人", "不得擅自变更", "评估和培训"],
    "integration": ["寄养融合期", "不少于六十日"],
    "guardianship": ["监护关系不变", "不办理户口迁移"],
    "institution": "工作计划 招募 培训 定期探访 监督、评估 服务档案 支付 主管民政部门".split(),
    "family": "人身安全 生活照料 心理健康 接受教育 医疗照料 康复训练 送养 成长状况 发生变化 其他应当履行".split(),
    "costs": ["生活费", "劳务费", "医疗、康复、教育费用"],
    "visits": ["探访不少于一次", "小时以内"],
    "medical": ["手术", "先行救治"],
    "short_care": ["三十日"],
    "forbidden": ["转托", "募捐", "公开儿童的影像"],
    "end": "提前一个月书面 虐待 重大变故 迁移 募捐 恶化 收养、认领 就医、就学 备案 批准之日".split(),
    "adoption": ["及时通知乙方", "优先"],
    "breach": ["违约责任"],
    "secrecy": ["保密义务"],
    "wish": ["本人同意寄养", "儿童签名"],
    "disputes": ["协商", "人民法院"],
    "copies": ["评估报告", "体检报告", "违法犯罪记录", "培训证明", "家庭成员名单", "一式"],
}


@pytest.mark.parametrize("clause", ASKED)
def test_the_agreement_says_what_the_law_asks_of_it(clause: str) -> None:
    text = documents.folder("D39")["document.typ.j2"].decode()

    said = text.split(f'#article(<< clause("{clause}") >>)[')[1].split("\n]\n")[0]

    assert [words for words in ASKED[clause] if words not in said] == []
    duties = {"institution": "八", "family": "十"}.get(clause, "")
    assert f"（{duties}）" in said or not duties


def test_a_third_child_is_refused_at_the_field_until_a_case_of_the_family_is_over(fostering: Fostering) -> None:
    first, second, third = (fostering.child(day) for day in (1, 2, 3))
    subject = fostering.runtime.case(first, actor=SYSTEM).case.subject
    assert subject is not None
    for number in ("F-990100-2024-000099", subject.number):  # nobody, and a child
        with pytest.raises(FormError) as refused:
            fostering.apply(first, family_number=number)
        assert "no registered number" in refusal(refused)
    fostering.apply(first)
    fostering.apply(second)

    with pytest.raises(FormError) as refused:
        fostering.apply(third)
    assert "no more than the number laid down (two)" in refusal(refused)
    assert "Order 54" in refusal(refused)
    assert "found: 2 / 2" in refusal(refused) and "choose another family" in refusal(refused)

    families, children = (Reports(fostering.runtime).rows(id, actor=SYSTEM) for id in ("S-11-FAMILY", "S-11"))
    assert [row[0] for row in families.rows] == [fostering.family]
    assert 2 in families.rows[0] and "未考核" in families.rows[0]
    assert sorted(row[-1] for row in children.rows) == sorted([first, second, third])

    fostering.withdraw(first)
    fostering.apply(third)
    assert {one.number for one in fostering.runtime.subject(fostering.family, actor=SYSTEM).cases} == {
        first,
        second,
        third,
    }


def test_a_child_under_six_in_the_family_stands_in_the_way_of_another(fostering: Fostering) -> None:
    first = fostering.child(1, year=2019)
    fostering.apply(first)

    with pytest.raises(FormError) as refused:
        fostering.apply(fostering.child(2))

    assert "already fosters a child under six" in refusal(refused)

    fostering.withdraw(first)
    baby = [{"own_child_name": "韦小小", "child_birth_date": "2023-05-01"}]
    fostering.apply(fostering.child(3), decision_wanted=True, own_children=baby)

    with pytest.raises(FormError) as refused:
        fostering.apply(fostering.child(4))

    assert "records an own child under six" in refusal(refused)


def test_two_cases_at_once_cannot_both_be_the_second(fostering: Fostering, settings: Settings) -> None:
    fostering.apply(fostering.child(1))
    cases = [fostering.child(day) for day in (2, 3)]
    other = Runtime(Database(settings.database), settings, clock=fostering.runtime._clock, library=Library())
    gate = threading.Barrier(2)
    told: list[BaseException] = []

    def go(place: int, runtime: Runtime) -> None:
        use_language("en")
        gate.wait()
        try:
            fostering.apply(cases[place], runtime)
        except BaseException as error:
            told.append(error)

    threads = [threading.Thread(target=go, args=pair) for pair in enumerate((fostering.runtime, other))]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    other.close()

    assert [type(one) for one in told] == [FormError]
