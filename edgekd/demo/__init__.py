"""The demo: a page that runs a bundle's student in the browser, built from the web sample and served."""

from __future__ import annotations

from edgekd.demo.server import DemoServer
from edgekd.demo.site import build_site, site_folder

__all__ = ["DemoServer", "build_site", "site_folder"]
