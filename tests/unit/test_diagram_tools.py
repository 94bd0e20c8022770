"""Files as modelling tools write them: whatever a tool adds, it comes in and goes out again whole."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from lxml import etree

from workflow_runtime.diagram import check, read, write
from workflow_runtime.errors import DiagramError

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
BPMN = "http://www.omg.org/spec/BPMN/20100524/MODEL"
SHIPPED = ROOT / "bpmn" / "shared" / "issue-document" / "issue-document.bpmn"
EVERYTHING = HERE / "diagrams" / "structure" / "valid-everything.bpmn"

#: namespaces that tools put into files, and something of theirs
VENDORS = {
    "signavio": ("http://www.signavio.com", '<v:signavioMetaData metaKey="bgcolor" metaValue="#ffffff"/>'),
    "bizagi": ("http://www.bizagi.com/bpmn20", '<v:BizagiExtensions><v:BizagiProperties/></v:BizagiExtensions>'),
    "aris": ("http://www.software-ag.com/aris", '<v:attribute guid="4711"><v:v xml:lang="de">Akte</v:v></v:attribute>'),
    "visio": ("http://schemas.microsoft.com/visio/2003/core", "<v:Shape ID='7'><v:Text>a &amp; b</v:Text></v:Shape>"),
    "trisotech": (
        "http://www.trisotech.com/2014/triso/bpmn",
        '<v:ExtendedProperty interactive="true"><v:note><![CDATA[<b>x</b>]]></v:note></v:ExtendedProperty>',
    ),
    "yaoqiang": ("http://bpmn.sourceforge.net", '<v:pageFormat v:w="1"/>'),
    "camunda": ("http://camunda.org/schema/1.0/bpmn", '<v:executionListener event="end" class="x.Y"/>'),
    "activiti": ("http://activiti.org/bpmn", '<v:formProperty id="a" name="b" type="string"/>'),
    "drools": ("http://www.jboss.org/drools", '<v:onEntry-script><v:script>a();</v:script></v:onEntry-script>'),
    "color": ("http://www.omg.org/spec/BPMN/non-normative/color/1.0", "<v:x v:background-color='#fff'/>"),
}  # fmt: skip


def drawing(inside: str = "", head: str = "", prolog: str = "") -> str:
    return (
        f'{prolog}<definitions xmlns="{BPMN}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
        f'xmlns:di="http://www.omg.org/spec/DD/20100524/DI" xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI" '
        f'xmlns:dc="http://www.omg.org/spec/DD/20100524/DC" targetNamespace="urn:t" {head}>'
        f'<process id="p"><startEvent id="s"/><endEvent id="e"/><sequenceFlow id="f" sourceRef="s" targetRef="e"/>'
        f"{inside}</process></definitions>"
    )


DECLARED = '<?xml version="1.0" encoding="{}"?>'
NAMED = '<task id="t" name="Prüfung"/>'
FILES: dict[str, bytes] = {
    "byte order mark": b"\xef\xbb\xbf" + drawing().encode(),
    "UTF-16 little-endian": drawing(prolog=DECLARED.format("UTF-16")).encode("utf-16"),
    "UTF-16 big-endian": b"\xfe\xff" + drawing(prolog=DECLARED.format("UTF-16")).encode("utf-16-be"),
    "Latin-1": drawing(NAMED, prolog=DECLARED.format("ISO-8859-1")).encode("latin-1"),
    "Windows-1252": drawing(NAMED, prolog=DECLARED.format("windows-1252")).encode("cp1252"),
    "GB18030": drawing("<task id='t' name='审核材料'/>", prolog=DECLARED.format("GB18030")).encode("gb18030"),
    "declared UTF-16, written UTF-8": drawing(prolog=DECLARED.format("UTF-16")).encode(),
    "blank lines in front": ("\n\n" + drawing()).encode(),
    "Windows line ends": drawing("\r\n<documentation>a\r\nb</documentation>\r\n").encode(),
    "comments and instructions everywhere": drawing(
        "<!-- a --><task id='t'><!-- b --><?tool keep?></task>", prolog="<!-- before --><?mso-application progid='V'?>"
    ).encode() + b"<!-- behind -->",
    "CDATA": drawing("<scriptTask id='t'><script><![CDATA[ a < b && c > d ]]></script></scriptTask>").encode(),
    "references by number": drawing("<task id='t' name='a&#10;b &#x5ba1; &amp;amp; &quot;'/>").encode(),
    "languages and spaces": drawing("<documentation xml:lang='zh' xml:space='preserve'> 行 </documentation>").encode(),
    "HTML in documentation": drawing(
        "<documentation textFormat='text/html'><p xmlns='http://www.w3.org/1999/xhtml'>a <b>b</b></p></documentation>"
    ).encode(),
    "typed expressions": drawing(
        "<exclusiveGateway id='g'/><sequenceFlow id='f2' sourceRef='g' targetRef='e'><conditionExpression "
        "xmlns:b='" + BPMN + "' xsi:type='b:tFormalExpression' language='http://www.w3.org/1999/XPath'>$a &gt; 1"
        "</conditionExpression></sequenceFlow>"
    ).encode(),
    "ids in the drawing used twice": drawing().replace(
        "</definitions>",
        "<bpmndi:BPMNDiagram id='d'><bpmndi:BPMNPlane id='d' bpmnElement='p'><bpmndi:BPMNShape id='x' bpmnElement='s'>"
        "<dc:Bounds x='1' y='2' width='36' height='36'/></bpmndi:BPMNShape><bpmndi:BPMNShape id='x' bpmnElement='gone'>"
        "<dc:Bounds x='NaN' y='-2' width='0' height='36'/></bpmndi:BPMNShape><bpmndi:BPMNEdge id='x' bpmnElement='f'>"
        "<di:waypoint x='1.5' y='2'/></bpmndi:BPMNEdge></bpmndi:BPMNPlane></bpmndi:BPMNDiagram></definitions>",
    ).encode(),
    "no drawing": drawing().encode(),
    "several processes and pools": drawing().replace(
        "</definitions>",
        "<process id='q' isExecutable='true'/><collaboration id='c'><participant id='a' processRef='p'/>"
        "<participant id='b' processRef='q'/><participant id='d'/><messageFlow id='m' sourceRef='s' targetRef='d'/>"
        "</collaboration></definitions>",
    ).encode(),
    "an empty collaboration": drawing().replace("</definitions>", "<collaboration id='c'/></definitions>").encode(),
    "nothing but definitions": f'<definitions xmlns="{BPMN}" targetNamespace="urn:t"/>'.encode(),
    "a conversation and a choreography": EVERYTHING.read_bytes(),
    "the draft namespace": drawing().replace(BPMN, "http://schema.omg.org/spec/BPMN/2.0").encode(),
    "unknown elements of the standard's namespace": drawing("<stage id='x'><step/></stage>").encode(),
    "attributes nobody knows": drawing("<task id='t' isHorizontal='true' colour='red'/>").encode(),
    "elements of no namespace": drawing("<extensionElements><x xmlns='' y='1'/></extensionElements>").encode(),
    "extensions outside their place": drawing("<v:odd xmlns:v='urn:v'><v:more/></v:odd>").encode(),
    "references that lead nowhere": drawing("<task id='t'><incoming>gone</incoming></task>").encode(),
    "no ids at all": (
        f'<definitions xmlns="{BPMN}" targetNamespace="urn:t"><process><task/><task/></process></definitions>'
    ).encode(),
    **{
        f"extensions of {tool}": drawing(
            f"<task id='t' v:x='1'><extensionElements>{more}{more}</extensionElements></task>", f'xmlns:v="{namespace}"'
        ).encode()
        for tool, (namespace, more) in VENDORS.items()
    },
}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_a_file_comes_in_and_goes_out_whole(name: str) -> None:
    source = FILES[name]

    diagram = read(source)
    check(diagram, rules="house")
    written = write(diagram)

    assert whole(written) == whole(plain(source))
    assert whole(write(read(written))) == whole(written)


def plain(source: bytes) -> bytes:
    """The same file in UTF-8 without a declaration, which is how a parser that trusts nothing gets it."""
    for mark, encoding in ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"), (b"\xef\xbb\xbf", "utf-8-sig")):
        if source.startswith(mark):
            text = source.decode(encoding)
            break
    else:
        declared = next((e for e in ("ISO-8859-1", "windows-1252", "GB18030") if e.encode() in source[:80]), "utf-8")
        text = source.decode(declared)
    text = text.strip()
    return (text.partition("?>")[2] if text.startswith("<?xml ") else text).encode()


def whole(source: bytes) -> bytes:
    """Everything that counts in XML: elements, attributes, texts, comments, instructions, in order."""
    parser = etree.XMLParser(resolve_entities=False, strip_cdata=True, huge_tree=False)
    return etree.tostring(etree.fromstring(source, parser), method="c14n", with_comments=True)


def reprefixed(source: bytes, prefix: str) -> bytes:
    """The same file with another prefix for the standard's namespace."""
    text = source.decode()
    old = "bpmn:"
    text = text.replace(f"<{old}", f"<{prefix}").replace(f"</{old}", f"</{prefix}").replace(f'"{old}t', f'"{prefix}t')
    declaration = f"xmlns:{prefix[:-1]}=" if prefix else "xmlns="
    return text.replace("xmlns:bpmn=", declaration).encode()


