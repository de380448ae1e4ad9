"""The API describes itself, and what it says is what there is."""

import json
from pathlib import Path

from collector.api.description import description
from collector.district import District
from collector.policy import Policy
from collector.server import make_app
from collector.settings import CollectorSettings
from collector.store.database import Database


def test_every_path_of_the_api_is_described_and_no_other(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'campus.sqlite'}")
    app = make_app(CollectorSettings(), District(database, Policy()))
    served = {
        (route.method.lower(), resource.canonical)
        for resource in app.router.resources()
        for route in resource
        if resource.canonical.startswith("/api/") and route.method not in ("HEAD", "OPTIONS")
    }
    database.close()
    described = {(method, path) for path, methods in description()["paths"].items() for method in methods}
    assert described == served


def test_every_reference_leads_somewhere() -> None:
    document = description()
    text = json.dumps(document)
    names = {part.split('"')[0] for part in text.split("#/components/schemas/")[1:]}
    assert names
    assert names <= document["components"]["schemas"].keys()
