import fs from 'node:fs';
import type { Locator, Page } from '@playwright/test';

import { type Account, kestrelAsh, operators } from '../accounts';
import { moveOrder, noon, shift } from '../support/calendar';
import type { Steps } from './partner';
import { english, expect, inDays, test } from './partner';

/**
 * What was bought is given back: asked for within thirty days and before a software benefit is used, decided by an
 * operator, for one purchase at a time. And an order that nobody pays ends by itself.
 */

test.use({ isolated: true });

type Signs = (page: Page, account: Account, options?: { path?: string }) => Promise<void>;
type Waits = (page: Page) => Promise<void>;

const ZONE = 'Europe/London';
const ENTERPRISE = 'Visual Studio Enterprise';
const STUDIO_PATH = '/benefits/visual-studio';
const piet = kestrelAsh.globalAdmin;
const imogen = kestrelAsh.employee;
const fergus: Account = { email: 'fergus.dalrympleton@kestrelash.example', name: 'Fergus Dalrympleton' };

/** The date in so many days, as pages of the company write it. */
const day = (days: number): string => english(inDays(days, ZONE), ZONE);

/** The offer's choice of a competency area. */
const silver = (page: Page, area: string): Locator =>
  page
    .getByRole('region', { name: 'Silver competency', exact: true })
    .locator('div.stack')
    .filter({ has: page.getByRole('heading', { level: 3, name: area, exact: true }) })
    .last();

/** A purchase on the page on which one cancels. */
const purchase = (page: Page, area: string): Locator =>
  page.getByRole('region', { name: `Silver competency, ${area}`, exact: true });

const inTime = (within: Locator): Locator => within.locator('.voucher li').filter({ hasText: 'Within 30 days of the purchase' });

/** Places an order and gives its number. */
async function place(page: Page, hydrated: Waits, area: string): Promise<string> {
  await page.goto('/offers');
  await hydrated(page);
  const choice = silver(page, area);
  await choice.getByLabel(/^I have read the agreement, accept it for Silver competency/).check();
  await choice.getByRole('button', { name: 'Place order' }).click();
  await expect(page).toHaveURL(/\/orders\/\d+$/);
  await hydrated(page);
  return /(\d+)$/.exec(page.url())?.[1] ?? 'none';
}

/** Places an order, pays it by card, and gives its number. */
async function buy(page: Page, hydrated: Waits, area: string): Promise<string> {
  const number = await place(page, hydrated, area);
  await page.getByLabel('Card', { exact: true }).selectOption({ label: 'Test card: pays' });
  await page.getByRole('button', { name: 'Pay', exact: true }).click();
  await expect(page.getByRole('table', { name: 'Documents' })).toContainText(/Invoice \d+/);
  return number;
}

/** Assigns somebody a seat of Visual Studio Enterprise. */
async function assign(page: Page, hydrated: Waits, steps: Steps, source: string, person: Account): Promise<void> {
  await page.goto(STUDIO_PATH);
  await hydrated(page);
  await steps.open(page, ENTERPRISE, source);
  await steps.assign(page, [person]);
}

/** Fills in and sends the form that asks for a refund. */
async function send(page: Page, area: string): Promise<void> {
  const line = purchase(page, area);
  await line.getByLabel('Reason', { exact: true }).selectOption({ label: 'Bought by mistake' });
  await line.getByLabel(`I want to cancel Silver competency, ${area}.`).check();
  await line.getByRole('button', { name: 'Submit request' }).click();
}

/** Asks for the refund of a purchase and gives the number of the request. */
async function ask(page: Page, hydrated: Waits, area: string): Promise<string> {
  await page.goto('/benefits/cancel');
  await hydrated(page);
  await send(page, area);
  const waiting = purchase(page, area).getByText(/^Request \d+ is with the operators since /);
  await expect(waiting).toBeVisible();
  return /Request (\d+)/.exec(await waiting.innerText())?.[1] ?? 'none';
}

