"""Teachers per teacher terminal."""

from pydantic import PositiveFloat

from collector.evidence import Evidence
from collector.roster.model import School
from collector.targets._terminals import MEASURES, PROBE, RatioPolicy, judged
from collector.targets.base import Moment, Target
from collector.verdict import Verdict
from common.text import Text

ID = "teacher_device_ratio"
WHO = Text("教师数", "the number of teachers")


class TeacherRatioPolicy(RatioPolicy):
    """The plan's ratio for teachers."""

    at_most: PositiveFloat = 1


def evaluate(school: School, evidence: Evidence, policy: TeacherRatioPolicy, moment: Moment) -> Verdict:
    """Teachers / verified teacher terminals."""
    return judged(ID, "teacher", school, WHO, evidence, policy, moment)


TARGET = Target(
    id=ID,
    name=Text("师机比", "Teachers per terminal"),
    clause="师机比达 1:1",
    plan_row=6,
    unit="teachers_per_terminal",
    policy=TeacherRatioPolicy,
    evaluate=evaluate,
    probes=(PROBE,),
    measures=MEASURES,
)
