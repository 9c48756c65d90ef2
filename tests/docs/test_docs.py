"""The documentation says what the code does: commands, links and examples are tried out."""

import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import click
import pytest

from scripts import make_api_doc, make_configuration_doc, make_metrics_doc
from stream_monitor.alerts.event import AlertEvent, alert_id
from stream_monitor.alerts.telling import worded
from stream_monitor.cli.main import cli
from stream_monitor.config.load import load
from stream_monitor.detectors.verdict import Family, State, Verdict
from stream_monitor.errors import Reason
from stream_monitor.events.batch import Decoded, Record
from stream_monitor.events.decode import Decoder
from stream_monitor.events.labels import DecodedLabels, LabelDecoder
from stream_monitor.events.limits import Limits
from stream_monitor.pipeline.engine import LocalEngine
from stream_monitor.reference.registry import References
from stream_monitor.testing.kafka import KAFKA_VERSION
from tests.pipeline.events import SETTINGS, Event, log, reference

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted(
    [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *DOCS.rglob("*.md")]
)
FENCE = re.compile(r"^(?P<fence>`{3,})(?P<info>[^\n`]*)\n(?P<body>.*?)^(?P=fence)\s*$", re.M | re.S)
LINK = re.compile(r"(?<!!)\[[^\]\n]*\]\((?P<target>[^)\s]+)\)")
IMAGE = re.compile(r"!\[[^\]\n]*\]\((?P<target>[^)\s]+)\)")
#: The second word of a fenced block whose text is tried out here.
MARKS = {
    "client",
    "event",
    "label",
    "arrow",
    "configuration",
    "verdict",
    "alert",
    "report",
    "scenario",
}
ARRIVED_MS = 1_790_000_200_000  # when the records of the examples came


@dataclass(frozen=True)
class Block:
    """A fenced block: where it stands, its language, what else its first line says, its text."""

    page: Path
    language: str
    marks: tuple[str, ...]
    body: str

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}: {self.body[:60]!r}"


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8") if page.exists() else ""


def all_blocks() -> list[Block]:
    found = []
    for page in PAGES:
        for match in FENCE.finditer(text_of(page)):
            language, *marks = match["info"].split() or [""]
            found.append(Block(page, language, tuple(marks), match["body"]))
    return found


BLOCKS = all_blocks()


def marked(mark: str) -> list[Block]:
    return [block for block in BLOCKS if mark in block.marks]


def command_lines(block: Block) -> Iterator[str]:
    """The commands of a console or shell block; in a console block what follows a ``$``."""
    joined = re.sub(r"\\\n\s*", " ", block.body)
    for line in joined.splitlines():
        if block.language == "console":
            if line.startswith("$ "):
                yield line[2:]
        elif line.strip() and not line.lstrip().startswith("#"):
            yield line.strip()


