"""Which policy and which roster held on a day."""

from collections.abc import Mapping
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from collector.days import Era, EraOf
from collector.policy import Policy
from collector.roster.model import School
from collector.store.database import Database
from collector.store.policies import PolicyRow, load_policies
from collector.store.rosters import RosterVersion, load_roster, roster_versions, version_on
from collector.store.verdicts import Versions

MAX_ROSTERS_HELD = 4


class Eras:
    """Every policy that was in force, and the rosters that were asked for lately."""

    def __init__(self, database: Database, present: Policy) -> None:
        self._database = database
        self._present = present
        self._policies: tuple[PolicyRow, ...] = ()
        self._versions: tuple[RosterVersion, ...] = ()
        self._rosters: dict[int, Mapping[str, School]] = {}

    def refresh(self, connection: Connection) -> None:
        """Look what is in the store by now."""
        if not self._policies:
            self._policies = load_policies(connection)
        self._versions = roster_versions(connection)

    def roster_version(self, day: date) -> int:
        """The version of the roster that holds on a day, 0 when there is none."""
        return version_on(self._versions, day)

    def schools(self, connection: Connection, version: int) -> Mapping[str, School]:
        """The schools of a version of the roster, by id."""
        if version not in self._rosters:
            if len(self._rosters) >= MAX_ROSTERS_HELD:
                self._rosters.pop(next(iter(self._rosters)))
            self._rosters[version] = {school.id: school for school in load_roster(connection, version).schools}
        return self._rosters[version]

    def at(self, connection: Connection) -> EraOf:
        """What holds on a day, as a function; its policy is the one in force when the day ended."""

        def era(day: date) -> Era:
            roster = self.roster_version(day)
            schools = self.schools(connection, roster) if roster else {}
            policy = self._policy_on(day)
            return Era(policy.policy, schools, Versions(policy.version, roster))

        return era

    def _policy_on(self, day: date) -> PolicyRow:
        end = datetime.combine(day, time.max, ZoneInfo(self._present.zone))
        begun = [row for row in self._policies if row.since <= end]
        return begun[-1] if begun else self._policies[0]
