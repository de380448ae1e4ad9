"""`campus-agent packs`, as a table for a person or as JSON."""

import json
from collections.abc import Mapping

from rich.console import Console
from rich.table import Table
from rich.text import Text as Styled

from agent.packs.fit import Answers, Fit
from agent.packs.model import Pack
from common.text import machine_language, say


def show_packs(packs: Mapping[str, Pack], as_json: bool) -> None:
    """Every pack with the vendor and the sysObjectIDs that it speaks for."""
    if as_json:
        print(json.dumps([_pack(pack) for pack in packs.values()], ensure_ascii=False))
        return
    table = Table(pad_edge=False)
    for heading in (say("设备包", "pack"), say("厂商", "vendor"), "sysObjectID"):
        table.add_column(heading, overflow="fold")
    for pack in packs.values():
        table.add_row(pack.id, _vendor(pack), "\n".join(pack.recognise))
    Console().print(table)


def show_fits(device: str, answers: Answers, as_json: bool) -> bool:
    """What the device answered to each pack, the best first. Returns whether any fits."""
    best = answers.fits[0] if answers.fits and answers.fits[0].answers else None
    if as_json:
        document = {
            "device": device,
            "sysObjectID": answers.object_id,
            "sysDescr": answers.descr,
            "fits": best.pack.id if best else None,
            "packs": [{**_pack(fit.pack), **_answer(fit)} for fit in answers.fits],
        }
        print(json.dumps(document, ensure_ascii=False))
        return best is not None
    console = Console()
    console.print(Styled(f"{device}: sysObjectID {answers.object_id or '—'}, {' '.join(answers.descr.split())}"))
    table = Table(pad_edge=False)
    for heading in (say("设备包", "pack"), say("厂商", "vendor"), say("所答", "answered")):
        table.add_column(heading, overflow="fold")
    for fit in answers.fits:
        table.add_row(Styled(f"{'✔' if fit is best else ' '} {fit.pack.id}"), _vendor(fit.pack), _why(fit))
    console.print(table)
    if best is None:
        console.print(say("没有适用的设备包；见 docs/adding-a-device.md", "no pack fits; see docs/adding-a-device.md"))
    return best is not None


def _why(fit: Fit) -> str:
    if fit.root is None:
        missing = ", ".join(fit.pack.roots)
        matches = say("sysObjectID 相符，但", "sysObjectID matches, but ") if fit.by_object_id else ""
        return matches + say(f"没有 {missing}", f"nothing under {missing}")
    said = [say("sysObjectID 相符", "sysObjectID matches")] if fit.by_object_id else []
    if fit.rows:
        said.append(say(f"{fit.rows} 个 AP", f"{fit.rows} access points"))
    if fit.alone:
        said.append(say("自身就是 AP", "is an access point itself"))
    if fit.scalars:
        said.append(say(f"{fit.scalars} 个计数", f"{fit.scalars} counts"))
    if fit.pack.access_points and not fit.rows and not fit.alone:
        said.append(say(f"有 {fit.root}，但 AP 表为空", f"{fit.root} is there, its table of access points is empty"))
    if not fit.pack.access_points and not fit.alone and not fit.scalars:
        said.append(say(f"有 {fit.root}，但没有所需的列", f"{fit.root} is there, the columns are not"))
    return say("，", ", ").join(said)


def _vendor(pack: Pack) -> str:
    return pack.vendor.zh if machine_language() == "zh" else pack.vendor.en


def _pack(pack: Pack) -> dict[str, object]:
    return {"id": pack.id, "vendor": {"zh": pack.vendor.zh, "en": pack.vendor.en}, "recognise": list(pack.recognise)}


def _answer(fit: Fit) -> dict[str, object]:
    return {
        "root": fit.root,
        "access_points": fit.rows,
        "counts": fit.scalars,
        "stand_alone": fit.alone,
        "sysObjectID_matches": fit.by_object_id,
        "why": _why(fit),
    }