def ours(line: str) -> Iterator[list[str]]:
    """The arguments of every call of stream-monitor in a line, pipes and redirections cut off."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars="|&;<>")
    lexer.whitespace_split = True
    call: list[str] | None = None
    for word in lexer:
        if set(word) <= set("|&;<>"):
            if call is not None:
                yield call
            call = None
        elif call is not None:
            call.append(word)
        elif word == "stream-monitor" or word.endswith("/stream-monitor"):
            call = []
    if call is not None:
        yield call


CALLS = [
    pytest.param(call, id=f"{name_of(block.page)}: {' '.join(call)[:70]}")
    for block in BLOCKS
    if block.language in ("console", "bash", "sh", "shell")
    for line in command_lines(block)
    for call in ours(line)
]


def parse(args: list[str]) -> None:
    """Parse a command line as the program does, without running the command."""
    command: click.Command = cli
    context = click.Context(cli, info_name="stream-monitor")
    rest = args
    while isinstance(command, click.Group) and rest and not rest[0].startswith("-"):
        found = command.get_command(context, rest[0])
        if found is None:
            raise click.UsageError(f"there is no command {rest[0]}")
        command, name, rest = found, rest[0], rest[1:]
        context = click.Context(command, info_name=name, parent=context)
    try:
        command.make_context(context.info_name, list(rest), parent=context.parent)
    except click.exceptions.Exit:  # --help and --version
        return


def decode(value: bytes, headers: list[tuple[str, bytes]] | None = None) -> Decoded:
    record = Record("predictions", 0, 0, ARRIVED_MS, value, headers=headers or [])
    return Decoder(Limits()).decode([record])


def decode_label(value: bytes) -> DecodedLabels:
    return LabelDecoder(Limits()).decode([Record("labels", 0, 0, ARRIVED_MS, value)])


def heading_anchors(page: Path) -> set[str]:
    """The anchors that GitHub gives a page's headings."""
    text = FENCE.sub("", text_of(page))
    headings = re.findall(r"^#+ (.*)$", text, re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_page_is_there_and_begins_with_its_title(page: Path) -> None:
    assert page.exists()
    assert text_of(page).startswith("# ")


@pytest.mark.parametrize("args", CALLS)
def test_every_command_in_the_documentation_is_one_that_the_program_takes(args: list[str]) -> None:
    parse(args)


def test_commands_that_the_program_does_not_take_are_seen() -> None:
    for wrong in (["worker", "--confg", "x"], ["topics", "make"], ["reference", "build"]):
        with pytest.raises(click.UsageError):
            parse(wrong)
    line = "ls && .venv/bin/stream-monitor config show --json | head -3 > out  # look"
    assert list(ours(line)) == [["config", "show", "--json"]]


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    text = FENCE.sub("", text_of(page))
    for match in [*LINK.finditer(text), *IMAGE.finditer(text)]:
        target, _, anchor = match["target"].partition("#")
        if re.match(r"[a-z]+:", target):
            continue
        there = (page.parent / target).resolve() if target else page
        assert there.exists(), f"{name_of(page)} links to {match['target']}"
        assert there.is_relative_to(ROOT), f"{name_of(page)} links to {match['target']}"
        if anchor and there.suffix == ".md":
            assert anchor in heading_anchors(there), f"{name_of(page)}: {match['target']}"


@pytest.mark.parametrize("block", marked("event"), ids=str)
def test_every_event_in_the_documentation_is_read(block: Block) -> None:
    decoded = decode(block.body.encode())
    assert decoded.rejected == ()
    assert sum(map(len, decoded.batches)) >= 1


@pytest.mark.parametrize("block", marked("arrow"), ids=str)
def test_the_arrow_message_in_the_documentation_is_read(block: Block) -> None:
    made: dict[str, Any] = {}
    exec(block.body, made)
    decoded = decode(made["value"], made["headers"])
    assert decoded.rejected == ()
    assert [(batch.model, len(batch)) for batch in decoded.batches] == [("credit-risk", 2)]


@pytest.mark.parametrize("block", marked("label"), ids=str)
def test_every_label_in_the_documentation_is_read(block: Block) -> None:
    decoded = decode_label(block.body.encode())
    assert decoded.rejected == ()
    assert sum(map(len, decoded.batches)) >= 1


def refused(mark: str) -> list[Block]:
    return [block for block in BLOCKS if any(m.startswith(f"{mark}:") for m in block.marks)]


@pytest.mark.parametrize("block", refused("rejected"), ids=str)
def test_every_refused_message_is_refused_for_the_reason_given(block: Block) -> None:
    (rejected,) = decode(block.body.encode()).rejected
    assert block.marks == (f"rejected:{rejected.reason}",)


@pytest.mark.parametrize("block", refused("label-rejected"), ids=str)
def test_every_refused_label_is_refused_for_the_reason_given(block: Block) -> None:
    (rejected,) = decode_label(block.body.encode()).rejected
    assert block.marks == (f"label-rejected:{rejected.reason}",)


def test_the_page_on_events_has_every_format_and_every_reason() -> None:
    text = text_of(DOCS / "events.md")
    table = text[text.index("| reason |") :]
    assert set(re.findall(r"^\| `(\w+)` \|", table, re.M)) == set(Reason)
    of_labels = text[text.index("| why a label is refused |") :].partition("\n\n")[0]
    in_first_cells = " ".join(re.findall(r"^\| (`.*?) \|", of_labels, re.M))
    assert set(re.findall(r"`(\w+)`", in_first_cells)) == set(Reason)
    assert len(marked("event")) >= 4
    assert len(marked("label")) >= 2
    assert len(refused("label-rejected")) >= 3
    assert len(marked("arrow")) == 1
    limits = Limits()
    for limit in (limits.max_features, limits.max_rows, limits.max_values):
        assert f"{limit:,}" in text


@pytest.mark.parametrize("block", marked("configuration"), ids=str)
def test_every_configuration_in_the_documentation_is_accepted(block: Block) -> None:
    load(block.body, {}, name_of(block.page))


def test_the_pages_have_configurations_to_be_tried() -> None:
    assert marked("configuration")


def test_variables_in_the_documentation_are_settings() -> None:
    for block in BLOCKS:
        found = re.findall(r"\b(STREAM_MONITOR_\w+)=(\S+)", block.body)
        if block.language in ("console", "bash", "sh", "shell"):
            load(None, dict(found), name_of(block.page))


def test_verdicts_alerts_and_reports_have_the_fields_of_the_code() -> None:
    (verdict,), (alert,), (report,) = (
        [json.loads(block.body) for block in marked(mark)]
        for mark in ("verdict", "alert", "report")
    )
    assert set(verdict) <= {field.name for field in fields(Verdict)}
    event = AlertEvent.from_dict(alert)
    key = (event.model, *event.key, event.start_pane_ms, event.reference_hash)
    assert alert == worded(replace(event, alert_id=alert_id(*key))).to_dict()
    engine = LocalEngine(SETTINGS, References(reference()))
    events = [Event(at_ms=at, x=1.0, c="a", prediction="1") for at in range(0, 90_000, 1_000)]
    documents = [*engine.feed(0, log(events)), *engine.finish()]
    written = next(each.document for each in documents if each.stream == "reports")
    assert list(report) == list(written)
    assert set(report["window"]) == set(written["window"])
    assert set(report["confusion"]) == set(written["confusion"])
    assert {v["monitor"] for v in written["verdicts"]} <= set(
        re.findall(r"`(\w+)`", text_of(DOCS / "verdicts.md"))
    )
    assert verdict["family"] in set(Family)
    assert verdict["state"] in set(State)


def test_the_metrics_page_is_up_to_date() -> None:
    assert text_of(DOCS / "metrics.md") == make_metrics_doc.render()


def test_the_table_of_settings_is_up_to_date() -> None:
    text = text_of(DOCS / "configuration.md")
    assert text == make_configuration_doc.page(text)


def test_the_table_of_paths_is_up_to_date() -> None:
    text = text_of(DOCS / "api.md")
    assert text == make_api_doc.page(text)


def test_metrics_named_in_the_documentation_are_there() -> None:
    # the client's page is held against its code by tests/client/test_exposition.py
    known = text_of(DOCS / "metrics.md") + text_of(DOCS / "client.md")
    for page in PAGES:
        for name in re.findall(r"\bstream_monitor_[a-z_]+(?=[`{ ]|$)", text_of(page), re.M):
            if not (ROOT / "stream_monitor").joinpath(name).exists():
                assert f"`{name}`" in known, f"{name_of(page)} names {name}"


def test_the_page_on_versions_has_those_that_are_locked_and_tested() -> None:
    text = text_of(DOCS / "kafka-versions.md")
    assert f"| Apache Kafka | {KAFKA_VERSION}" in text
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    for package in ("faust-streaming", "aiokafka", "confluent-kafka"):
        (locked,) = re.findall(rf"^{package}==(.+)$", lock, re.M)
        assert re.search(rf"{package}[^\n]*{re.escape(locked)}", text), f"{package} {locked}"


def test_the_lock_names_packages_and_versions_and_nothing_of_a_machine() -> None:
    lines = (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
    assert [
        line
        for line in lines
        if not line.startswith("#") and not re.fullmatch(r"[\w.-]+==[\w.+!]+", line)
    ] == []
    assert not any(line.lower().startswith("stream-monitor") for line in lines)


def test_files_named_in_the_documentation_are_there() -> None:
    pattern = re.compile(
        r"`((?:stream_monitor|tests|docs|scripts|deploy|benchmarks)/[\w./-]+|\.ci/run|Dockerfile"
        r"|docker-compose\.yml|monitor\.example\.yaml|requirements\.lock)`"
    )
    for page in PAGES:
        for path in pattern.findall(text_of(page)):
            assert (ROOT / path).exists(), f"{name_of(page)} names {path}"


def test_every_decision_has_a_context_a_decision_consequences_and_a_way_back() -> None:
    index = text_of(DOCS / "adr" / "README.md")
    pages = sorted((DOCS / "adr").glob("0*.md"))
    assert len(pages) >= 8
    for page in pages:
        headings = re.findall(r"^## (.*)$", text_of(page), re.M)
        assert {"Context", "Decision", "Consequences", "To undo"} <= set(headings), page.name
        assert f"({page.name})" in index


def test_examples_are_marked_by_a_word_that_is_tried_here() -> None:
    unknown = {
        mark
        for block in BLOCKS
        for mark in block.marks
        if mark not in MARKS and not mark.startswith(("rejected:", "label-rejected:"))
    }
    assert unknown == set()
