import fs from 'node:fs';
import type { Locator, Page } from '@playwright/test';
import { fernhollow, kestrelAsh, operators } from '../accounts';
import { endOfDay, shift } from '../support/calendar';
import { english, expect, test } from './partner';

/** Insight: how benefits are used, what lies idle, and what to do about it at once. */

test.use({ isolated: true });

const counted = /^Counted \d{1,2} [A-Z][a-z]{2} \d{4}, \d\d:\d\d\.$/;
const DAY = 86_400_000;
const VISUAL_STUDIO = 'Visual Studio subscriptions';

/** The rows of a table, without its head. */
const rowsOf = (page: Page, table: string): Locator =>
  page.getByRole('table', { name: table, exact: true }).locator('tbody > tr');

/** Places an order for Silver in an area and gives its number. */
async function order(page: Page, hydrated: (page: Page) => Promise<void>, area: string): Promise<string> {
  await page.goto('/offers');
  await hydrated(page);
  const choice = page
    .getByRole('region', { name: 'Silver competency', exact: true })
    .locator('div.stack')
    .filter({ has: page.getByRole('heading', { level: 3, name: area, exact: true }) })
    .last();
  await choice.getByLabel(/^I have read the agreement, accept it for Silver competency/).check();
  await choice.getByRole('button', { name: 'Place order' }).click();
  await expect(page).toHaveURL(/\/orders\/\d+$/);
  await hydrated(page);
  return /(\d+)$/.exec(page.url())?.[1] ?? 'none';
}

/** What operators read of the seats of Visual Studio over all companies; nothing before it is counted. */
async function seats(page: Page): Promise<{ granted: number; used: number; peak: number }> {
  await page.goto('/operator/insight?category=visual_studio');
  const row = rowsOf(page, 'All categories, latest month').filter({ hasText: VISUAL_STUDIO });
  const [, granted = '0', used = '0', , , peak = '0'] = await row.getByRole('cell').allTextContents();
  const number = (text: string): number => Number(text.replaceAll(',', ''));
  return { granted: number(granted), used: number(used), peak: number(peak) };
}

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