/** Opens a request in the operators' queue by its number. */
async function openItem(page: Page, signIn: Signs, hydrated: Waits, number: string): Promise<Locator> {
  await signIn(page, operators.programmeAdmin, { path: `/operator/queue?find=${number}` });
  await page.getByRole('row').filter({ hasText: number }).locator('a.opener').click();
  await expect(page.locator('a.opener[aria-expanded="true"]')).toBeVisible();
  await hydrated(page);
  await expect(page.locator('tr.detail')).toBeVisible();
  return page.locator('tr.detail');
}

async function approve(page: Page, signIn: Signs, hydrated: Waits, steps: Steps, number: string): Promise<void> {
  const detail = await openItem(page, signIn, hydrated, number);
  await steps.confirm(detail, 'Approve the refund', 'Approve the refund of Silver competency?', 'Approve the refund');
  await steps.told(page, `Request ${number} is approved.`);
}

test('a purchase is refunded: order, credit note, money, benefits, and whoever held a seat is told', { tag: '@long' }, async ({ page, anotherPage, signIn, hydrated, steps, mail, axe }) => {
  test.setTimeout(150_000);
  await signIn(page, piet);
  const order = await buy(page, hydrated, 'DevOps');
  await assign(page, hydrated, steps, 'Silver Core', imogen);
  await page.goto('/benefits/cancel');
  await hydrated(page);
  const line = purchase(page, 'DevOps');
  await expect(line).toContainText('Both conditions are met');
  await expect(inTime(line)).toContainText(`Day 0 of 30. The last day is ${day(30)}, until 23:59 (${ZONE}).`);
  await expect(line).toContainText('1 person loses a seat and is told by email.');
  await expect(line).toContainText('Your tier goes back to Action Pack');
  await axe(page);
  const request = await ask(page, hydrated, 'DevOps');

  const operator = await anotherPage();
  const detail = await openItem(operator, signIn, hydrated, request);
  await expect(detail).toContainText(`the last day is ${day(30)}`);
  await expect(detail.getByText('Bought by mistake')).toBeVisible();
  await axe(operator);
  await steps.confirm(detail, 'Approve the refund', 'Approve the refund of Silver competency?', 'Approve the refund');
  await steps.told(operator, `Request ${request} is approved.`);

  const told = await mail(imogen, new RegExp(`^Your seat was withdrawn: ${ENTERPRISE}$`));
  expect(told.text).toContain('because the benefit was withdrawn from your company');
  await mail(piet, /^Refund approved: Silver competency$/);
  await page.goto(`/orders/${order}`);
  await hydrated(page);
  await expect(page.locator('main .head')).toContainText('Refunded');
  const documents = page.getByRole('table', { name: 'Documents' });
  await expect(documents.getByRole('row').filter({ hasText: 'Invoice' })).toContainText('US$1,670');
  await expect(documents.getByRole('row').filter({ hasText: 'Credit note' })).toContainText('US$1,670');
  await axe(page);
  const downloading = page.waitForEvent('download');
  await documents.getByRole('link', { name: /^Credit note \d+$/ }).click();
  const file = await downloading;
  expect(file.suggestedFilename()).toMatch(/^credit-note-\d+\.pdf$/);
  expect(fs.readFileSync(await file.path()).subarray(0, 5).toString()).toBe('%PDF-');
  // The card is paid back by the clock.
  await expect(async () => {
    await steps.reload(page);
    await expect(page.getByRole('table', { name: 'Payments' })).toContainText(`Given back ${day(0)}`, { timeout: 500 });
  }).toPass({ timeout: 60_000, intervals: [1_000] });

  await page.goto('/benefits/cancel');
  await expect(purchase(page, 'DevOps').getByText('Refunded')).toBeVisible();
  await expect(purchase(page, 'DevOps').getByRole('button')).toHaveCount(0);
  await page.goto(STUDIO_PATH);
  await hydrated(page);
  for (const source of ['Silver Core', 'DevOps']) {
    await expect(steps.row(page, ENTERPRISE, source).getByText('Withdrawn')).toBeVisible();
  }
  const studio = await steps.open(page, ENTERPRISE, 'Silver Core');
  await expect(steps.holder(page, imogen)).toHaveCount(0);
  await steps.refused(studio, 'Assign user', /^This benefit was withdrawn\./);
  await page.goto('/membership');
  await expect(page.getByRole('region', { name: 'Silver competency', exact: true })).toHaveCount(0);
  await expect(page.getByRole('table', { name: 'Earlier holdings' })).toContainText(/Silver competency\s*DevOps\s*Cancelled/);
  await page.goto('/offers');
  await expect(silver(page, 'DevOps').getByRole('button', { name: 'Place order' })).toBeVisible();

  const holder = await anotherPage();
  await signIn(holder, imogen, { path: '/my-benefits' });
  await expect(holder.getByRole('heading', { name: ENTERPRISE })).toHaveCount(0);
  await steps.unfold(holder.locator('main'), '1 earlier seat');
  await expect(holder.getByRole('row').filter({ hasText: ENTERPRISE })).toContainText('Benefit withdrawn');
});

