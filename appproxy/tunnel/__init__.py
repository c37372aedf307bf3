"""The tunnel protocol without input or output: frames, messages, connections, exchanges, retry.

`docs/protocol.md` is the specification; its tables and vectors are checked against this package.
"""

from __future__ import annotations

from appproxy.tunnel.backoff import reconnect_delay, signal_delay
from appproxy.tunnel.connections.data import DataSession
from appproxy.tunnel.connections.signal import DrainState, Role, SignalSession, SignalState
from appproxy.tunnel.exchanges import (
    CONNECTOR_TRANSITIONS,
    SERVICE_TRANSITIONS,
    State,
    Step,
    advance,
    to_dot,
)
from appproxy.tunnel.frames import DATA_LIMITS, SIGNAL_LIMITS, Flag, Frame, FrameReader, Kind, encode
from appproxy.tunnel.ids import RequestIds
from appproxy.tunnel.limits import DEFAULT_LIMITS, TunnelLimits
from appproxy.tunnel.messages import (
    Attach,
    Goodbye,
    Hello,
    Load,
    Request,
    Welcome,
    decode_attach,
    decode_code,
    decode_configuration,
    decode_error,
    decode_hello,
    decode_load,
    decode_request,
    decode_response,
    decode_welcome,
    encode_attach,
    encode_code,
    encode_configuration,
    encode_error,
    encode_hello,
    encode_load,
    encode_request,
    encode_response,
    encode_welcome,
    request_flags,
)
from appproxy.tunnel.retry import IDEMPOTENT, may_retry

__all__ = [
    "CONNECTOR_TRANSITIONS",
    "DATA_LIMITS",
    "DEFAULT_LIMITS",
    "IDEMPOTENT",
    "SERVICE_TRANSITIONS",
    "SIGNAL_LIMITS",
    "Attach",
    "DataSession",
    "DrainState",
    "Flag",
    "Frame",
    "FrameReader",
    "Goodbye",
    "Hello",
    "Kind",
    "Load",
    "Request",
    "RequestIds",
    "Role",
    "SignalSession",
    "SignalState",
    "State",
    "Step",
    "TunnelLimits",
    "Welcome",
    "advance",
    "decode_attach",
    "decode_code",
    "decode_configuration",
    "decode_error",
    "decode_hello",
    "decode_load",
    "decode_request",
    "decode_response",
    "decode_welcome",
    "encode",
    "encode_attach",
    "encode_code",
    "encode_configuration",
    "encode_error",
    "encode_hello",
    "encode_load",
    "encode_request",
    "encode_response",
    "encode_welcome",
    "may_retry",
    "reconnect_delay",
    "request_flags",
    "signal_delay",
    "to_dot",
]
