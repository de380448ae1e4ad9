"""The rule file that lets alerts and boards call a target by its name."""

import json

from dashboards.words import district_targets, targets

_HEAD = """\
# 由 make dashboards 生成，请勿手改。告警与看板用它把目标的代号换成名称。
# Written by `make dashboards`; do not edit. Alerts and boards use it to call a target by its name.
groups:
  - name: campus-target-names
    rules:
"""
_RULE = """\
      - record: campus:{kind}_name:info
        expr: vector(1)
        labels: {{target: {target}, zh: {zh}, en: {en}}}
"""


def rule_file() -> str:
    """One recorded series of value 1 for each target of schools and of the district, with `target`, `zh` and `en`."""
    return _HEAD + "".join(
        _RULE.format(kind=kind, target=target, zh=json.dumps(name.zh, ensure_ascii=False), en=json.dumps(name.en))
        for kind, names in (("target", targets()), ("district_target", district_targets()))
        for target, name in names.items()
    )
