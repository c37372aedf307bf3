"""The provider of the distribution oidc-provider-mock, which is made with Authlib's server, over TLS.

Arguments: port, chain and key (PEM files). Its client has to be registered at /oauth2/clients.
"""

from __future__ import annotations

import sys
import threading

import oidc_provider_mock  # type: ignore[import-not-found]
from werkzeug.serving import make_server

port, chain, key = sys.argv[1:]
users = [
    oidc_provider_mock.User(sub="carol", claims={"name": "Carol", "email": "carol@corp.example", "groups": ["engineers"]}),
    oidc_provider_mock.User(sub="dave", claims={"name": "Dave", "groups": []}),
]
application = oidc_provider_mock.app(require_client_registration=True, require_nonce=True, user_claims=users)
server = make_server("127.0.0.1", int(port), application, threaded=True, ssl_context=(chain, key))
threading.Thread(target=server.serve_forever).start()
print("ready on", port, flush=True)
