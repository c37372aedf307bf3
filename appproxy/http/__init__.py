"""HTTP/1.1 without input or output: heads, field lines, forwarding rules, cookies, bytes to messages and back."""

from appproxy.http.cookies import cut, find
from appproxy.http.fields import check_block, decode_block, drop, encode_block, values
from appproxy.http.forwarding import forwarded_block, forwarded_trailers
from appproxy.http.h1.client import BodyPiece, End, Event, Head, Interim, ResponseReader
from appproxy.http.h1.request import HeadLimits
from appproxy.http.h1.server import RequestReader
from appproxy.http.h1.writer import chunk, last_chunk, request_bytes, response_bytes
from appproxy.http.head import Fields, RequestHead
from appproxy.http.refused import RefusedFields, names_a_user, refused_fields, same_spelling

__all__ = [
    "BodyPiece", "End", "Event", "Fields", "Head", "HeadLimits", "Interim", "RefusedFields", "RequestHead", "RequestReader",
    "ResponseReader", "check_block", "chunk", "cut", "decode_block", "drop", "encode_block", "find", "forwarded_block",
    "forwarded_trailers", "last_chunk", "names_a_user", "refused_fields", "request_bytes", "response_bytes", "same_spelling",
    "values",
]
