"""gRPC through service and connector: a real client and a real server, four kinds of calls, deadlines, cancelled calls."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import pytest

from tests.end_to_end.system import System, shared_system
from tests.end_to_end.world import DOMAIN, until
from tests.pki.chains import CLIENT, Made, make, usage

_SERVICE = "sample.Talk"
#: More than travels on a signal connection, and more than a stream's first window.
_LARGE = bytes(range(256)) * 4096
_SECONDS = 30.0


class Talk:
    """The application. Messages are bytes: no generated code is needed for that."""

    def __init__(self) -> None:
        self.cancelled = threading.Event()
        self.metadata: dict[str, Any] = {}

    def unary(self, message: bytes, context: grpc.ServicerContext) -> bytes:
        """One message each way; says what to say beside it."""
        self.metadata = dict(context.invocation_metadata())
        context.set_trailing_metadata((("size", str(len(message))),))
        if message == b"fail":
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, "not today: ä")
        if message == b"slow":
            time.sleep(2)
        return message.upper()

    def server_stream(self, message: bytes, context: grpc.ServicerContext) -> Iterator[bytes]:
        """Many messages back."""
        for n in range(int(message)):
            yield b"%d" % n

    def client_stream(self, messages: Iterator[bytes], context: grpc.ServicerContext) -> bytes:
        """Many messages there."""
        return b"%d" % sum(len(message) for message in messages)

    def both(self, messages: Iterator[bytes], context: grpc.ServicerContext) -> Iterator[bytes]:
        """Each message is answered before the next one comes."""
        context.add_callback(self.cancelled.set)
        for message in messages:
            yield message.upper()


@pytest.fixture(scope="module")
def talk() -> Iterator[tuple[Talk, int]]:
    """A gRPC server on a free port of this machine."""
    application = Talk()
    server = grpc.server(ThreadPoolExecutor(20))
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(_SERVICE, {
        "Unary": grpc.unary_unary_rpc_method_handler(application.unary),
        "ServerStream": grpc.unary_stream_rpc_method_handler(application.server_stream),
        "ClientStream": grpc.stream_unary_rpc_method_handler(application.client_stream),
        "Both": grpc.stream_stream_rpc_method_handler(application.both),
    }),))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield application, port
    server.stop(None).wait()


@pytest.fixture(scope="module")
def system(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, talk: tuple[Talk, int]
) -> Iterator[System]:
    """The application is `grpc` for everybody, and `grpc-held` for alice."""
    found: System = shared_system(request, tmp_path_factory)
    found.repair()
    inside, settings = f"http://127.0.0.1:{talk[1]}/", {"protocol": "h2", "backend_timeout": "30"}
    found.application("grpc", inside, preauth="passthrough", settings=settings)
    found.application("grpc-held", inside, settings={**settings, "header.x-user-name": "name"})
    found.call("POST", "/applications/grpc-held/assignments", group="staff")
    yield found
    until(lambda: found.in_flight() == 0, "calls that are over still count", 20)


def _dial(system: System, name: str, *shown: bytes) -> grpc.Channel:
    """A client of the application, as it is reached from outside; it shows this key and chain, if any."""
    options = (("grpc.ssl_target_name_override", f"{name}.{DOMAIN}"), ("grpc.default_authority", system.host(name)),
               ("grpc.max_receive_message_length", 1 << 30))
    credentials = grpc.ssl_channel_credentials(system.anchor.read_bytes(), *shown)
    return grpc.secure_channel(f"127.0.0.1:{system.port}", credentials, options)


@pytest.fixture(scope="module")
def channel(system: System) -> Iterator[grpc.Channel]:
    """To the application for everybody."""
    with _dial(system, "grpc") as opened:
        yield opened


def _name(method: str) -> str:
    return f"/{_SERVICE}/{method}"


def test_one_message_each_way(channel: grpc.Channel, talk: tuple[Talk, int]) -> None:
    """Small and large, with metadata before and after."""
    call = channel.unary_unary(_name("Unary"))
    for message in (b"hello", b"", _LARGE):
        answer, done = call.with_call(message, metadata=(("x-word", "there"),), timeout=_SECONDS)
        assert answer == message.upper()
        assert dict(done.trailing_metadata())["size"] == str(len(message))
    assert talk[0].metadata["x-word"] == "there" and talk[0].metadata["x-forwarded-for"] == "127.0.0.1"


def test_a_status_is_the_applications(channel: grpc.Channel) -> None:
    """An error comes with its code and words, not as a page."""
    with pytest.raises(grpc.RpcError) as error:
        channel.unary_unary(_name("Unary"))(b"fail", timeout=_SECONDS)
    assert error.value.code() is grpc.StatusCode.FAILED_PRECONDITION
    assert error.value.details() == "not today: ä"


def test_an_unknown_method(channel: grpc.Channel) -> None:
    """An answer that is nothing but trailers passes too."""
    with pytest.raises(grpc.RpcError) as error:
        channel.unary_unary(_name("Nothing"))(b"", timeout=_SECONDS)
    assert error.value.code() is grpc.StatusCode.UNIMPLEMENTED


def test_a_refusal_in_the_middle_of_a_message(channel: grpc.Channel) -> None:
    """The application says no while the client still sends: its status comes, and not that the stream broke."""
    with pytest.raises(grpc.RpcError) as error:
        channel.unary_unary(_name("Unary"))(_LARGE * 16, timeout=_SECONDS)
    assert error.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED


def test_many_messages_back(channel: grpc.Channel) -> None:
    """In their order, all of them."""
    answers = channel.unary_stream(_name("ServerStream"))(b"2000", timeout=_SECONDS)
    assert list(answers) == [b"%d" % n for n in range(2000)]


def test_many_messages_there(channel: grpc.Channel) -> None:
    """16 MiB in pieces."""
    assert channel.stream_unary(_name("ClientStream"))(iter([_LARGE] * 16), timeout=_SECONDS) == b"%d" % (16 << 20)


def test_both_directions_at_any_time(channel: grpc.Channel) -> None:
    """Each answer is here before the next message is sent."""
    may_go = threading.Semaphore(0)

    def messages() -> Iterator[bytes]:
        for n in range(20):
            yield b"message %d" % n
            may_go.acquire()

    answers = channel.stream_stream(_name("Both"))(messages(), timeout=_SECONDS)
    for n in range(20):
        assert next(answers) == b"MESSAGE %d" % n
        may_go.release()
    assert list(answers) == []


def test_a_client_that_cancels(channel: grpc.Channel, talk: tuple[Talk, int]) -> None:
    """The application hears of it."""
    talk[0].cancelled.clear()
    never = threading.Event()

    def messages() -> Iterator[bytes]:
        yield b"first"
        never.wait(_SECONDS)

    answers = channel.stream_stream(_name("Both"))(messages(), timeout=_SECONDS)
    assert next(answers) == b"FIRST"
    answers.cancel()
    assert talk[0].cancelled.wait(10)
    never.set()


def test_a_deadline(channel: grpc.Channel) -> None:
    """The client's own deadline ends a call in time."""
    with pytest.raises(grpc.RpcError) as error:
        channel.unary_unary(_name("Unary"))(b"slow", timeout=0.5)
    assert error.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED


