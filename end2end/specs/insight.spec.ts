import fs from 'node:fs';
import { fernhollow, operators } from '../accounts';
import { shift } from '../support/calendar';
import { expect, test } from './partner';

/** Insight: how benefits are used, what lies idle, and what to do about it at once. */

test.use({ isolated: true });

const counted = /^Counted \d{1,2} [A-Z][a-z]{2} \d{4}, \d\d:\d\d\.$/;

test('an administrator sees what is granted and used, and takes the figures away @long', async ({
  page,
  signIn,
  hydrated,
  axe,
}) => {
  await signIn(page, fernhollow.globalAdmin, { path: '/insight' });
  await expect(page.getByRole('heading', { level: 1, name: 'Insight' })).toBeVisible();
  // The first count is made when the server starts.
  await expect(async () => {
    await page.reload();
    await expect(page.getByText(counted)).toBeVisible({ timeout: 1_000 });
  }).toPass({ timeout: 60_000 });
  await hydrated(page);
  await axe(page);

  await page.getByRole('navigation', { name: 'Category' }).getByRole('link', { name: 'Visual Studio' }).click();
  await expect(page).toHaveURL(/category=visual_studio/);
  await expect(page.getByRole('img', { name: /^Visual Studio subscriptions, seats/ })).toBeVisible();
  const table = page.getByRole('table', { name: 'Visual Studio subscriptions, seats' });
  await expect(table.getByRole('rowheader')).toHaveCount(12);
  await page.getByRole('navigation', { name: 'Period' }).getByRole('link', { name: '6 months' }).click();
  await expect(page).toHaveURL(/span=half/);
  await expect(table.getByRole('rowheader')).toHaveCount(6);
  await hydrated(page);
  await axe(page);

  for (const [label, name, start] of [
    ['Export as CSV', 'insight.csv', '\ufeffMonth,Category,'],
    ['Export as XLSX', 'insight.xlsx', 'PK'],
  ] as const) {
    const downloading = page.waitForEvent('download');
    await page.getByRole('link', { name: label }).click();
    const download = await downloading;
    expect(download.suggestedFilename()).toBe(name);
    expect(fs.readFileSync(await download.path(), 'utf8').startsWith(start)).toBe(true);
  }
});

test('administrators are reminded of what is left, once a week @long', async ({ page, signIn, hydrated, steps, mail }) => {
  await signIn(page, fernhollow.globalAdmin, { path: '/insight' });
  await hydrated(page);
  const rows = page.getByRole('table', { name: 'Unused benefits' }).locator('tbody > tr');
  const first = rows.first();
  const name = (await first.getByRole('rowheader').getByRole('link').textContent()) ?? '';
  await first.getByRole('button', { name: `Remind about ${name}` }).click();
  await steps.told(page, /^Reminded: .*Each is told\.$/);
  await expect(first.getByText(/^Again from /)).toBeVisible();
  await mail(fernhollow.partnerAdmin, / unused: /);
});

test('whoever may not take a seat back reads who can @long', async ({ page, signIn, hydrated, axe }) => {
  await signIn(page, fernhollow.userAdmin, { path: '/insight' });
  await hydrated(page);
  await expect(page.getByText(/needs the role/).first()).toBeVisible();
  await expect(page.getByRole('button', { name: 'Remind' }).first()).toHaveAttribute('aria-disabled', 'true');
  await axe(page);
  await signIn(page, fernhollow.employee, { path: '/insight' });
  await expect(page.getByRole('heading', { level: 2, name: 'Unused benefits' })).toHaveCount(0);
});

test('auditors see all organizations, fulfilment agents do not @long', async ({ page, signIn, hydrated, axe }) => {
  await signIn(page, operators.auditor, { path: '/operator/insight' });
  await expect(async () => {
    await page.reload();
    await expect(page.getByText(/^\d+ organizations counted\.$/)).toBeVisible({ timeout: 1_000 });
    await expect(page.getByText('0 organizations counted.')).toHaveCount(0, { timeout: 1_000 });
  }).toPass({ timeout: 60_000 });
  await hydrated(page);
  await expect(page.getByRole('heading', { level: 2, name: 'Time to complete' })).toBeVisible();
  await expect(page.getByRole('heading', { level: 2, name: 'Key pools running low' })).toBeVisible();
  await expect(page.getByRole('heading', { level: 2, name: 'Revenue and refunds' })).toBeVisible();
  await axe(page);
  // What is left over all of them, and what the company has.
  const unused = page.getByRole('table', { name: 'Unused benefits' });
  const company = unused.getByRole('rowheader').first().getByRole('link');
  const name = await company.innerText();
  await company.click();
  await expect(page).toHaveURL(/\/operator\/organizations\/[^/]+\/grants$/);
  await expect(page.getByRole('heading', { level: 1 })).toContainText(name);
  await signIn(page, operators.fulfilmentAgent, { path: '/operator/insight' });
  await expect(page.getByRole('heading', { level: 2, name: 'Time to complete' })).toHaveCount(0);
  const refused = await page.request.get('/operator/insight.xlsx');
  expect(refused.status()).toBe(403);
});

test('who does not use a seat is reminded, and the seat is taken back @long', async ({
  page,
  portal,
  signIn,
  hydrated,
  steps,
  mail,
  axe,
}) => {
  // As if the seats had been assigned a month earlier.
  const month = 30 * 86_400_000;
  shift(portal, [['update seat set assigned_at = assigned_at - ?, locked_until = null where released_at is null', month]]);
  await signIn(page, fernhollow.globalAdmin, { path: '/insight' });
  const first = page.getByRole('table', { name: 'Assigned and not used' }).locator('tbody > tr').first();
  const id = (await first.getAttribute('id')) ?? 'none';
  const seat = page.locator(`[id="${id}"]`);
  const email = await seat.getByRole('rowheader').locator('small').innerText();
  const name = (await seat.getByRole('rowheader').innerText()).replace(email, '').trim();
  await axe(page);

  await seat.getByRole('button', { name: `Remind ${name}` }).click();
  await steps.told(page, `Reminded: ${name}. Each is told.`);
  await expect(seat.getByText(/^Again from /)).toBeVisible();
  await expect(seat.getByRole('button', { name: `Remind ${name}` })).toHaveCount(0);
  const told = await mail({ email, name }, /^Do you still need |^你|^您/);
  expect(told.text).toContain(name);

  await hydrated(page);
  await steps.confirm(seat, `Take back the seat of ${name}`, `Remove ${name}?`, 'Take back');
  await expect(seat).toHaveCount(0);
  await steps.reload(page);
  await expect(page.getByRole('heading', { level: 1, name: 'Insight' })).toBeVisible();
  await expect(seat).toHaveCount(0);
});