test('operators read what was decided, came in, went back, is used, is left and runs low @long', async ({
  page,
  anotherPage,
  portal,
  signIn,
  hydrated,
  steps,
  axe,
}) => {
  test.setTimeout(300_000);
  await signIn(page, operators.auditor, { path: '/operator/insight' });
  await expect
    .poll(async () => (await seats(page)).granted, { message: 'seats are counted', timeout: 60_000, intervals: [1_000] })
    .toBeGreaterThan(0);
  const { granted } = await seats(page);

  // Two purchases: one paid by card and given back, one by a transfer that is looked for much too late.
  const piet = kestrelAsh.globalAdmin;
  const partner = await anotherPage();
  await signIn(partner, piet, { path: '/offers' });
  await order(partner, hydrated, 'DevOps');
  await partner.getByLabel('Card', { exact: true }).selectOption({ label: 'Test card: pays' });
  await partner.getByRole('button', { name: 'Pay', exact: true }).click();
  await expect(partner.getByRole('table', { name: 'Documents' })).toContainText(/Invoice \d+/);
  const transfer = await order(partner, hydrated, 'Security');
  await partner.getByRole('button', { name: 'Pay by bank transfer' }).click();
  await expect(partner.getByText(`Transfer the amount with the reference ${transfer}.`)).toBeVisible();
  shift(portal, [
    [
      `update service_request set requested_at = requested_at - ?, target_at = target_at - ?
         where kind = 'payment' and order_id = (select id from orders where number = ?)`,
      14 * DAY,
      14 * DAY,
      Number(transfer),
    ],
  ]);
  const operator = await anotherPage();
  await signIn(operator, operators.fulfilmentAgent, { path: `/operator/queue?find=${transfer}` });
  await operator.getByRole('link', { name: new RegExp(`${transfer} · `) }).first().click();
  await hydrated(operator);
  await operator.locator('tr.detail').getByRole('button', { name: 'The money is here' }).click();
  await steps.told(operator, /^Request \d+ is completed\.$/);

  await partner.goto('/benefits/cancel');
  await hydrated(partner);
  const line = partner.getByRole('region', { name: 'Silver competency, DevOps', exact: true });
  await line.getByLabel('Reason', { exact: true }).selectOption({ label: 'Bought by mistake' });
  await line.getByLabel('I want to cancel Silver competency, DevOps.').check();
  await line.getByRole('button', { name: 'Submit request' }).click();
  const waiting = line.getByText(/^Request \d+ is with the operators since /);
  await expect(waiting).toBeVisible();
  const request = /Request (\d+)/.exec(await waiting.innerText())?.[1] ?? 'none';
  await signIn(operator, operators.programmeAdmin, { path: `/operator/queue?find=${request}` });
  await operator.getByRole('row').filter({ hasText: request }).locator('a.opener').click();
  await hydrated(operator);
  const detail = operator.locator('tr.detail');
  await expect(detail).toBeVisible();
  await steps.confirm(detail, 'Approve the refund', 'Approve the refund of Silver competency?', 'Approve the refund');
  await steps.told(operator, `Request ${request} is approved.`);

  // A seat of what stays, a pool with more wanted than free, and a benefit that ends in two days.
  const { used } = await seats(page);
  await partner.goto('/benefits/visual-studio');
  await hydrated(partner);
  await steps.open(partner, 'Visual Studio Enterprise', 'Silver Core');
  await steps.assign(partner, [kestrelAsh.employee]);
  await signIn(operator, operators.catalogueManager, { path: '/operator/keys/windows_enterprise' });
  const free = (await operator.locator('main .head dt:text-is("Free") + dd').innerText()).trim();
  expect(Number(free)).toBeGreaterThan(0);
  await operator.getByLabel('Tell when fewer keys are free than').fill('5000');
  await operator.getByRole('button', { name: 'Save threshold' }).click();
  await steps.told(operator, 'You are told when fewer keys are free than 5,000.');
  const end = endOfDay(2, 'UTC');
  shift(portal, [
    [
      `update benefit_grant set activate_by = ? where state = 'granted' and source = 'action_pack'
         and product_id = (select id from product where code = 'windows_enterprise')
         and organization_id = (select id from organization where domain = ?)`,
      end,
      'kestrelash.example',
    ],
  ]);

  // Counted by the clock, so it is looked at until it is there.
  const today = new Date();
  const month = english(today, 'UTC').replace(/^\d+ /, '');
  const completed = async (kind: string, title: string, figures: readonly (string | RegExp)[]): Promise<void> => {
    await page.goto(`/operator/insight?kind=${kind}`);
    const row = rowsOf(page, `Time to complete: ${title}`).filter({
      has: page.getByRole('rowheader', { name: month, exact: true }),
    });
    await expect(row.getByRole('cell')).toHaveText([...figures], { timeout: 1_000 });
  };
  // Fourteen days have ten working days; a clock may have been moved in between, and minutes have passed.
  const tenDays = /^(239|24[0-2]) hours$/;
  await expect(async () => {
    await completed('payment', 'Bank transfer', ['1', tenDays, tenDays, '0']);
    await completed('cancellation', 'Cancellation', ['1', /^[01] hours?$/, /^[01] hours?$/, '1']);
    expect((await seats(page)).used).toBe(used + 1);
    await expect(rowsOf(page, 'Key pools running low').filter({ hasText: 'Windows Enterprise' })).toBeVisible({
      timeout: 1_000,
    });
  }).toPass({ timeout: 120_000, intervals: [2_000] });
  const after = await seats(page);
  expect(after.granted).toBeGreaterThanOrEqual(granted + 5);
  expect(after.peak).toBeGreaterThanOrEqual(after.used);
  const low = rowsOf(page, 'Key pools running low').filter({ hasText: 'Windows Enterprise' }).getByRole('cell');
  await expect(low).toHaveText([free, '5,000', /\d{4}/]);
  const money = rowsOf(page, 'Revenue and refunds in USD');
  await expect(money).toHaveCount(1);
  await expect(money.getByRole('rowheader')).toHaveText(month);
  await expect(money.getByRole('cell')).toHaveText(['US$3,340.00', 'US$1,670.00']);
  const left = rowsOf(page, 'Unused benefits')
    .filter({ hasText: 'Kestrel & Ash Consulting' })
    .filter({ hasText: 'Windows Enterprise' })
    .filter({ hasText: 'Action Pack' });
  await expect(left).toContainText('4 of 10 used · 6 left');
  await expect(left).toContainText(english(new Date(end), 'UTC'));
  await hydrated(page);
  await axe(page);

  // What was read is what is taken away.
  const lines = async (part: string, name: string): Promise<string[]> => {
    const downloading = page.waitForEvent('download');
    await page.getByRole('region', { name: part, exact: true }).getByRole('link', { name: 'Export as CSV' }).click();
    const download = await downloading;
    expect(download.suggestedFilename()).toBe(name);
    return fs.readFileSync(await download.path(), 'utf8').replace('\ufeff', '').trim().split('\r\n');
  };
  const iso = today.toISOString().slice(0, 7);
  expect(await lines('Revenue and refunds', 'revenue-and-refunds.csv')).toEqual([
    'Month,Currency,Revenue,Refunds',
    `${iso},USD,3340.00,1670.00`,
  ]);
  const times = await lines('Time to complete', 'time-to-complete.csv');
  expect(times[0]).toBe('Month,Kind,Completed,"Median, minutes","Nine of ten within, minutes",Within target');
  expect(times.filter((row) => /^[\d-]+,Bank transfer,1,14[345]\d\d,14[345]\d\d,0$/.test(row))).toHaveLength(1);
  expect((await lines('Key pools running low', 'key-pools-running-low.csv')).slice(1)).toEqual([
    expect.stringMatching(new RegExp(`^Windows Enterprise,${free},5000,\\d{4}-\\d\\d-\\d\\d$`)),
  ]);
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
