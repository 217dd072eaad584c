/**
 * A company's directory for tests: the certified provider `oidc-provider`, with its own pages to sign in.
 * Whoever types an address there is the person with that address. To be somebody else, one types parts
 * with a stroke between them: subject|address|groups with spaces|`no` where the address isn't verified.
 *
 *     node directory.mjs <port, 0 for any> <the portal's address> <seconds that an ID token lasts, 3600>
 *
 * Says `ready <issuer>` once it answers. Its keys are drawn at the start: another start has others.
 */
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import Provider from 'oidc-provider';

// What it remarks would go to a pipe that whoever started it no longer reads.
console.info = () => undefined;
console.warn = () => undefined;

const [port = '0', portal = 'http://127.0.0.1:3000', seconds = '3600'] = process.argv.slice(2);
/** Another site than the portal's, as in life: cookies and redirects are judged as between two sites. */
const HOST = 'localhost';

/** The portal as the directory knows it. */
const CLIENT = { id: 'benefits-center', secret: 'a secret of the directory' };

const key = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' });

/** Who was typed. */
const person = (typed) => {
  const [subject, address = subject, groups = 'everybody', verified = 'yes'] = typed.split('|');
  return { subject, address, groups: groups.split(' '), verified: verified === 'yes' };
};

const nameOf = (address) =>
  address
    .split('@')[0]
    .split('.')
    .map((part) => part.charAt(0).toUpperCase() + part.slice(1))
    .join(' ');

const listener = createServer();
listener.listen(Number(port), '127.0.0.1', () => {
  const issuer = `http://${HOST}:${listener.address().port}`;
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: CLIENT.id,
        client_secret: CLIENT.secret,
        redirect_uris: [`${portal}/sign-in/directory/callback`],
        post_logout_redirect_uris: [`${portal}/sign-in`],
        response_types: ['code'],
        grant_types: ['authorization_code'],
      },
    ],
    claims: { email: ['email', 'email_verified'], profile: ['name', 'groups'] },
    cookies: { keys: [randomUUID()] },
    jwks: { keys: [{ ...key, kid: randomUUID(), use: 'sig', alg: 'RS256' }] },
    features: { devInteractions: { enabled: true }, rpInitiatedLogout: { enabled: true } },
    pkce: { required: () => true },
    ttl: { IdToken: Number(seconds) },
    findAccount: (_context, id) => {
      const { subject, address, groups, verified } = person(id);
      const account = {
        accountId: id,
        claims: () => {
          // The provider takes its `sub` from here once it has the claims.
          account.accountId = subject;
          return { sub: subject, email: address, email_verified: verified, name: nameOf(address), groups };
        },
      };
      return account;
    },
  });
  listener.on('request', provider.callback());
  process.stdout.write(`ready ${issuer}\n`);
});
// Ends with whoever started it, even when that was killed.
process.stdin.resume().on('end', () => process.exit(0));
