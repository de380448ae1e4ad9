"""What the handlers find on the application."""

from aiohttp import web

from collector.district import District
from collector.intake import Intake
from collector.settings import CollectorSettings
from collector.slots import SlotBook

SCHOOL: web.RequestKey[str] = web.RequestKey("school", str)
"""The school that a request's credential belongs to."""
DISTRICT: web.AppKey[District] = web.AppKey("district", District)
INTAKE: web.AppKey[Intake] = web.AppKey("intake", Intake)
SETTINGS: web.AppKey[CollectorSettings] = web.AppKey("settings", CollectorSettings)
SLOTS: web.AppKey[SlotBook] = web.AppKey("slots", SlotBook)