test('a key that is revealed before the decision ends the refund, and the operator refuses it', async ({ page, anotherPage, signIn, hydrated, steps, mail, scripts, axe }) => {
  test.setTimeout(120_000);
  await signIn(page, piet);
  await buy(page, hydrated, 'DevOps');
  const request = await ask(page, hydrated, 'DevOps');
  const operator = await anotherPage();
  const detail = await openItem(operator, signIn, hydrated, request);
  await expect(detail.getByText('Approve the refund').first()).toBeVisible();

  await page.goto('/benefits/software');
  await hydrated(page);
  const software = await steps.open(page, 'Windows Enterprise', 'Silver Core');
  await expect(software.locator('.voucher li').first()).toContainText('The refund of Silver competency ends');
  await software.getByLabel('I know that the refund ends.').check();
  await software.getByRole('button', { name: 'Get keys' }).click();
  await expect(software.getByLabel('Product license key', { exact: true })).toBeVisible();

  // The operator's page is older than the key. It follows by itself; without JavaScript it still has the button, and
  // what it sends is decided anew.
  if (!scripts) {
    await steps.confirm(detail, 'Approve the refund', 'Approve the refund of Silver competency?', 'Approve the refund');
  }
  const notPossible = "A condition isn't met, so this can't be approved. Refuse it with a reason.";
  await expect(detail.locator('.why').getByText(notPossible)).toBeVisible();
  await steps.reload(operator);
  await expect(detail.locator('.why').getByText(notPossible)).toBeVisible();
  await expect(detail.locator('li').filter({ hasText: 'Not met:' })).toContainText(
    `Windows Enterprise, key revealed ${day(0)} by ${piet.name}`,
  );
  await expect(detail.getByText('Approve the refund')).toHaveCount(0);
  await axe(operator);
  await steps.unfold(detail, 'Refuse this request');
  await detail.getByLabel('Reason', { exact: true }).fill('A key was revealed meanwhile.');
  await detail.getByRole('button', { name: 'Refuse', exact: true }).click();
  await expect(detail.locator('blockquote')).toHaveText('A key was revealed meanwhile.');

  const told = await mail(piet, /^Refund refused: Silver competency$/);
  expect(told.text).toContain('Reason: A key was revealed meanwhile.');
  await page.goto('/benefits/cancel');
  await hydrated(page);
  const line = purchase(page, 'DevOps');
  await expect(line.getByText('No refund', { exact: true })).toBeVisible();
  await steps.refused(line, 'Submit request', /^A software benefit was activated\./);
  await expect(
    page.getByRole('table', { name: 'Earlier requests' }).getByRole('row').filter({ hasText: request }),
  ).toContainText('Refused');
  await page.goto(STUDIO_PATH);
  await expect(steps.row(page, ENTERPRISE, 'Silver Core').getByText('Ready')).toBeVisible();
});

