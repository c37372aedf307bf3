"""Paths from a certificate to what is trusted, compared with what `openssl verify` says."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from appproxy.errors import ConfigError
from appproxy.pki.path import is_issued_by, related, trusted_path
from appproxy.pki.server_certificate import check_server_certificate
from tests.pki.chains import DAY, NOW, Made, leaf, make

_PAST = NOW - 1
_KEY_A, _KEY_B, _KEY_R = (ec.generate_private_key(ec.SECP256R1()) for _ in range(3))
OLD_ROOT = make("Old Root", authority=True)
ENDED_ROOT = make("Ended Root", authority=True, ends=_PAST)
#: One name and key: its own root, signed by older ones, in time and ended, and the same name with another key.
NEW_ROOT = make("New Root", authority=True, private=_KEY_R, extensions=(
    x509.SubjectKeyIdentifier.from_public_key(_KEY_R.public_key()),))
CROSS = make("New Root", OLD_ROOT, authority=True, private=_KEY_R)
ENDED_CROSS = make("New Root", ENDED_ROOT, authority=True, private=_KEY_R, ends=_PAST)
ENDED_SELF = make("New Root", authority=True, private=_KEY_R, ends=_PAST)
TWIN_ROOT = make("New Root", authority=True, private=_KEY_B, extensions=(
    x509.SubjectKeyIdentifier.from_public_key(_KEY_B.public_key()),))
#: An intermediate, renewed with the same key, and by another one.
BETWEEN = make("Between", NEW_ROOT, authority=True, private=_KEY_A, extensions=(
    x509.AuthorityKeyIdentifier.from_issuer_public_key(_KEY_R.public_key()),))
ENDED_BETWEEN = make("Between", NEW_ROOT, authority=True, private=_KEY_A, ends=_PAST)
OTHER_BETWEEN = make("Between", NEW_ROOT, authority=True, private=_KEY_B)
NO_AUTHORITY = make("Between", NEW_ROOT, private=_KEY_A)
LEAF = leaf(issuer=BETWEEN)
ENDED_LEAF = leaf(issuer=BETWEEN, ends=_PAST)

#: What is trusted, what is sent beside the leaf, and whether there is a path.
CASES: dict[str, tuple[Sequence[Made], Sequence[Made], bool]] = {
    "plain": ([NEW_ROOT], [BETWEEN], True),
    "with its root": ([NEW_ROOT], [BETWEEN, NEW_ROOT], True),
    "cross-signed, new root trusted": ([NEW_ROOT], [BETWEEN, CROSS], True),
    "cross-signed, old root trusted": ([OLD_ROOT], [BETWEEN, CROSS], True),
    "both roots trusted": ([OLD_ROOT, NEW_ROOT], [BETWEEN, CROSS], True),
    "the cross-sign has ended": ([NEW_ROOT], [BETWEEN, ENDED_CROSS], True),
    "the cross-sign and its root have ended": ([NEW_ROOT, ENDED_ROOT], [BETWEEN, ENDED_CROSS, ENDED_ROOT], True),
    "only the ended root is trusted": ([ENDED_ROOT], [BETWEEN, ENDED_CROSS], False),
    "an ended self-signed root beside the cross-sign": ([OLD_ROOT], [BETWEEN, ENDED_SELF, CROSS], True),
    "an ended intermediate first": ([NEW_ROOT], [ENDED_BETWEEN, BETWEEN], True),
    "an ended intermediate last": ([NEW_ROOT], [BETWEEN, ENDED_BETWEEN], True),
    "only an ended intermediate": ([NEW_ROOT], [ENDED_BETWEEN], False),
    "a trusted intermediate, nothing sent": ([BETWEEN], [], True),
    "a trusted intermediate, its former one sent": ([BETWEEN], [ENDED_BETWEEN], True),
    "the leaf itself is trusted": ([LEAF], [], True),
    "the same name with another key": ([NEW_ROOT], [OTHER_BETWEEN], False),
    "another root of the same name": ([TWIN_ROOT], [BETWEEN], False),
    "both roots of one name": ([TWIN_ROOT, NEW_ROOT], [BETWEEN], True),
    "no authority between": ([NEW_ROOT], [NO_AUTHORITY], False),
    "nothing between": ([NEW_ROOT], [], False),
}


def openssl(roots: Sequence[Made], others: Sequence[Made], one: Made, directory: Path) -> bool:
    """Does `openssl verify` find a path?"""
    for name, made in (("roots", roots), ("others", others), ("leaf", [one])):
        (directory / name).write_text("".join(each.pem for each in made))
    untrusted = ["-untrusted", str(directory / "others")] if others else []
    command = ["openssl", "verify", "-partial_chain", "-trusted_first", "-no-CApath", "-no-CAstore", "-CAfile",
               str(directory / "roots"), *untrusted, str(directory / "leaf")]
    return subprocess.run(command, capture_output=True, timeout=30, check=False).returncode == 0


@pytest.mark.parametrize("case", CASES)
def test_paths(case: str, tmp_path: Path) -> None:
    """Each hierarchy, as an upload and as openssl sees it."""
    roots, others, good = CASES[case]
    anchors = [one.certificate for one in roots]
    path, problem = trusted_path(
        LEAF.certificate, [one.certificate for one in others], anchors, datetime.fromtimestamp(NOW, UTC))
    assert (bool(path), bool(problem)) == (good, not good)
    if shutil.which("openssl"):
        assert openssl(roots, others, LEAF, tmp_path) is good
    given = "".join(one.pem for one in (LEAF, *others) if one is not OTHER_BETWEEN)
    if good:
        assert check_server_certificate(given, LEAF.key, NOW, anchors).certificate.startswith(LEAF.pem)
    else:
        with pytest.raises(ConfigError):
            check_server_certificate(given, LEAF.key, NOW, anchors)


def sent(roots: Sequence[Made], *others: Made) -> list[str]:
    """What browsers are sent."""
    text = check_server_certificate("".join(one.pem for one in (LEAF, *others)), LEAF.key, NOW, [
        one.certificate for one in roots]).certificate
    return [one for one in (made.pem for made in (LEAF, BETWEEN, CROSS, ENDED_CROSS, ENDED_BETWEEN, NEW_ROOT, OLD_ROOT))
            if one in text]


def test_what_browsers_are_sent() -> None:
    """No root and nothing that has ended; a cross-sign that is in time, for those who know only the old root."""
    assert sent([NEW_ROOT], ENDED_CROSS, ENDED_BETWEEN, BETWEEN, NEW_ROOT) == [LEAF.pem, BETWEEN.pem]
    for roots in ([NEW_ROOT], [OLD_ROOT], [NEW_ROOT, OLD_ROOT]):
        assert sent(roots, CROSS, BETWEEN, OLD_ROOT) == [LEAF.pem, BETWEEN.pem, CROSS.pem]


def test_an_ended_leaf_is_none() -> None:
    """Whatever is trusted, itself too."""
    for roots in ([NEW_ROOT], [ENDED_LEAF]):
        assert trusted_path(ENDED_LEAF.certificate, [BETWEEN.certificate], [one.certificate for one in roots],
                            datetime.fromtimestamp(NOW, UTC))[0] == []


def test_who_is_related() -> None:
    """By signature, at any distance, whoever else has the name; each once."""
    found = related(LEAF.certificate, [one.certificate for one in (TWIN_ROOT, OLD_ROOT, CROSS, BETWEEN, OTHER_BETWEEN)])
    assert found == [one.certificate for one in (BETWEEN, CROSS, OLD_ROOT)]
    assert is_issued_by(LEAF.certificate, ENDED_BETWEEN.certificate)
    assert not is_issued_by(LEAF.certificate, OTHER_BETWEEN.certificate)


def test_a_year_later() -> None:
    """The moment counts, not this machine's clock."""
    later = datetime.fromtimestamp(NOW + 365 * DAY, UTC)
    assert trusted_path(LEAF.certificate, [BETWEEN.certificate], [NEW_ROOT.certificate], later)[0] == []
