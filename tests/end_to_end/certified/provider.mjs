// The certified oidc-provider with its defaults: what it says of a user stands in UserInfo, not in the ID token.
// Arguments: a JSON object with port, chain and key (PEM files), client, secret ("" for a public client), uris, algorithm, par.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { Provider } from 'oidc-provider';

const asked = JSON.parse(process.argv[2]);
const issuer = `https://localhost:${asked.port}`;
const provider = new Provider(issuer, {
  clients: [{
    client_id: asked.client,
    ...(asked.secret ? { client_secret: asked.secret } : { token_endpoint_auth_method: 'none' }),
    redirect_uris: [asked.callback],
    post_logout_redirect_uris: [asked.signedOut],
  }],
  scopes: ['openid', 'profile', 'email', 'groups'],
  claims: { openid: ['sub'], profile: ['name'], email: ['email'], groups: ['groups'] },
  features: { pushedAuthorizationRequests: { enabled: true, requirePushedAuthorizationRequests: asked.par } },
  cookies: { keys: ['of a test'] },
  findAccount: (context, id) => ({
    accountId: id,
    claims: () => ({ sub: id, name: 'Carol', email: 'carol@corp.example', groups: id === 'carol' ? ['engineers'] : [] }),
  }),
});
provider.on('server_error', (context, error) => console.error('server_error', error));
const tls = { cert: readFileSync(asked.chain), key: readFileSync(asked.key) };
createServer(tls, provider.callback()).listen(asked.port, '127.0.0.1', () => console.log('ready on', issuer));
