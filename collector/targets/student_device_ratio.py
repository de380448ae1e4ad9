"""Students per student terminal."""

from pydantic import PositiveFloat

from collector.evidence import Evidence
from collector.roster.model import School
from collector.targets._terminals import MEASURES, PROBE, RatioPolicy, judged
from collector.targets.base import Moment, Target
from collector.verdict import Verdict
from common.text import Text

ID = "student_device_ratio"
WHO = Text("学生数", "the number of students")


class StudentRatioPolicy(RatioPolicy):
    """The plan's ratio for students."""

    at_most: PositiveFloat = 6


def evaluate(school: School, evidence: Evidence, policy: StudentRatioPolicy, moment: Moment) -> Verdict:
    """Students / verified student terminals."""
    return judged(ID, "student", school, WHO, evidence, policy, moment)


TARGET = Target(
    id=ID,
    name=Text("生机比", "Students per terminal"),
    clause="生机比达 6:1",
    plan_row=5,
    unit="students_per_terminal",
    policy=StudentRatioPolicy,
    evaluate=evaluate,
    probes=(PROBE,),
    measures=MEASURES,
)
