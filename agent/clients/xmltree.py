"""XML of a device, by expat: no document type, so that nothing can be declared or expanded; bounded depth and size."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.parsers import expat

from agent.errors import Malformed

MAX_DEPTH = 32
MAX_ELEMENTS = 20_000


@dataclass(slots=True)
class Element:
    """One element. Names are without their prefix: devices choose prefixes and namespaces as they like."""

    name: str
    attributes: dict[str, str] = field(default_factory=dict)
    children: list["Element"] = field(default_factory=list)
    text: str = ""

    def every(self, *names: str) -> Iterator["Element"]:
        """Elements at the end of a path of child names, which are compared without regard to case: firmware of one
        maker writes both `hdd` and `HDD`."""
        if not names:
            yield self
            return
        for child in self.children:
            if child.name.lower() == names[0].lower():
                yield from child.every(*names[1:])

    def all(self, name: str) -> Iterator["Element"]:
        """Every element of a name below this one, however deep."""
        for child in self.children:
            if child.name.lower() == name.lower():
                yield child
            yield from child.all(name)

    def first(self, *names: str) -> "Element | None":
        return next(self.every(*names), None)

    def value(self, *names: str) -> str | None:
        """The text at the end of a path; None where there is no such element or it is empty."""
        found = self.first(*names)
        return (found.text.strip() or None) if found else None

    def whole(self, *names: str) -> int | None:
        """The number at the end of a path; None where there is none. Raises Malformed for one that is no number."""
        value = self.value(*names)
        if value is None:
            return None
        if not value.isascii() or not value.isdigit() or len(value) > 18:
            raise Malformed(f"{names[-1]} is no number: {value[:40]!r}")
        return int(value)


def parse(body: bytes) -> Element:
    """The root element. Raises Malformed for what is no XML, declares a document type, or is too deep or too large."""
    root = Element("")
    path = [root]
    seen = 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal seen
        seen += 1
        if seen > MAX_ELEMENTS or len(path) > MAX_DEPTH:
            raise Malformed("the XML is too deep or has too many elements")
        element = Element(_local(name), {_local(key): value for key, value in attributes.items()})
        path[-1].children.append(element)
        path.append(element)

    def end(name: str) -> None:
        path.pop()

    def text(data: str) -> None:
        path[-1].text += data

    def doctype(*_: object) -> None:
        raise Malformed("the XML declares a document type, which is not accepted")

    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = text
    parser.StartDoctypeDeclHandler = doctype
    try:
        parser.Parse(body, True)
    except (expat.ExpatError, LookupError, ValueError) as error:  # the latter two: an encoding that Python lacks
        raise Malformed(f"no well-formed XML: {error}"[:200]) from error
    return root.children[0]


def _local(name: str) -> str:
    return name.rpartition(":")[2]
