// The certified oidc-provider with its defaults: what it says of a user stands in UserInfo, not in the ID token.
// Arguments: a JSON object with port, chain and key (PEM files), client, secret ("" for a public client), uris, algorithm, par;
// and, for sessions: lifetime (seconds of its access tokens, with refresh tokens), backchannel (URI) and anchor (of that).
// Features: client_metadata (more of the client), algorithm (of ID tokens), encryption (of them and of UserInfo), signed (requests must be), mtls (certificates of
// clients), features (more settings of the provider's).
import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, request } from 'node:https';
import { Provider } from 'oidc-provider';

const asked = JSON.parse(process.argv[2]);
const issuer = `https://localhost:${asked.port}`;
const ofType = (algorithm) => {
  const [type, options] = algorithm.startsWith('ES') ? ['ec', { namedCurve: { ES256: 'P-256', ES384: 'P-384', ES512: 'P-521' }[algorithm] }]
    : algorithm.startsWith('Ed') ? ['ed25519', {}] : ['rsa', { modulusLength: 2048 }];
  return { ...generateKeyPairSync(type, options).privateKey.export({ format: 'jwk' }), use: 'sig', alg: algorithm };
};
const provider = new Provider(issuer, {
  enabledJWA: { idTokenSigningAlgValues: [
    'RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'],
  ...(asked.encryption ? { idTokenEncryptionAlgValues: ['RSA-OAEP-256', 'ECDH-ES', 'ECDH-ES+A256KW'],
    userinfoEncryptionAlgValues: ['RSA-OAEP-256'] } : {}) },
  clients: [{
    client_id: asked.client,
    ...(asked.secret ? { client_secret: asked.secret } : asked.metadata ? {} : { token_endpoint_auth_method: 'none' }),
    ...(asked.metadata ?? {}),
    ...(asked.algorithm ? { id_token_signed_response_alg: asked.algorithm } : {}),
    redirect_uris: [asked.callback],
    post_logout_redirect_uris: [asked.signedOut],
    ...(asked.lifetime ? { grant_types: ['authorization_code', 'refresh_token'] } : {}),
    ...(asked.backchannel ? { backchannel_logout_uri: asked.backchannel, backchannel_logout_session_required: true } : {}),
  }],
  ...(asked.lifetime ? { issueRefreshToken: () => true, rotateRefreshToken: true, ttl: { AccessToken: asked.lifetime } } : {}),
  scopes: ['openid', 'profile', 'email', 'groups'],
  claims: { openid: ['sub'], profile: ['name'], email: ['email'], groups: ['groups'] },
  features: {
    pushedAuthorizationRequests: { enabled: true, requirePushedAuthorizationRequests: asked.par },
    backchannelLogout: { enabled: Boolean(asked.backchannel) },
    revocation: { enabled: true },
    ...(asked.encryption ? { encryption: { enabled: true }, jwtUserinfo: { enabled: true } } : {}),
    ...(asked.signed ? { requestObjects: { enabled: true, requireSignedRequestObject: true } } : {}),
    ...(asked.mtls ? { mTLS: {
      enabled: true, tlsClientAuth: true, selfSignedTlsClientAuth: true,
      getCertificate: (context) => context.socket.getPeerX509Certificate?.(),
      certificateAuthorized: (context) => context.socket.authorized,
      certificateSubjectMatches: (context, property, expected) => {
        const shown = new X509Certificate(context.socket.getPeerX509Certificate().toString());
        return property === 'tls_client_auth_subject_dn' && shown.subject === expected;
      },
    } } : {}),
  },
  ...(asked.mtls ? { clientAuthMethods: ['tls_client_auth', 'self_signed_tls_client_auth'] } : {}),
  ...(asked.algorithm ? { jwks: { keys: [ofType(asked.algorithm)] } } : {}),
  ...(asked.mtls ? { discovery: { mtls_endpoint_aliases: {
    token_endpoint: `https://localhost:${asked.mtls}/token`, userinfo_endpoint: `https://localhost:${asked.mtls}/me`,
  } } } : {}),
  // The names of the service are known to nobody but the tests.
  fetch: (url, options) => new Promise((done, failed) => {
    const { hostname, port, pathname } = new URL(url);
    const call = request({
      host: '127.0.0.1', port, path: pathname, method: options.method, ca: readFileSync(asked.anchor), servername: hostname,
      headers: { ...Object.fromEntries(new Headers(options.headers)), host: `${hostname}:${port}` },
    }, (answer) => {
      const pieces = [];
      answer.on('data', (piece) => pieces.push(piece));
      answer.on('end', () => {
        console.log(options.method === 'POST' ? 'posted' : 'fetched', answer.statusCode);
        done(new Response(Buffer.concat(pieces), { status: answer.statusCode }));
      });
    });
    call.on('error', failed);
    call.end(options.body === undefined ? undefined : String(options.body));
  }),
  cookies: { keys: ['of a test'] },
  findAccount: (context, id) => ({
    accountId: id,
    claims: () => ({ sub: id, name: 'Carol', email: 'carol@corp.example', groups: id === 'carol' ? ['engineers'] : [] }),
  }),
});
provider.on('grant.success', (context) => console.log('granted', context.oidc.params.grant_type));
provider.on('backchannel.error', (context, error) => console.error('backchannel.error', error));
provider.on('server_error', (context, error) => console.error('server_error', error));
const tls = { cert: readFileSync(asked.chain), key: readFileSync(asked.key) };
const start = () => createServer(tls, provider.callback())
  .listen(asked.port, '127.0.0.1', () => console.log('ready on', issuer));
if (asked.mtls) {
  // Aliases: the same end points where certificates are asked for.
  const asking = { ...tls, ca: readFileSync(asked.clientAuthority), requestCert: true, rejectUnauthorized: false };
  createServer(asking, provider.callback()).listen(asked.mtls, '127.0.0.1', start);
} else {
  start();
}
