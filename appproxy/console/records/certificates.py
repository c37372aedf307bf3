"""Certificates that users are shown: added, ordered, renewed and taken away; and the authority that issues them."""

from __future__ import annotations

from appproxy.console.records.kinds import Act, Cell, FileLink, Record, RecordKind

_ONE = "/certificates/{certificate}"


def _is_ordered(record: Record) -> bool:
    return bool(record.get("source") == "acme")


CERTIFICATES = RecordKind(
    "/certificates", "certificate", "Certificates",
    "What browsers are shown beside the default certificate of the settings' files: added with its key, or ordered by ACME "
    "and renewed by itself. Which one answers for a host is chosen by its names.",
    (Cell("name", "Certificate", False), Cell("status", "State", False), Cell("not_after", "Ends", False),
     Cell("names", "For"), Cell("hosts", "Answers for"), Cell("problem", "Problem")),
    key="id", one=_ONE, add="POST /certificates",
    acts=(
        Act(f"POST {_ONE}/renew", "renew", "Renew now", "It is ordered again at once; that takes a minute or two.", "renewing",
            closes=True, where=_is_ordered),
        Act(f"PUT {_ONE}", "replace", "Put a new one in its place", "Browsers are shown the new one from the next connection "
            "on. A private key that is typed here has been in a browser: at the machine, appproxy certificate renew reads "
            "files.",
            where=lambda record: not _is_ordered(record)),
        Act(f"DELETE {_ONE}", "remove", "Remove", "It is served no longer, and not ordered again: hosts that no other "
            "certificate answers for cannot be opened.", "removed", is_danger=True, leaves=True),
    ),
    for_all=(
        Act("POST /certificate-orders", "order", "Order one", "By ACME, with its renewals.", "renewing"),
        Act("POST /certificate-orders/uncovered", "order-uncovered", "Order what is missing", "One for each host of ours that "
            "no certificate answers for.", "renewing"),
        Act("PUT /certificate-authority", "authority", "Choose the authority", "Which issues by ACME from now on.", "saved"),
    ),
    above=(("/status", ("user_certificate_expires", "tunnel_certificate_expires")),
           ("/certificate-authority", ("directory", "contacts"))),
    files=(FileLink("/trust-anchor", "/trust-anchor.pem", "Download the authority that browsers import"),))
PROBES = RecordKind(
    "/probes", "probe", "Probes", "What each application answers to a HEAD just now, as a request of a user would go.",
    (Cell("application", "Application", False), Cell("status", "Status", False), Cell("failure", "Failure", False),
     Cell("detail", "Detail")), key="application", title="application")

KINDS = (CERTIFICATES, PROBES)