test('day 30 is the last: it can be asked for then, and be decided later', async ({ page, anotherPage, portal, signIn, hydrated, steps, axe }) => {
  test.setTimeout(120_000);
  await signIn(page, piet);
  const order = await buy(page, hydrated, 'DevOps');
  moveOrder(portal, order, 30, ZONE);
  await page.goto('/benefits/cancel');
  await hydrated(page);
  const line = purchase(page, 'DevOps');
  await expect(line).toContainText('Both conditions are met');
  await expect(line).toContainText(`bought ${day(-30)}`);
  await expect(inTime(line)).toContainText(`Day 30 of 30. The last day is ${day(0)}, until 23:59 (${ZONE}).`);
  await axe(page);
  const request = await ask(page, hydrated, 'DevOps');

  // A week later, for whoever decides: the request is as old as the purchase less its thirty days.
  moveOrder(portal, order, 37, ZONE);
  shift(portal, [
    ['update service_request set requested_at = ? where number = ?', noon(-7, ZONE), Number(request)],
  ]);
  const operator = await anotherPage();
  const detail = await openItem(operator, signIn, hydrated, request);
  await expect(detail).toContainText(`the last day is ${day(-7)}`);
  await expect(detail.locator('li').filter({ hasText: 'Not met:' })).toHaveCount(0);
  await axe(operator);
  await steps.confirm(detail, 'Approve the refund', 'Approve the refund of Silver competency?', 'Approve the refund');
  await steps.told(operator, `Request ${request} is approved.`);
  await page.goto(`/orders/${order}`);
  await expect(page.locator('main .head')).toContainText('Refunded');
});

test('on day 31 it is too late, also for a form that was filled in before', async ({ page, portal, signIn, hydrated, steps, axe }) => {
  test.setTimeout(120_000);
  await signIn(page, piet);
  const order = await buy(page, hydrated, 'DevOps');
  moveOrder(portal, order, 30, ZONE);
  await page.goto('/benefits/cancel');
  await hydrated(page);
  const line = purchase(page, 'DevOps');
  await expect(line.getByRole('button', { name: 'Submit request' })).toBeVisible();
  moveOrder(portal, order, 31, ZONE);
  await send(page, 'DevOps');
  await expect(page.getByText("A refund isn't possible any more. The conditions on the page say why; you can let the membership run out instead.").first()).toBeVisible();

  await page.goto('/benefits/cancel');
  await hydrated(page);
  await expect(line.getByText('No refund', { exact: true })).toBeVisible();
  await expect(inTime(line)).toContainText(`Ended ${day(-1)}, 1 day ago.`);
  await steps.refused(
    line,
    'Submit request',
    `The 30 days are over. Let the membership run out instead: it ends ${day(365)} and is not renewed by itself.`,
  );
  await axe(page);
  await page.goto(`/orders/${order}`);
  await expect(page.locator('main .head')).toContainText('Paid');
});

test('of two purchases one is refunded, and the other stays with its benefits and their holders', { tag: '@long' }, async ({ page, anotherPage, signIn, hydrated, steps, mail, mails, axe }) => {
  test.setTimeout(150_000);
  await signIn(page, piet);
  const first = await buy(page, hydrated, 'DevOps');
  const second = await buy(page, hydrated, 'Security');
  await assign(page, hydrated, steps, 'Silver Core', imogen);
  await assign(page, hydrated, steps, 'DevOps', fergus);
  const request = await ask(page, hydrated, 'DevOps');
  await approve(await anotherPage(), signIn, hydrated, steps, request);

  await mail(fergus, new RegExp(`^Your seat was withdrawn: ${ENTERPRISE}$`));
  await page.goto(STUDIO_PATH);
  await hydrated(page);
  await expect(steps.row(page, ENTERPRISE, 'DevOps').getByText('Withdrawn')).toBeVisible();
  await expect(steps.row(page, ENTERPRISE, 'Silver Core')).toContainText('1 of 5 used · 4 left');
  await steps.open(page, ENTERPRISE, 'Silver Core');
  await expect(steps.holder(page, imogen)).toBeVisible();
  await steps.assign(page, [fergus]);
  expect(mails(imogen).filter((told) => /withdrawn|ended|removed/.test(told.subject))).toEqual([]);
  for (const [order, state] of [
    [first, 'Refunded'],
    [second, 'Paid'],
  ] as const) {
    await page.goto(`/orders/${order}`);
    await expect(page.locator('main .head')).toContainText(state);
    await expect(page.getByRole('table', { name: 'Documents' }).getByRole('row').filter({ hasText: 'Credit note' })).toHaveCount(
      state === 'Refunded' ? 1 : 0,
    );
  }
  await page.goto('/benefits/cancel');
  await hydrated(page);
  await expect(purchase(page, 'DevOps').getByText('Refunded')).toBeVisible();
  await expect(purchase(page, 'Security')).toContainText('Both conditions are met');
  await axe(page);
  await page.goto('/membership');
  await expect(page.getByRole('region', { name: 'Silver competency', exact: true })).toContainText('Security');
  await expect(page.getByRole('region', { name: 'Silver competency', exact: true })).toHaveCount(1);
});

