"""The JSON schema of the policy file, for editors: `python -m collector.policy_schema configs/policy.schema.json`."""

import json
import sys
from pathlib import Path
from typing import Any

from collector.policy import Policy


def policy_schema() -> dict[str, Any]:
    """What a policy file may hold, with the defaults of the profile `plan`."""
    schema = Policy.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def text() -> str:
    """The schema as the file that is kept beside configs/policy.yaml."""
    return json.dumps(policy_schema(), ensure_ascii=False, indent=2) + "\n"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(text(), encoding="utf-8")
