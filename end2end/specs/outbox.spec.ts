import fs from 'node:fs';
import path from 'node:path';
import { fernhollow, operators } from '../accounts';
import { expect, test } from './partner';

/** The outbox: every mail with its state; links that are their reader's alone stay out. */

test.use({ isolated: true });

const invite = /^Malin Thistlewood invites you to Fernhollow Systems$/;

test('operators see each mail with its state, auditors as well', async ({
  page,
  signIn,
  hydrated,
  steps,
  mail,
  portal,
  axe,
}) => {
  await signIn(page, operators.programmeAdmin, { path: '/operator/outbox' });
  // The sample company is reminded of its membership; each administrator's mail is out before it goes on.
  for (const administrator of [
    fernhollow.globalAdmin,
    fernhollow.otherGlobalAdmin,
    fernhollow.partnerAdmin,
    fernhollow.otherPartnerAdmin,
  ]) {
    await mail(administrator, /^Renew Network membership until /);
  }
  await steps.reload(page);
  await expect(page.getByRole('row').filter({ hasText: 'Renew Network membership' }).first()).toBeVisible();

  // A folder that can't be written makes the first delivery fail: a file stands in its place.
  fs.rmSync(portal.mailFolder, { recursive: true, force: true });
  fs.writeFileSync(portal.mailFolder, '');
  await signIn(page, fernhollow.userAdmin, { path: '/account/users?find=Tveitanger' });
  await page.locator('a.opener').click();
  await hydrated(page);
  await page.getByRole('button', { name: 'Send another invitation' }).click();
  await steps.told(page, 'Another invitation goes to Eirik Tveitanger.');

  await signIn(page, operators.programmeAdmin, { path: '/operator/outbox' });
  const row = page.getByRole('row').filter({ hasText: fernhollow.invited.email });
  await expect(row.getByRole('rowheader')).toContainText('invites you to Fernhollow Systems');
  await expect(async () => {
    await page.reload();
    await expect(row.getByText(/^Last error: /)).toBeVisible({ timeout: 1_000 });
  }).toPass({ timeout: 30_000 });
  await expect(row.getByText(/invitation\//), 'no link of a mail').toHaveCount(0);
  await hydrated(page);
  await axe(page);

  // An auditor reads the same; sending is the operators'.
  await signIn(page, operators.auditor, { path: '/operator/outbox' });
  await expect(row.getByText(/^Last error: /)).toBeVisible();
  await row.locator('a.opener').click();
  await steps.refused(page.locator('tr.detail'), 'Send again', /This needs the role /);

  // The cause is gone, and somebody who may sends it again.
  fs.rmSync(portal.mailFolder);
  await signIn(page, operators.programmeAdmin, { path: '/operator/outbox' });
  await row.locator('a.opener').click();
  await hydrated(page);
  await page.getByRole('button', { name: /^Send again/ }).click();
  await steps.told(page, 'The mail goes out within a minute.');
  const sent = await mail(fernhollow.invited, invite);
  expect(sent.text).toMatch(/\/invitation\/\S+/);
  await expect(async () => {
    await page.reload();
    await expect(row.getByText('Sent', { exact: true })).toBeVisible({ timeout: 1_000 });
  }).toPass({ timeout: 20_000 });
  await expect(page.getByRole('button', { name: /^Send again/ })).toHaveCount(0);
  expect(fs.readdirSync(portal.mailFolder).filter((name) => path.extname(name) === '.eml')).toHaveLength(1);

  // A choice made before the app has taken the reloaded page over waits for Apply.
  await hydrated(page);
  await steps.filter(page, 'Status', 'Failed');
  await expect(page.getByRole('heading', { name: 'Nothing matches these filters.' })).toBeVisible();
});

test('partners have no outbox', async ({ page, signIn }) => {
  await signIn(page, fernhollow.globalAdmin, { path: '/operator/outbox' });
  await expect(page.getByText("Operators don't act for partners").first()).toBeVisible();
  await expect(page.getByRole('table')).toHaveCount(0);
});
