"""How much each rule weighs in one installation or for one procedure: a YAML file, no code.

`severities.yaml` in the home of an installation holds for all; one in the folder of a procedure stands over it.

house/names: off
house/timer-named: error
standard/mime-type: info
"""

from __future__ import annotations

from collections.abc import Mapping

import yaml

from workflow_runtime.diagram.checking import all_rules
from workflow_runtime.errors import BadInput
from workflow_runtime.findings import Finding, Severity
from workflow_runtime.i18n import _

OFF = "off"


def read_severities(source: bytes) -> Mapping[str, Severity | None]:
    """Rule id → weight, None for rules that are switched off. Raises BadInput with every finding."""
    try:
        read = yaml.safe_load(source) or {}
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise BadInput(findings=[_finding(_("Not a YAML file: {error}").format(error=error))]) from error
    if not isinstance(read, dict):
        raise BadInput(findings=[_finding(_("The file is no list of rules with their weight."))])
    known, found, findings = all_rules("house"), dict[str, Severity | None](), list[Finding]()
    for rule, weight in read.items():
        text = OFF if weight is False else str(weight)  # YAML reads a bare off as false
        if rule not in known:
            findings.append(_finding(_("There is no rule {rule}.").format(rule=rule)))
        elif text != OFF and text not in set(Severity):
            findings.append(_finding(_("{rule}: “{weight}” is no weight.").format(rule=rule, weight=weight)))
        else:
            found[rule] = None if text == OFF else Severity(text)
    if findings:
        raise BadInput(findings=findings)
    return found


def _finding(message: str) -> Finding:
    remedy = _("Write lines such as house/names: off, with error, warning, info or off.")
    return Finding("severities", Severity.ERROR, None, None, message, remedy)