def shuffled(source: bytes, dice: random.Random) -> bytes:
    """The same file with attributes in another order and more space between elements."""
    root = etree.fromstring(source)
    for element in root.iter(etree.Element):
        attributes = list(element.attrib.items())
        dice.shuffle(attributes)
        for name in list(element.attrib):
            del element.attrib[name]
        for name, value in attributes:
            element.set(name, value)
        if len(element) and not (element.text or "").strip():
            element.text = "\n\t\t "
    return etree.tostring(root)


@pytest.mark.parametrize("prefix", ["", "bpmn2:", "semantic:", "model:", "ns0:", "b-p.m_n:"])
def test_a_prefix_makes_no_difference_to_what_is_understood(prefix: str) -> None:
    source = SHIPPED.read_bytes()

    same = read(reprefixed(source, prefix))

    assert same.elements == read(source).elements
    assert said(same) == said(read(source))


def test_the_order_of_attributes_and_the_space_between_elements_make_no_difference() -> None:
    source = SHIPPED.read_bytes()

    same = read(shuffled(source, random.Random(1)))

    assert {**same.elements}.keys() == read(source).elements.keys()
    assert said(same) == said(read(source))


def said(diagram: object) -> list[tuple[str, str | None, str]]:
    findings = check(diagram, rules="house")  # type: ignore[arg-type]
    return sorted((finding.rule, finding.element, finding.message) for finding in findings)


