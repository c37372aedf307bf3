"""Names of request fields that users may not send on to an application, in the one spelling that all readers share.

Three kinds: fields of the connection, the word of a trusted proxy, and who the user is. The first two are refused always.
Of the third, an application may say that its users send some themselves.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

#: CGI, WSGI and PHP show `X_User`, and older servers also `X.User`, as the same variable as `X-User`.
_SPELLING = bytes(byte if bytes([byte]).isalnum() else 0x2D for byte in range(256)).lower()

#: Meant for this connection (RFC 9110 section 7.6.1), or made afresh for the next one.
OF_THE_CONNECTION = frozenset(
    b"connection content-length expect host http2-settings keep-alive proxy-authenticate proxy-authorization "
    b"proxy-connection te trailer transfer-encoding upgrade".split())
#: What applications read as the word of a trusted proxy: who the client is, which host, scheme and path it asked for.
#: `proxy` is no field at all, but CGI makes HTTP_PROXY of it (CVE-2016-5385).
WORDS_OF_PROXIES = frozenset(
    b"cf-connecting-ip cf-connecting-ipv6 cf-pseudo-ipv4 cf-visitor client-ip cloudfront-forwarded-proto "
    b"cloudfront-viewer-address fastly-client-ip fly-client-ip forwarded forwarded-for forwarded-proto front-end-https proxy "
    b"proxy-client-ip true-client-ip wl-proxy-client-ip x-arr-ssl x-azure-clientip x-azure-socketip x-client-ip "
    b"x-cluster-client-ip x-envoy-external-address x-forwarded x-host x-originating-ip x-real-ip "
    b"x-remote-addr x-remote-ip x-request-id x-rewrite-url x-scheme x-url-scheme".split())
_PROXY_PREFIXES = (b"x-appproxy-", b"x-forwarded-", b"x-original-")

#: Who the user is, as applications are told by a proxy that they trust; each was found in the manual of one that sets or
#: reads it. What proves itself passes: Authorization, and keys and tokens that programs send (X-Auth-Token, X-Auth-Key,
#: X-API-Key, X-Access-Token, and the X-User-Id that Rocket.Chat's clients send beside a token).
IDENTITY_NAMES = frozenset(
    # CGI's variables and IIS's; Authelia, authentik, Trac, Nagios, Zabbix, Guacamole, FreshRSS and many others read them.
    b"auth-user logon-user remote-email remote-groups remote-name remote-user "
    # What oauth2-proxy, Traefik and Envoy put in; Jenkins, Grafana and Home Assistant read some of them.
    b"x-forwarded-access-token x-forwarded-client-cert x-forwarded-email x-forwarded-groups x-forwarded-preferred-username "
    b"x-forwarded-tls-client-cert x-forwarded-tls-client-cert-info x-forwarded-user "
    # Without a product's name: what people choose where they may choose.
    b"x-email x-groups x-roles x-user x-user-email x-user-groups x-user-mail x-user-name x-user-roles x-userid x-username "
    # Gatekeeper and Louketo of Keycloak, and Posit.
    b"x-auth-email x-auth-family-name x-auth-given-name x-auth-groups x-auth-name x-auth-roles x-auth-subject x-auth-user "
    b"x-auth-userid x-auth-username x-rstudio-username "
    # Gateways: Kong and APISIX; Google's; WSO2; Teleport; Kubeflow; the proxy mode of NiFi.
    b"teleport-jwt-assertion x-anonymous-consumer x-apigateway-api-userinfo x-endpoint-api-userinfo x-id-token "
    b"x-jwt-assertion x-jwt-payload x-proxiedentitieschain x-userinfo kubeflow-groups kubeflow-userid kubeflow-userid-token "
    # Client certificates: RFC 9440, IIS and Azure, Puppet, and the examples in manuals of nginx.
    b"client-cert client-cert-chain x-arr-clientcert x-client-cn x-client-dn x-client-s-dn x-client-subject x-client-verify "
    # Single sign-on of older makers: Shibboleth, CAS, Oracle.
    b"cas-user eppn oam-remote-user osso-user proxy-user".split())
#: The same, where a product has a whole family of names.
IDENTITY_PREFIXES = (
    b"cf-access-",  # Cloudflare Access
    b"iv-",  # IBM WebSEAL
    b"mellon-",  # mod_auth_mellon
    b"oidc-",  # mod_auth_openidc
    b"shib-",  # Shibboleth
    b"sm-",  # SiteMinder
    b"ssl-client-",  # mod_ssl's variables, ingress-nginx
    b"tailscale-",  # Tailscale Serve
    b"x-amzn-ava-", b"x-amzn-mtls-", b"x-amzn-oidc-",  # AWS: Verified Access and the load balancer
    b"x-appengine-", b"x-goog-authenticated-user-", b"x-goog-iap-",  # Google
    b"x-auth-request-",  # oauth2-proxy
    b"x-authenticated-",  # Kong, nginx's examples, Etherpad
    b"x-authentik-",
    b"x-client-cert",  # X-Client-Cert, X-Client-Certificate
    b"x-consumer-", b"x-credential-",  # Kong
    b"x-ms-client-principal", b"x-ms-token-",  # Azure
    b"x-oidc-",
    b"x-pomerium-",
    b"x-proxy-",  # OpenSearch's proxy authentication
    b"x-remote-",  # Kubernetes (X-Remote-User, -Group, -Extra-) and most others
    b"x-saml-",
    b"x-ssl-",  # HAProxy's examples: X-SSL-Client-CN and so on
    b"x-sso-",
    b"x-token-",  # caddy-security
    b"x-vouch-",
    b"x-webauth-",  # Grafana, Gitea
)


def same_spelling(name: bytes) -> bytes:
    """What all spellings of a field name have in common: lower case, `-` for `_` and every other sign."""
    return name.translate(_SPELLING)


def names_a_user(name: bytes) -> bool:
    """Is it one of the usual names, in any spelling, by which applications are told who the user is?"""
    spelled = same_spelling(name)
    return spelled in IDENTITY_NAMES or spelled.startswith(IDENTITY_PREFIXES)


def _by_beginning(prefixes: Iterable[bytes]) -> dict[bytes, tuple[bytes, ...]]:
    """By their first three bytes: one look-up tells most names apart from all of them."""
    found: dict[bytes, tuple[bytes, ...]] = {}
    for prefix in prefixes:
        found[prefix[:3]] = (*found.get(prefix[:3], ()), prefix)
    return found


_PREFIXES = _by_beginning((*_PROXY_PREFIXES, *IDENTITY_PREFIXES))
_ALWAYS = OF_THE_CONNECTION | WORDS_OF_PROXIES


@dataclass(frozen=True, slots=True, eq=False)
class RefusedFields:
    """What users of one application may not send on. All names as `same_spelling` gives them."""

    names: frozenset[bytes]
    #: What a prefix would refuse, and the application lets its users send.
    allowed: frozenset[bytes] = frozenset()

    def holds(self, name: bytes) -> bool:
        """Is a field of this name refused, in whatever spelling?"""
        spelled = name.translate(_SPELLING)
        if spelled in self.names:
            return True
        prefixes = _PREFIXES.get(spelled[:3])
        return prefixes is not None and spelled.startswith(prefixes) and spelled not in self.allowed


@lru_cache(maxsize=256)  # Nearly all applications have the same: no name of their own, none allowed.
def refused_fields(own: frozenset[bytes] = frozenset(), allowed: frozenset[bytes] = frozenset()) -> RefusedFields:
    """What users may not send where `own` (in `same_spelling`) are fields that we set, and where they may send `allowed`.

    Of `allowed` only names count that would tell who the user is, and none of `own`.
    """
    free = frozenset(filter(names_a_user, map(same_spelling, allowed))) - own
    return RefusedFields((_ALWAYS | IDENTITY_NAMES | own) - free, free)