test('before one of two purchases is cancelled the page says what ends with it and what goes on', async ({ page, anotherPage, signIn, hydrated, steps, axe }) => {
  test.setTimeout(120_000);
  await signIn(page, piet);
  await buy(page, hydrated, 'DevOps');
  await buy(page, hydrated, 'Security');
  await assign(page, hydrated, steps, 'Silver Core', imogen);
  await assign(page, hydrated, steps, 'DevOps', fergus);
  await page.goto('/benefits/cancel');
  await hydrated(page);
  const consequences = async (within: Locator): Promise<void> => {
    await expect(within).toContainText('1 benefit ends when the refund is approved');
    await expect(within).toContainText('1 person loses a seat and is told by email.');
    await expect(within).toContainText(/\d+ benefits go on with their holders/);
    await expect(within).not.toContainText('Your tier goes back');
  };
  await consequences(purchase(page, 'DevOps'));
  await axe(page);
  const request = await ask(page, hydrated, 'DevOps');
  await consequences(await openItem(await anotherPage(), signIn, hydrated, request));
});

test('an order by bank transfer expires after thirty days, says so, and can be placed again', { tag: '@long' }, async ({ page, portal, signIn, hydrated, steps, mail, axe }) => {
  test.setTimeout(120_000);
  await signIn(page, piet);
  const order = await place(page, hydrated, 'Security');
  await page.getByRole('button', { name: 'Pay by bank transfer' }).click();
  await expect(page.getByText(`Transfer the amount with the reference ${order}.`)).toBeVisible();

  moveOrder(portal, order, 30, ZONE);
  await steps.reload(page);
  await expect(page.locator('dt:text-is("To be paid by") + dd')).toHaveText(day(0));
  await expect(page.getByText(`Transfer the amount with the reference ${order}.`)).toBeVisible();

  moveOrder(portal, order, 31, ZONE);
  await expect(async () => {
    await steps.reload(page);
    await expect(page.locator('main .head')).toContainText('Expired', { timeout: 500 });
  }).toPass({ timeout: 60_000, intervals: [1_000] });
  await expect(page.locator('main').getByRole('button')).toHaveCount(0);
  await expect(page.getByRole('table', { name: 'Payments' })).toContainText('Cancelled');
  await axe(page);
  const told = await mail(piet, new RegExp(`^Order ${order} has expired$`));
  expect(told.text).toContain('was not paid within 30 days and has expired. Nothing is owed');
  await page.goto('/orders');
  await expect(page.getByRole('row').filter({ hasText: order })).toContainText('Expired');
  await page.goto('/membership');
  await expect(page.getByRole('region', { name: 'Silver competency', exact: true })).toHaveCount(0);
  await signIn(page, operators.fulfilmentAgent, { path: `/operator/queue?find=${order}` });
  await expect(page.getByRole('row').filter({ hasText: order })).toHaveCount(0);
  await signIn(page, piet);
  expect(await place(page, hydrated, 'Security')).not.toBe(order);
});
