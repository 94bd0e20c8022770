"""A bundle is judged as one: what an expression says against what the forms let people enter."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.engine_drawings import written
from workflow_runtime import procedures
from workflow_runtime.errors import BadInput
from workflow_runtime.i18n import use_language
from workflow_runtime.procedures import Procedure, find_folder, gather, shipped_library
from workflow_runtime.runtime import check_bundle

REVIEW = Path(__file__).parents[1] / "journeys" / "review"
CONDITION = b'=item.outcome = "done"'


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    use_language("en")
    yield
    use_language("zh")


def findings_with(condition: bytes) -> list[str]:
    """What deployment says of the review procedure with another condition behind its check."""
    bundle = dict(gather(REVIEW))
    path = "review/review.bpmn"
    bundle[path] = bundle[path].replace(CONDITION, condition)
    return [finding.message for finding in check_bundle(bundle) if finding.rule == "house/expressions"]


def test_a_comparison_of_a_number_with_a_text_is_found_before_any_case_meets_it() -> None:
    (message,) = findings_with(b'=pages = "many"')

    assert "f_ok" in message and "number" in message and "string" in message


def test_an_expression_that_does_not_parse_is_told_in_words() -> None:
    (message,) = findings_with(b"=pages &gt; ")

    assert "f_ok" in message and "expect" in message.lower()


def test_a_comparison_that_fits_is_in_order() -> None:
    assert findings_with(b'=pages &gt; 10 and summary = "x"') == []


def test_a_misspelt_answer_is_found_with_a_suggestion() -> None:
    bundle = dict(gather(find_folder("county-city-transfer")))
    path = "county-city-transfer/transfer-plan.form"
    bundle[path] = bundle[path].replace(b'risk_class != \\"ordinary\\"', b'risk_class != \\"ordinery\\"', 1)

    found = [finding for finding in check_bundle(bundle) if finding.rule == "form-expression"]

    assert found and "ordinery" in found[0].message and "ordinary" in found[0].message


CALLED = written("start s; user q; end e; s -> q -> e", process="Q")


def test_what_a_decision_answers_is_known_to_the_steps_after_it() -> None:
    old, new = b'=registration_mode = "MIGRATE"', b'=registration_mode = "MIGRATES"'

    said = "\n".join(findings_in("called/household-registration/household-registration.bpmn", old, new))

    assert "“MIGRATES”" in said
    assert "did you mean “MIGRATE”?" in said


def test_a_table_is_checked_against_the_forms_before_it() -> None:
    unset = findings_in("hukou_migration.dmn", b"<text>adulthood_soon</text>", b"<text>adulthod_soon</text>")
    wrong = findings_in("hukou_migration.dmn", b"<text>other_harm</text>", b"<text>other_harm &gt; 5</text>")

    assert any("there is nothing named “adulthod_soon”; did you mean “adulthood_soon”?" in text for text in unset)
    assert any("a boolean cannot be compared with a number" in text for text in wrong)


def findings_in(file: str, old: bytes, new: bytes) -> list[str]:
    """What is said of the transfer when one of its files holds another expression."""
    files = dict(gather(find_folder("county-city-transfer")))
    path = file if "/" in file else f"county-city-transfer/{file}"
    assert old in files[path]
    changed = Procedure.parse({**files, path: files[path].replace(old, new, 1)})
    return [finding.message for finding in changed.check()]


def next_of(procedure: Procedure, process: str, element: str, *path: str) -> list[str]:
    return [node.id for _process, node in procedure.next_steps(process, element, path)]


def bundle_of(main: str, *called: str) -> dict[str, bytes]:
    return {
        "main/main.bpmn": main.encode(),
        **{f"called/{number}/{number}.bpmn": one.encode() for number, one in enumerate(called)},
    }


def test_what_may_come_next_is_read_off_the_drawing() -> None:
    main = written("""
        start s
        user a
        exclusive x
        call c calls=Q
        sub sp {
            start s1
            user b
            end e1
            s1 -> b -> e1
        }
        throw there link=on
        catch here link=on
        user z
        end e
        s -> a -> x
        x -> c if go
        x -> sp else
        c -> z
        sp -> there
        here -> z
        z -> e
    """)
    procedure = Procedure(bundle_of(main, CALLED))

    assert next_of(procedure, "P", "a") == ["q", "b"]
    assert next_of(procedure, "Q", "q", "c") == ["z"]
    assert next_of(procedure, "P", "b") == ["z"]
    assert next_of(procedure, "P", "z") == []


def test_what_comes_after_a_called_process_depends_on_who_called_it() -> None:
    main = written("""
        start s; call c1 calls=M; user a; call c2 calls=M; user b; end e
        s -> c1 -> a -> c2 -> b -> e
    """)
    between = written("start s; call inner calls=Q; end e; s -> inner -> e", process="M")
    procedure = Procedure(bundle_of(main, between, CALLED))

    assert next_of(procedure, "Q", "q", "c1", "inner") == ["a"]
    assert next_of(procedure, "Q", "q", "c2", "inner") == ["b"]


def test_a_file_among_others_is_a_procedure_of_its_own(tmp_path: Path) -> None:
    for path in (shipped_library() / "county-city-transfer").glob("*.*"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "a-broken.bpmn").write_text("hello")
    (tmp_path / "a-broken.form").write_text("{")

    bundle = procedures.bundle_of(str(tmp_path / "county-city-transfer.bpmn"))

    assert Procedure.parse(bundle).key == "county-city-transfer"
    assert not [path for path in bundle if "a-broken" in path]
    wanted = {
        path for path in gather(shipped_library() / "county-city-transfer") if not path.endswith(".examples.yaml")
    }
    assert {path.replace(tmp_path.name, "county-city-transfer") for path in bundle} == wanted
    with pytest.raises(BadInput, match="XML"):
        Procedure.parse(procedures.bundle_of(str(tmp_path / "a-broken.bpmn")))


def test_an_installation_and_a_procedure_say_what_a_rule_weighs(tmp_path: Path) -> None:
    bundle = gather(shipped_library() / "shared" / "consult-child")
    drawing = next(path for path in bundle if path.endswith("consult-child.bpmn"))
    nameless = re.sub(rb'(<bpmn:userTask id="[^"]*") name="[^"]*"', rb"\1", bundle[drawing], count=1)
    weights = tmp_path / "severities.yaml"

    def weight(own: str = "") -> list[str]:
        files = {**bundle, drawing: nameless, f"{Path(drawing).parent}/severities.yaml": own.encode()}
        found = check_bundle(files, severities=weights)
        return [str(finding.severity) for finding in found if finding.rule == "house/names"]

    assert weight() == ["warning"]
    weights.write_text("house/names: error\n", encoding="utf-8")
    assert weight() == ["error"]
    assert weight("house/names: info\n") == ["info"]
    assert weight("house/names: off\n") == []
    weights.write_text("house/no-such-rule: error\n", encoding="utf-8")
    assert [finding.rule for finding in check_bundle(bundle, severities=weights)] == ["severities"]


def test_a_list_is_as_confidential_as_its_form_says_and_a_date_is_called_by_its_label() -> None:
    procedure = Procedure.parse(gather(find_folder("child-property-handover")))

    assert procedure.field_class("state_property.property_items") == "property"
    assert procedure.label("property_items") == "代管财产明细"
    assert procedure.label("property_checked_on") == "核签日期"
