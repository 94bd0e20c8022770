"""A bundle is judged as one: what an expression says against what the forms let people enter."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from workflow_runtime.i18n import use_language
from workflow_runtime.procedures import find_folder, gather
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
