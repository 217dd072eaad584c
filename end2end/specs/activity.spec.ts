import fs from 'node:fs';
import { fernhollow, operators } from '../accounts';
import { expect, test } from './partner';

/** The activity: who did what, found again, opened, taken away as a file; each as far as the roles reach. */

test.use({ isolated: true });

test('an administrator finds who signed in, opens it and takes the list away', async ({
  page,
  signIn,
  hydrated,
  steps,
  scripts,
  axe,
}) => {
  await signIn(page, fernhollow.employee);
  await signIn(page, fernhollow.globalAdmin, { path: '/account' });
  await page.getByRole('main').getByRole('link', { name: 'Activity' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Activity' })).toBeVisible();
  await hydrated(page);
  const table = page.getByRole('table', { name: 'Activity' });
  const rows = table.locator('tbody > tr:not(.detail)');
  await expect(rows.filter({ hasText: 'Maren Tolvik' }).first()).toContainText('Signed in');
  await axe(page);

  await steps.find(page, 'wrzosek');
  await expect(page).toHaveURL(/find=wrzosek/);
  await expect(rows).toHaveCount(1);
  await steps.filter(page, 'What', 'Sign-in');
  await expect(page).toHaveURL(/kind=sign_in/);
  await expect(page.getByRole('status').filter({ hasText: '1 event, times in Europe/Oslo' })).toBeVisible();
  await expect(rows).toHaveCount(1);
  await expect(rows).toContainText('Teodor Wrzosek');
  // One action of the kind, which another one isn't.
  await steps.filter(page, 'Action', 'Signed out');
  await expect(page).toHaveURL(/action=signed_out/);
  await expect(rows).toHaveCount(0);
  await steps.filter(page, 'Action', 'Signed in');
  await expect(page).toHaveURL(/action=signed_in/);
  await expect(rows).toHaveCount(1);

  await rows.locator('a.opener').click();
  await expect(rows.locator('a.opener')).toHaveAttribute('aria-expanded', 'true');
  const detail = steps.detail(page);
  await expect(detail.getByRole('heading', { name: 'What was recorded' })).toBeVisible();
  await expect(detail.getByText('signed_in', { exact: true })).toBeVisible();
  await expect(detail.getByText(/^[0-9a-f]{64}$/)).toBeVisible();
  await hydrated(page);
  await axe(page);

  const downloading = page.waitForEvent('download');
  await page.getByRole('link', { name: 'Export as CSV' }).click();
  const download = await downloading;
  expect(download.suggestedFilename()).toBe('activity.csv');
  const file = fs.readFileSync(await download.path(), 'utf8');
  expect(file.startsWith('\ufeffWhen,Who,What,')).toBe(true);
  const lines = file.trimEnd().split('\r\n');
  expect(lines).toHaveLength(2);
  expect(lines[1]).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+0[12]:00,Teodor Wrzosek,Signed in,signed_in,/);

  // The export is in the trail, without the name that was looked for.
  await page.getByRole('link', { name: 'Clear all' }).click();
  await expect(page).toHaveURL(/\/account\/activity$/);
  await steps.reload(page);
  const exported = rows.filter({ hasText: 'Exported the activity' });
  await expect(exported).toContainText('Maren Tolvik');
  await exported.locator('a.opener').click();
  await expect(steps.detail(page).getByText('find kind sign_in action signed_in', { exact: true })).toBeVisible();

  // A day on which nothing was done.
  await page.goto('/account/activity');
  await hydrated(page);
  await page.getByLabel('From', { exact: true }).fill('2100-01-01');
  if (!scripts) {
    await page.getByRole('button', { name: 'Apply' }).click();
  }
  await expect(page.getByRole('heading', { name: 'Nothing matches these filters.' })).toBeVisible();
  await expect(page).toHaveURL(/from=2100-01-01/);
  await page.getByRole('link', { name: /^From: 1 Jan 2100/ }).click();
  await expect(rows.first()).toBeVisible();
});

test('what is denied is seen by those who see everything, and by whoever tried', async ({
  page,
  signIn,
  hydrated,
}) => {
  const rows = page.getByRole('table', { name: 'Activity' }).locator('tbody > tr:not(.detail)');
  await signIn(page, fernhollow.employee, { path: '/operator/activity' });
  await expect(page.getByText("Operators don't act for partners").first()).toBeVisible();
  // The file isn't for partners either, and asking for it is recorded.
  const refused = await page.request.get('/operator/activity.csv');
  expect(refused.status()).toBe(403);
  await page.goto('/account/activity');
  await hydrated(page);
  await expect(page.getByText('What you did, and what was done that concerns you.')).toBeVisible();
  await expect(rows.first()).toContainText('Was refused');
  await expect(rows.filter({ hasText: 'Maren Tolvik' })).toHaveCount(0);

  await signIn(page, fernhollow.userAdmin, { path: '/account/activity' });
  await expect(rows.filter({ hasText: 'Teodor Wrzosek' }).first()).toContainText('Signed in');
  await expect(rows.filter({ hasText: 'Was refused' })).toHaveCount(0);
  await signIn(page, fernhollow.globalAdmin, { path: '/account/activity?kind=evidence&find=teodor' });
  // The page, as often as it was opened, and the file that was asked for.
  await expect(rows.filter({ hasText: '/operator/activity' }).first()).toBeVisible();
  await expect(rows.filter({ hasText: 'Exporting the activity' })).toHaveCount(1);

  await signIn(page, operators.auditor, { path: '/operator/activity?find=fernhollow' });
  await expect(rows.filter({ hasText: 'Was refused' }).first()).toContainText('Fernhollow Systems');
  await expect(rows.filter({ hasText: 'Bartholomew' })).toHaveCount(0);
});
