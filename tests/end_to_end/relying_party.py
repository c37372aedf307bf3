"""An application elsewhere that signs people in by OpenID Connect: Debian's Apache with mod_auth_openidc, over TLS."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.end_to_end.ports import free_port
from tests.end_to_end.world import until
from tests.pki.chains import NOW, make

HOST = "localhost"
MODULES = Path("/usr/lib/apache2/modules")
_LOADED = ("mpm_event", "authn_core", "authz_core", "authz_user", "dir", "alias", "ssl", "auth_openidc")
#: The page shows whom Apache has let in: its log has the name that the module found.
_CONFIGURATION = """\
ServerName {host}
ServerRoot {home}
PidFile {home}/pid
Mutex file:{home} default
ErrorLog {home}/log
LogLevel warn auth_openidc:info
LogFormat "%u %U" who
CustomLog {home}/access who
User www-data
Group www-data
{modules}
StartServers 1
ServerLimit 1
ThreadsPerChild 8
MaxRequestWorkers 8
Listen 127.0.0.1:{port}
DocumentRoot {home}/pages
SSLEngine on
SSLCertificateFile {home}/cert.pem
SSLCertificateKeyFile {home}/key.pem
SSLSessionCache none
OIDCProviderMetadataURL {issuer}/.well-known/openid-configuration
OIDCClientID {client}
OIDCClientSecret {secret}
OIDCProviderTokenEndpointAuth {method}
OIDCRedirectURI {callback}
OIDCCryptoPassphrase "a passphrase of the test"
OIDCPKCEMethod S256
OIDCScope "openid profile email groups"
OIDCRemoteUserClaim preferred_username
OIDCCABundlePath {anchor}
OIDCCacheShmMax 100
<Directory />
  AllowOverride None
</Directory>
<Location />
  AuthType openid-connect
  Require valid-user
</Location>
<Location /public>
  AuthType None
  Require all granted
</Location>
"""


@dataclass(frozen=True, slots=True)
class RelyingParty:
    """A running one. `anchor`: what its certificate is checked by."""

    home: Path
    port: int
    anchor: Path

    @property
    def url(self) -> str:
        """Where it is."""
        return f"https://{HOST}:{self.port}"

    @property
    def callback(self) -> str:
        """Its redirect URI, which does all else, too."""
        return f"{self.url}/callback"

    @property
    def log(self) -> str:
        """What it says."""
        return (self.home / "log").read_text()

    @contextmanager
    def running(self, issuer: str, client: str, secret: str, anchor: Path, method: str) -> Iterator[None]:
        """Start it; it ends with the context."""
        modules = "\n".join(f"LoadModule {name}_module {MODULES}/mod_{name}.so" for name in _LOADED)
        (self.home / "apache.conf").write_text(_CONFIGURATION.format(
            host=HOST, home=self.home, modules=modules, port=self.port, issuer=issuer, client=client, secret=secret,
            callback=self.callback, anchor=self.home / "provider.pem", method=method))
        (self.home / "provider.pem").write_text(anchor.read_text())
        with (self.home / "out").open("w") as out:
            command = ["/usr/sbin/apache2", "-f", str(self.home / "apache.conf"), "-D", "FOREGROUND"]
            process = subprocess.Popen(command, stdout=out, stderr=out)
            try:
                until(lambda: (self.home / "pid").exists() or process.poll() is not None, "Apache does not start", 30)
                assert process.poll() is None, (self.home / "out").read_text() + self.log
                yield
            finally:
                process.terminate()
                process.wait(30)


@contextmanager
def prepared() -> Iterator[RelyingParty]:
    """One with a certificate of its own authority, at a free port; it does not run yet."""
    own = make("Elsewhere", authority=True, ends=NOW + 30 * 86400)
    server = make(HOST, own, names=(HOST,), ends=NOW + 30 * 86400)
    # Apache serves as a user of its own, who may not look into the directories of tests.
    with TemporaryDirectory(prefix="appproxy-party-") as directory:
        home = Path(directory)
        home.chmod(0o755)
        (home / "pages" / "public").mkdir(parents=True)
        (home / "pages" / "index.html").write_text("what only users see")
        (home / "pages" / "public" / "index.html").write_text("what everybody sees")
        for name, text in (("ca", own.pem), ("cert", server.pem), ("key", server.key)):
            (home / f"{name}.pem").write_text(text)
        yield RelyingParty(home, free_port(), home / "ca.pem")
