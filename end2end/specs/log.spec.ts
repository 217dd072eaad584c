import fs from 'node:fs';
import { fernhollow, operators } from '../accounts';
import { expect, test } from '../fixtures';
import { Portal } from '../support/portal';

/** Each portal's log is searched for the secrets that were used with it. That search finds what stands there. */

test.use({ isolated: true });

/** A key of a format of its own, as somebody types it. */
const TYPED = 'qxzr-7t4m plk9';
/** The same as the portal keeps it, and without what stands between its groups. */
const KEPT = ['QXZR-7T4M PLK9', 'QXZR7T4MPLK9', 'qxzr7t4mplk9'];
const WRONG = 'Zq9-never-to-be-seen';

test('what was typed, sent and shown is found in a log that has it @long', async ({
  page,
  portal,
  signIn,
  sendSignIn,
  hydrated,
  anotherPage,
}) => {
  const other = await anotherPage();
  await other.goto('/sign-in');
  await hydrated(other);
  await sendSignIn(other, fernhollow.employee, WRONG);
  await expect(other.getByRole('alert').first()).toBeVisible();

  await signIn(page, operators.catalogueManager, { path: '/operator/keys/windows_enterprise' });
  await page.getByLabel('Name of the batch').fill('Planted');
  await page.getByLabel('Source').fill('The vendor');
  await page.getByLabel('Or paste the keys').fill(`PLANT-AAAAA-BBBBB-CCCCC-00001\n${TYPED}\n`);
  await page.getByRole('button', { name: 'Import keys' }).click();
  await expect(page).toHaveURL(/open=/);

  const token = 'c0ffee'.repeat(10) + 'beef';
  portal.secrets.heard(new Promise((answer) => setTimeout(() => answer(`<code>${token}</code>`), 200)));
  portal.secrets.heard(Promise.reject(new Error('the page was closed')));
  await portal.secrets.settled();
  const inFile = 'FILE-2222-KEYS';
  portal.secrets.ofKeys(`key;activations\n${inFile};12\nnot a key;\n2026-11-23;1\n`);

  const log = fs.readFileSync(portal.log, 'utf8');
  expect(log, 'there is a log to search').toContain('"level":');
  expect(portal.secrets.in(log)).toEqual([]);
  const withLine = (text: string): string => `${log}{"level":"INFO","fields":{"message":"it was ${text}, once"}}\n`;
  for (const [secret, what] of [
    [WRONG, 'the field password of a form'],
    ['PLANT-AAAAA-BBBBB-CCCCC-00001', 'a product key'],
    ['PLANTAAAAABBBBBCCCCC00001', 'a product key'],
    [TYPED, 'a product key'],
    ...KEPT.map((key) => [key, 'a product key'] as const),
    [inFile, 'a product key'],
    [token, 'a token'],
  ] as const) {
    expect(portal.secrets.in(withLine(secret)), secret).toContain(what);
  }
  // Nobody used this one; it looks like a key all the same.
  expect(portal.secrets.in(withLine('NEVER-00000-AAAAA-11111-BBBBB'))).toEqual(['something like a product key']);
  for (const harmless of ['not a key', 'activations', '2026-11-23', fernhollow.employee.email]) {
    expect(portal.secrets.in(withLine(harmless)), harmless).toEqual([]);
  }
});

test('a portal whose log has a secret does not end well @long', async () => {
  const own = await Portal.start();
  const session = 'feed'.repeat(16);
  own.sessions.set(fernhollow.employee.email, [
    {
      name: 'session',
      value: session,
      domain: '127.0.0.1',
      path: '/',
      expires: -1,
      httpOnly: true,
      secure: false,
      sameSite: 'Lax',
    },
  ]);
  const sealedWith = /[0-9a-f]{64}/.exec(fs.readFileSync(`${own.folder}/secret.key`, 'utf8'))?.[0] ?? '';
  expect(sealedWith).toHaveLength(64);
  fs.appendFileSync(own.log, `{"level":"INFO","session":"${session}","key":"${sealedWith}"}\n`);
  // It names what it found, and doesn't say it again.
  const refused = await own.stop().then(
    () => 'nothing was found',
    (error: unknown) => String(error),
  );
  expect(refused).toContain("the server's log has ");
  expect(refused).toContain('the cookie session');
  expect(refused).toContain('a token');
  expect(refused).not.toContain(session);
  expect(refused).not.toContain(sealedWith);
  expect(fs.existsSync(own.folder), 'nothing is left of it').toBe(false);
});
