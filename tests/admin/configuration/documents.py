"""Documents of whole configurations, made by chance."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from tests.branding.pictures import in_base64, png

_WORDS = st.sampled_from(["alpha", "Beta", "gamma ray", "delta/"[:5], "épsilon", "zeta-7"])
_GROUPS, _APPS = ["staff", "Crew", "night shift"], ["wiki", "mail", "Payroll", "files"]
_LOGOS = ["", *(in_base64(png(grey=grey)) for grey in (1, 2))]
#: For good, also as a maintainer, or until a moment: the tests' own time is 2026-07-01T00:00:00Z.
_LASTING: st.SearchStrategy[dict[str, Any]] = st.sampled_from([{}, {"maintainer": True}, *({"expires": text} for text in (
    "2026-07-01T00:00:01Z", "2026-08-01T12:00:00Z", "2026-08-01T14:00:00+02:00", "2026-06-30T23:59:59Z"))])
_ORIGINS = ["https://a.example.org", "https://b.example.org:8443"]


def _named(names: list[str], entry: Any, least: int = 0) -> st.SearchStrategy[list[dict[str, Any]]]:
    """A list of entries with different names."""
    return st.lists(st.sampled_from(names), min_size=least, unique=True).flatmap(
        lambda chosen: st.tuples(*(entry(name) for name in chosen)).map(list))


def _maybe(**fields: Any) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=fields)


def _with(entry: dict[str, Any], *parts: dict[str, Any]) -> dict[str, Any]:
    made = dict(entry)
    for part in parts:
        made |= part
    return made


def _segments(name: str) -> Any:
    hosts = st.lists(st.sampled_from(["one", "two"]), unique=True)
    return hosts.map(lambda found: [
        {"external": f"https://{name.lower()}-{host}.example.com/", "internal": f"http://{host}/"} for host in found])


_CORS = st.lists(st.sampled_from(["/", "/api/", "/v1/"]), unique=True).flatmap(lambda places: st.tuples(*(
    st.builds(_with, st.just({"resource": place}), st.fixed_dictionaries(
        {"origins": st.lists(st.sampled_from(_ORIGINS), min_size=1, unique=True)}, optional={
            "methods": st.lists(st.sampled_from(["PUT", "DELETE"]), unique=True), "credentials": st.booleans(),
            "headers": st.lists(st.sampled_from(["x-a", "x-b"]), unique=True), "max_age": st.integers(0, 600)}))
    for place in places)).map(list))
_SETTINGS = _maybe(
    strict=st.sampled_from(["yes", "no"]), tags=st.sampled_from(["a", "b,c"]), session_hours=st.sampled_from(["7", "1.5"]),
    assignment_required=st.sampled_from(["yes", "no"]),
    **{"request.x-region": st.sampled_from(["eu", "us"]), "header.x-user": st.just("email")})


def _assigned(group: str) -> st.SearchStrategy[dict[str, Any]]:
    return _LASTING.map(lambda lasts: {"group": group, **lasts})


def _application(groups: list[str], connector_groups: list[str], providers: list[str]) -> Any:
    def make(name: str) -> Any:
        chosen = st.lists(st.sampled_from(groups), unique=True) if groups else st.just([])
        assigned = chosen.flatmap(lambda found: st.tuples(*map(_assigned, found)).map(list))
        host = st.sampled_from(["", "-new"]).map(lambda more: f"https://{name.lower()}{more}.example.com/")
        return st.builds(_with, st.just({"name": name}), st.fixed_dictionaries(
            {"external": host, "internal": st.sampled_from(["http://in/", "https://in.local/x/"])}, optional={
                "connector_group": st.sampled_from([*connector_groups, "default"]), "settings": _SETTINGS,
                "segments": _segments(name), "cors": _CORS, "assignments": assigned,
                "providers": st.permutations(["builtin", *providers[:1]]), "logo": st.sampled_from(_LOGOS)}))
    return make


def _policy(groups: list[str], applications: list[str], locations: list[str]) -> Any:
    who = st.sampled_from(["all", *(f"group:{one}" for one in groups)])
    what = st.sampled_from(["all", *applications])
    return lambda name: st.builds(_with, st.just({"name": name, "grant": {"require": ["mfa"]}}), st.fixed_dictionaries(
        {"state": st.sampled_from(["on", "off", "report-only"]), "users": who.map(lambda one: {"include": [one]}),
         "applications": what.map(lambda one: {"include": [one]})}, optional={
             "message": st.sampled_from(["no", "Ask the help desk."]), **({
                 "conditions": st.sampled_from(locations).map(lambda one: {"locations": {"exclude": [one]}})}
                 if locations else {})}))


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    """One whose entries name each other; all in it can be."""
    connector_groups = draw(_named(["lab", "Branch 2"], lambda name: _maybe(needs_approval=st.booleans()).map(
        lambda more: {"name": name, **more})))
    groups = draw(_named(_GROUPS, lambda name: st.just({"name": name})))
    providers = draw(_named(["corp"], lambda name: st.builds(
        _with, st.just({"name": name, "issuer": "https://corp.example/", "client_id": "c", "client_secret": "s"}),
        _maybe(session_hours=st.sampled_from([1.0, 8.0]), scopes=st.permutations(["openid", "email"]),
               settings=st.just({"prompt": "login"})))))
    locations = draw(_named(["office", "Home"], lambda name: st.builds(
        _with, st.just({"name": name}), st.fixed_dictionaries(
            {"networks": st.lists(st.sampled_from(["192.0.2.0/24", "2001:db8::/32"]), min_size=1, unique=True)},
            optional={"trusted": st.booleans()}))))
    names = [[one["name"] for one in part] for part in (groups, connector_groups, providers, locations)]
    applications = draw(_named(_APPS, _application(*names[:3])))
    called = [one["name"] for one in applications]
    made: dict[str, Any] = {
        "format": 1, "connector_groups": connector_groups, "groups": groups, "providers": providers, "locations": locations,
        "applications": applications, "policies": draw(_named(["strong", "Nights"], _policy(names[0], called, names[3]))),
        "second_factors": [{"group": one, "grace": 3600.0} for one in names[0][:1]],
        "native_clients": draw(_named(["cli"], lambda name: st.just(
            {"name": name, "applications": called[:2], "device_codes": True}))) if called else [],
        "clients": draw(_named(["shop"], lambda name: st.just(
            {"name": name, "redirect_uris": ["https://shop.example.com/cb"], "secret": "x" * 43}))),
        "roles": [{"role": "reader", "group": one} for one in names[0]],
        "branding": draw(_maybe(name=st.just("Example"), accent=st.just("#0b5cad"))),
    }  # fmt: skip
    return made
