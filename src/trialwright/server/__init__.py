"""The web server of the trial office: pages and interface over ``conduct``; it holds no rules of its own."""

from trialwright.server.app import create_app
from trialwright.server.first_day import Told, demonstration, first_people, practice, unseal_kept
from trialwright.server.house import Environment, House, open_house
from trialwright.server.loading import Hands, ListToUse, load_trial
from trialwright.server.provider import Provider
from trialwright.server.running import LOOPBACK, Address, serve
from trialwright.server.settings import Rates, Settings

__all__ = [
    "LOOPBACK",
    "Address",
    "Environment",
    "Hands",
    "House",
    "ListToUse",
    "Provider",
    "Rates",
    "Settings",
    "Told",
    "create_app",
    "demonstration",
    "first_people",
    "load_trial",
    "open_house",
    "practice",
    "serve",
    "unseal_kept",
]
