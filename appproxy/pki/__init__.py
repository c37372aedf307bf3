"""Certificates: the authority, certificate requests, join tokens. Pure."""

from appproxy.pki.issuing.authority import Credential, create_authority, issue_connector, issue_server
from appproxy.pki.issuing.request import certificate_request, new_key, public_key_from_request
from appproxy.pki.names import check_first_contact, connector_id, fingerprint, not_after, not_before, serial
from appproxy.pki.pem import certificate_names, load_chain, load_key, split_chain
from appproxy.pki.server_certificate import CertificateFacts, certificate_facts, check_server_certificate
from appproxy.pki.tokens import JoinToken, decode_token, encode_token, hash_secret

__all__ = [
    "CertificateFacts",
    "Credential",
    "JoinToken",
    "certificate_facts",
    "certificate_names",
    "certificate_request",
    "check_first_contact",
    "check_server_certificate",
    "connector_id",
    "create_authority",
    "decode_token",
    "encode_token",
    "fingerprint",
    "hash_secret",
    "issue_connector",
    "issue_server",
    "load_chain",
    "load_key",
    "new_key",
    "not_after",
    "not_before",
    "public_key_from_request",
    "serial",
    "split_chain",
]
