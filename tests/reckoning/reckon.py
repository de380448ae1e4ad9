"""Lays the district out as flat tables and lets the SQL of sql/ reckon each day's verdicts; knows no collector."""

import sqlite3
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.reckoning.calendar import CLOSES, DAYS, LOCAL, OPENS, SCHOOL_DAYS, at, midnight_after

SQL = Path(__file__).parent / "sql"
_LABELS = (
    "port", "ifindex", "role", "place", "table", "direction", "method", "limit", "destination", "ap", "ap_id", "state",
    "owner", "basis", "system", "service",
)  # fmt: skip
_UNUSED = {"by", "band", "iftype", "descr"}

_TABLES = """
CREATE TABLE calendar (day TEXT PRIMARY KEY, n INTEGER, is_school INTEGER, opens REAL, closes REAL, midnight REAL);
CREATE TABLE schools (
  school TEXT, since TEXT, until TEXT, stage TEXT, students INTEGER, teachers INTEGER, classes INTEGER,
  primary_students INTEGER, junior_students INTEGER, registered_students INTEGER, registered_teachers INTEGER,
  registered_shared INTEGER);
CREATE TABLE places (
  school TEXT, since TEXT, place TEXT, place_key TEXT, kind TEXT, seats INTEGER, teaching INTEGER, class_name TEXT);
CREATE TABLE devices (school TEXT, since TEXT, id_key TEXT, system TEXT, place_key TEXT);
CREATE TABLE runs (
  run INTEGER PRIMARY KEY, school TEXT, probe TEXT, device TEXT, device_key TEXT, at REAL, day TEXT, every REAL,
  outcome TEXT);
"""
_INDEXES = """
CREATE INDEX runs_day ON runs (school, day);
CREATE INDEX runs_device ON runs (school, probe, device, at);
CREATE INDEX readings_run ON readings (run, measure);
CREATE INDEX readings_measure ON readings (measure);
CREATE INDEX places_key ON places (school, since, place_key);
CREATE INDEX devices_key ON devices (school, since);
"""

Answer = dict[tuple[str, str, str], tuple[str, float | None]]
"""(school, target, day) -> (state, value where the rules give one)."""


def key(name: str) -> str:
    """A name as names are compared: full width and half width alike, no outer spaces."""
    return unicodedata.normalize("NFKC", name).strip()


def reckon(rosters: Sequence[tuple[str, str, Sequence[Mapping[str, Any]]]], runs: Iterable[Any]) -> Answer:
    """Every verdict of every school day. `rosters` are (first day, day after the last, schools as plain data)."""
    store = laid_out(rosters, runs)
    for script in sorted(SQL.glob("*.sql")):
        store.executescript(script.read_text(encoding="utf-8"))
    rows = store.execute("SELECT school, target, day, state, value FROM settled").fetchall()
    return {(school, target, day): (state, value) for school, target, day, state, value in rows}


def laid_out(
    rosters: Sequence[tuple[str, str, Sequence[Mapping[str, Any]]]], runs: Iterable[Any]
) -> sqlite3.Connection:
    """The flat tables that the SQL reads."""
    store = sqlite3.connect(":memory:")
    columns = ", ".join(f'"{label}" TEXT' for label in _LABELS)
    store.executescript(_TABLES)
    store.execute(
        "CREATE TABLE readings "
        f"(run INTEGER, measure TEXT, value REAL, {columns}, place_key TEXT, ap_key TEXT, ap_id_key TEXT)"
    )
    taught = {day: n for n, day in enumerate(SCHOOL_DAYS)}
    for day in DAYS:
        hours = at(day, OPENS.hour, OPENS.minute).timestamp(), at(day, CLOSES.hour, CLOSES.minute).timestamp()
        row = (day.isoformat(), taught.get(day), day in taught, *hours, midnight_after(day).timestamp())
        store.execute(_insert("calendar", 6), row)
    for since, until, schools in rosters:
        for school in schools:
            _school(store, since, until, school)
    _runs(store, runs)
    store.executescript(_INDEXES)
    store.execute("ANALYZE")
    return store


def _school(store: sqlite3.Connection, since: str, until: str, school: Mapping[str, Any]) -> None:
    own, register = school["id"], school.get("terminals") or {}
    numbers = [
        school[name] for name in ("stage", "students", "teachers", "classes", "primary_students", "junior_students")
    ]
    owned = [register.get(owner) for owner in ("student", "teacher", "shared")]
    store.execute(_insert("schools", 12), (own, since, until, *numbers, *owned))
    store.executemany(
        _insert("places", 8),
        [
            (own, since, p["id"], key(p["id"]), p["kind"], p["seats"], p["teaching"], p["class_name"])
            for p in school["places"]
        ],
    )
    store.executemany(
        _insert("devices", 5),
        [(own, since, key(d["id"]), d["system"], key(d["place"])) for d in school["devices"]],
    )


def _runs(store: sqlite3.Connection, runs: Iterable[Any]) -> None:
    kept: list[tuple[Any, ...]] = []
    told: list[tuple[Any, ...]] = []
    for number, run in enumerate(runs):
        day = run.at.astimezone(LOCAL).date().isoformat()
        kept.append(
            (
                number,
                run.school,
                run.probe,
                run.device,
                key(run.device),
                run.at.timestamp(),
                day,
                run.every,
                run.outcome,
            )
        )
        for measure, value, labels in run.readings:
            if strange := labels.keys() - _UNUSED - set(_LABELS):
                raise ValueError(f"{measure} has labels that the tables lack: {strange}")
            keys = (key(labels.get("place", "")), key(labels.get("ap", "")), key(labels.get("ap_id", "")))
            told.append((number, measure, value, *(labels.get(label) for label in _LABELS), *keys))
    store.executemany(_insert("runs", 9), kept)
    store.executemany(_insert("readings", 6 + len(_LABELS)), told)


def _insert(table: str, columns: int) -> str:
    return f"INSERT INTO {table} VALUES ({', '.join('?' * columns)})"  # noqa: S608