def test_who_has_signed_in_with_a_browser_may_call(system: System, talk: tuple[Talk, int]) -> None:
    """The access cookie is metadata: the application learns the name and does not see the cookie. Nobody else comes in."""
    visitor = system.visitor()
    visitor.sign_in(system.url("grpc-held"), "alice")
    cookie = visitor.cookie_field(f"grpc-held.{DOMAIN}")["Cookie"]
    talk[0].metadata = {}
    with _dial(system, "grpc-held") as held:
        call = held.unary_unary(_name("Unary"))
        with pytest.raises(grpc.RpcError) as error:
            call(b"hello", timeout=_SECONDS)
        assert error.value.code() is grpc.StatusCode.UNAUTHENTICATED and talk[0].metadata == {}
        assert call(b"hello", metadata=(("cookie", cookie),), timeout=_SECONDS) == b"HELLO"
    assert talk[0].metadata["x-user-name"] == "Alice" and "cookie" not in talk[0].metadata


def test_a_hundred_calls_at_once(channel: grpc.Channel) -> None:
    """On one connection, each with its own answer."""
    call = channel.unary_unary(_name("Unary"))
    waiting = [call.future(b"call %d" % n, timeout=_SECONDS) for n in range(300)]
    assert [one.result() for one in waiting] == [b"CALL %d" % n for n in range(300)]


def test_a_certificate_in_place_of_a_token(system: System, talk: tuple[Talk, int]) -> None:
    """A program proves itself by TLS over HTTP/2; without a certificate, or with another one, it is not let in."""
    authority = make("Plant Authority", authority=True)
    press = make("press-7", authority, extensions=(CLIENT, usage(True, False)))
    system.application("grpc-plant", f"http://127.0.0.1:{talk[1]}/", settings={
        "protocol": "h2", "header.x-machine": "name", "machine_authority": authority.pem, "machine_subjects": "CN=press-*"})

    def call(*shown: bytes) -> object:
        with _dial(system, "grpc-plant", *shown) as opened:
            try:
                return opened.unary_unary(_name("Unary"))(b"hello", timeout=_SECONDS)
            except grpc.RpcError as error:
                return error.code()

    def of(made: Made) -> tuple[bytes, bytes]:
        return made.key.encode(), made.pem.encode()

    until(lambda: call(*of(press)) == b"HELLO", "it is not let in", 20)
    assert talk[0].metadata["x-machine"] == "press-7"
    other = make("press-7", make("Plant Authority", authority=True), extensions=(CLIENT, usage(True, False)))
    for shown in (), of(other), of(make("lathe-1", authority, extensions=(CLIENT, usage(True, False)))):
        assert call(*shown) is grpc.StatusCode.UNAUTHENTICATED, shown
