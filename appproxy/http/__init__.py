"""HTTP/1.1 without input or output: heads, field lines, forwarding rules, cookies, bytes to messages and back."""

from appproxy.http.client import Body, End, Event, Head, Interim, ResponseReader
from appproxy.http.cookies import cut, find
from appproxy.http.fields import check_block, decode_block, drop, encode_block, values
from appproxy.http.forwarding import forwarded_block, forwarded_trailers
from appproxy.http.head import Fields, RequestHead
from appproxy.http.refused import Refused, names_a_user, refused_fields, same_spelling
from appproxy.http.request import HeadLimits
from appproxy.http.server import RequestReader
from appproxy.http.writer import chunk, last_chunk, request_bytes, response_bytes

__all__ = [
    "Body", "End", "Event", "Fields", "Head", "HeadLimits", "Interim", "Refused", "RequestHead", "RequestReader",
    "ResponseReader", "check_block", "chunk", "cut", "decode_block", "drop", "encode_block", "find", "forwarded_block",
    "forwarded_trailers", "last_chunk", "names_a_user", "refused_fields", "request_bytes", "response_bytes", "same_spelling",
    "values",
]
