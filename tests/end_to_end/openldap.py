"""A directory of Debian's OpenLDAP (slapd) with a password policy: people, groups in one another, accounts in every state."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.end_to_end.ports import free_port
from tests.end_to_end.world import until
from tests.pki.chains import NOW, Made, make

SUFFIX = "dc=corp,dc=example"
READER, READER_PASSWORD = f"cn=appproxy,{SUFFIX}", "the reader's own"
PASSWORD = "of the directory 1"
_CONFIGURATION = """\
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
include /etc/ldap/schema/nis.schema
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload ppolicy
pidfile {home}/pid
TLSCACertificateFile {home}/ca.pem
TLSCertificateFile {home}/cert.pem
TLSCertificateKeyFile {home}/key.pem
security tls=1
database mdb
maxsize 33554432
suffix "{suffix}"
rootdn "cn=root,{suffix}"
rootpw root
directory {home}/data
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact="{reader}" read by * none
overlay ppolicy
ppolicy_default "cn=default,{suffix}"
ppolicy_use_lockout
"""
_TREE = """\
dn: {suffix}
objectClass: dcObject
objectClass: organization
o: corp

dn: cn=default,{suffix}
objectClass: device
objectClass: pwdPolicy
pwdAttribute: userPassword
pwdLockout: TRUE
pwdMaxFailure: 20
pwdMustChange: TRUE
pwdMaxAge: 864000

dn: {reader}
objectClass: person
sn: reader
userPassword: {reader_password}
"""
_PERSON = """
dn: uid={uid},{suffix}
objectClass: inetOrgPerson
uid: {uid}
cn: {uid} of the directory
sn: {uid}
mail: {uid}@corp.example
userPassword: {password}
{more}"""
_GROUP = """
dn: cn={name},{suffix}
objectClass: groupOfNames
cn: {name}
{members}"""
#: Each with what the policy keeps of them.
PEOPLE = {
    "anna": "", "bert": "", "dora": "", "wit*)(uid=anna": "",
    "disabled": "pwdAccountLockedTime: 000001010000Z\n", "expired": "pwdChangedTime: 20200101000000Z\n",
    "fresh": "pwdReset: TRUE\n",
}
#: Anna is in engineers, those are in everybody, and everybody is in a circle with friends.
GROUPS = {
    "engineers": ["uid=anna"], "everybody": ["cn=engineers", "cn=friends"], "friends": ["cn=everybody"],
    "others": ["uid=bert"],
}


@dataclass(slots=True)
class OpenLdap:
    """A running server. `anchor`: what its certificate is checked by."""

    home: Path
    port: int
    tls_port: int
    anchor: Path

    @property
    def urls(self) -> tuple[str, str]:
        """By StartTLS, and by LDAPS."""
        return f"ldap://localhost:{self.port}", f"ldaps://localhost:{self.tls_port}"

    def change(self, ldif: str) -> None:
        """Change entries, as its administrator."""
        self._run("ldapmodify", ldif)

    def remove(self, name: str) -> None:
        """Remove an entry (`uid=anna`)."""
        self._run("ldapdelete", "", f"{name},{SUFFIX}")

    def add(self, uid: str, password: str = PASSWORD) -> None:
        """Add a person."""
        self._run("ldapadd", person(uid, "").replace(PASSWORD, password))

    def _run(self, program: str, text: str, *more: str) -> None:
        command = [program, "-x", "-H", self.urls[1], "-D", f"cn=root,{SUFFIX}", "-w", "root", *more]
        subprocess.run(command, input=text, text=True, check=True, capture_output=True, timeout=30,
                       env={"LDAPTLS_REQCERT": "never"})


def person(uid: str, more: str) -> str:
    """The entry of somebody."""
    escaped = "".join(f"\\{sign}" if sign in ',+"\\<>;=#' else sign for sign in uid)
    text = _PERSON.format(uid=uid, suffix=SUFFIX, password=PASSWORD, more=more)
    return text.replace(f"dn: uid={uid},", f"dn: uid={escaped},")


@contextmanager
def openldap(home: Path, host: str = "localhost") -> Iterator[OpenLdap]:
    """Start one whose certificate is for `host`; it ends with the context."""
    own = make("Corp", authority=True, ends=NOW + 30 * 86400)
    server: Made = make(host, own, names=(host,), ends=NOW + 30 * 86400)
    (home / "data").mkdir(parents=True)
    for name, text in (("ca", own.pem), ("cert", server.pem), ("key", server.key)):
        (home / f"{name}.pem").write_text(text)
    (home / "slapd.conf").write_text(_CONFIGURATION.format(home=home, suffix=SUFFIX, reader=READER))
    tree = _TREE.format(suffix=SUFFIX, reader=READER, reader_password=READER_PASSWORD)
    tree += "".join(person(uid, more) for uid, more in PEOPLE.items())
    for name, members in GROUPS.items():
        lines = "".join(f"member: {member},{SUFFIX}\n" for member in members)
        tree += _GROUP.format(name=name, suffix=SUFFIX, members=lines)
    subprocess.run(["/usr/sbin/slapadd", "-f", home / "slapd.conf"], input=tree, text=True, check=True, timeout=60)
    made = OpenLdap(home, free_port(), free_port(), home / "ca.pem")
    listen = f"ldap://127.0.0.1:{made.port} ldaps://127.0.0.1:{made.tls_port}"
    with (home / "log").open("w") as log:
        process = subprocess.Popen(["/usr/sbin/slapd", "-f", home / "slapd.conf", "-h", listen, "-d", "0"], stderr=log)
        try:
            until(lambda: (home / "pid").exists(), "slapd does not start", 60)
            yield made
        finally:
            process.terminate()
            process.wait(30)