@pytest.mark.parametrize("name", ["a document type without entities", "a document type that names a file"])
def test_a_document_type_is_refused_even_when_it_is_harmless(name: str) -> None:
    kind = "<!DOCTYPE definitions>" if "without" in name else '<!DOCTYPE definitions SYSTEM "bpmn20.dtd">'

    with pytest.raises(DiagramError) as refused:
        read((kind + drawing()).encode())

    assert [finding.rule for finding in refused.value.findings] == ["file/doctype"]


def combinations(dice: random.Random) -> Iterator[bytes]:
    """Files with several habits at once."""
    habits: list[Callable[[str], str]] = [
        lambda text: text.replace("<process ", "<!-- habit --><process "),
        lambda text: text.replace("<task ", "<task v:x='1' xmlns:v='urn:9' "),
        lambda text: text.replace("</process>", "<textAnnotation><text> a\n b </text></textAnnotation></process>"),
        lambda text: text.replace("><", ">\r\n\t<"),
    ]  # fmt: skip
    for _file in range(120):
        text = drawing(
            "".join(
                f"<task id='t{tool}'><extensionElements><w:x xmlns:w='{VENDORS[tool][0]}'/></extensionElements></task>"
                for tool in dice.sample(sorted(VENDORS), 3)
            )
        )
        for habit in dice.sample(habits, dice.randint(1, 4)):
            text = habit(text)
        yield text.encode()


def test_habits_of_several_tools_in_one_file_survive_together() -> None:
    for source in combinations(random.Random(35)):
        assert whole(write(read(source))) == whole(source)
