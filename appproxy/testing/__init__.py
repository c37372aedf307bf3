"""For tests of what you build on appproxy: service, connector, application and identity provider in memory.

Real parts on a network, a clock and threads that are made of memory, so that a test waits for nothing and opens no port.
"""

from appproxy.testing.browser import Browser, Page, SignInFailed
from appproxy.testing.forms import Form
from appproxy.testing.network import InlinePool, MemoryNetwork, NeverFired
from appproxy.testing.playground import Playground
from appproxy.testing.stand_in import StandInProvider
from appproxy.testing.transport import MemoryTransport

__all__ = [
    "Browser", "Form", "InlinePool", "MemoryNetwork", "MemoryTransport", "NeverFired", "Page", "Playground", "SignInFailed",
    "StandInProvider",
]
