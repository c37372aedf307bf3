"""For tests of what you build on appproxy: service, connector, application and identity provider in memory.

Real parts on a network, a clock and threads that are made of memory, so that a test waits for nothing and opens no port.
"""

from appproxy.net.descriptors.in_process import InProcessTransport
from appproxy.testing.browser import Browser, Page, SignInFailed
from appproxy.testing.forms import Form
from appproxy.testing.network import InlinePool, MemoryNetwork, NeverFired
from appproxy.testing.playground import Playground
from appproxy.testing.stand_in import StandInProvider

__all__ = [
    "Browser", "Form", "InProcessTransport", "InlinePool", "MemoryNetwork", "NeverFired", "Page", "Playground", "SignInFailed",
    "StandInProvider",
]
