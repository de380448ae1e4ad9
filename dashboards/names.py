"""The rule file that lets alerts and boards call a target by its name."""

import json

from dashboards.words import targets

_HEAD = """\
# 由 make dashboards 生成，请勿手改。告警与看板用它把目标的代号换成名称。
# Written by `make dashboards`; do not edit. Alerts and boards use it to call a target by its name.
groups:
  - name: campus-target-names
    rules:
"""
_RULE = """\
      - record: campus:target_name:info
        expr: vector(1)
        labels: {{target: {target}, zh: {zh}, en: {en}}}
"""


def rule_file() -> str:
    """One recorded series of value 1 for each target, with `target`, `zh` and `en`."""
    return _HEAD + "".join(
        _RULE.format(target=target, zh=json.dumps(name.zh, ensure_ascii=False), en=json.dumps(name.en))
        for target, name in targets().items()
    )
