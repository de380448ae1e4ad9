"""Writes the boards and the target names: `python -m dashboards.build`; with `--check` it only says what differs."""

import argparse
import sys
from pathlib import Path

from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard

from common.text import say
from dashboards import names, overview

ROOT = Path(__file__).parents[1]


def files() -> dict[Path, str]:
    """Every generated file, by its path from the project's root."""
    return {
        Path("dashboards/grafana/overview.json"): _json(overview.board()),
        Path("configs/prometheus/rules/target_names.yml"): names.rule_file(),
    }


def stale(root: Path = ROOT) -> list[Path]:
    """The generated files that are missing or differ from what would be written."""
    return [path for path, text in files().items() if not (root / path).is_file() or (root / path).read_text() != text]


def _json(board: Dashboard) -> str:
    return JSONEncoder(sort_keys=True, indent=2, ensure_ascii=False).encode(board) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m dashboards.build", description=__doc__)
    parser.add_argument("--check", action="store_true", help=say("只检查，不写文件", "only check, write nothing"))
    if parser.parse_args().check:
        differing = stale()
        for path in differing:
            print(
                say(f"{path} 已过时：请运行 make dashboards", f"{path} is out of date: run make dashboards"),
                file=sys.stderr,
            )
        return 1 if differing else 0
    for path, text in files().items():
        (ROOT / path).parent.mkdir(parents=True, exist_ok=True)
        (ROOT / path).write_text(text)
        print(path)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
