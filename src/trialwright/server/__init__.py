"""The web server of the trial office: pages and interface over ``conduct``; it holds no rules of its own."""

from trialwright.server.app import create_app
from trialwright.server.loading import Hands, ListToUse, load_trial
from trialwright.server.settings import Rates, Settings

__all__ = ["Hands", "ListToUse", "Rates", "Settings", "create_app", "load_trial"]
