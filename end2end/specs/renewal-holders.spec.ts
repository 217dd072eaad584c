import fs from 'node:fs';
import type { Locator, Page } from '@playwright/test';

import { type Account, chenghu, kestrelAsh } from '../accounts';
import { type Held, moveYear, reachNextYear, shift } from '../support/calendar';
import { english, expect, inDays, test } from './partner';

/**
 * What a year's end, a renewal and another level mean to those who hold seats: they keep them, or hear why not. The
 * clock is moved by the rows; what the server does by its clock shows within half a minute.
 */

test.use({ isolated: true });

const ZONE = 'Europe/London';
const STUDIO = 'Visual Studio Professional';
const VISIO = 'Visio Professional 2019';
const CREDIT = 'Azure credit';
const PACK: Held = { domain: 'kestrelash.example', offer: 'action_pack', timeZone: ZONE };

/** Holds a seat of Visual Studio Professional of the Action Pack since 22 days. */
const imogen = kestrelAsh.employee;
const tobias: Account = { email: 'tobias.ellingworth@kestrelash.example', name: 'Tobias Ellingworth' };
/** Holds a seat of Visio with a key of its own. */
const beatrix: Account = { email: 'beatrix.hollowmere@kestrelash.example', name: 'Beatrix Hollowmere' };
const fergus: Account = { email: 'fergus.dalrympleton@kestrelash.example', name: 'Fergus Dalrympleton' };
const matthias: Account = { email: 'matthias.oberlindacher@chenghu.example', name: 'Matthias Oberlindacher' };

const holding = (page: Page, offer: string): Locator => page.getByRole('region', { name: offer, exact: true });

/** What somebody has of a benefit on the page My benefits. */
const own = (page: Page, product: string): Locator =>
  page.locator('main section', { has: page.getByRole('heading', { level: 2, name: product, exact: true }) });

/** The date in so many days, as pages of the company write it. */
const day = (days: number): string => english(inDays(days, ZONE), ZONE);

/** Waits for what the server does by its clock, and looks by loading the page again. */
async function byTheClock(reload: () => Promise<void>, look: () => Promise<void>): Promise<void> {
  await expect(async () => {
    await reload();
    await look();
  }).toPass({ timeout: 60_000, intervals: [1_000] });
}

test('a paid renewal leaves everybody their seat, and the key of it', { tag: '@long' }, async ({ page, anotherPage, portal, signIn, steps, mail, mails, hydrated, axe }) => {
  test.setTimeout(180_000);
  moveYear(portal, PACK, 10);
  const person = await anotherPage();
  await signIn(person, beatrix, { path: '/my-benefits' });
  await own(person, VISIO).getByRole('link', { name: 'My key' }).click();
  await hydrated(person);
  await own(person, VISIO).getByRole('button', { name: 'Show the key' }).click();
  const key = (await own(person, VISIO).getByLabel('Product license key', { exact: true }).innerText()).trim();

  await signIn(page, kestrelAsh.globalAdmin, { path: '/membership' });
  const pack = holding(page, 'Action Pack');
  await expect(pack).toContainText(
    `Renew until ${day(40)} for US$475. The next year runs to ${day(375)}, and everybody keeps their seats.`,
  );
  await pack.getByLabel(/^I have read the agreement, accept it for Action Pack/).check();
  await pack.getByRole('button', { name: 'Renew', exact: true }).click();
  await expect(page).toHaveURL(/\/orders\/\d+$/);
  await hydrated(page);
  const number = /(\d+)$/.exec(page.url())?.[1] ?? 'none';
  await expect(page.locator('main')).toContainText('Renewal: Action Pack');
  await page.getByLabel('Card', { exact: true }).selectOption({ label: 'Test card: pays' });
  await page.getByRole('button', { name: 'Pay', exact: true }).click();
  await expect(page.getByRole('table', { name: 'Documents' })).toContainText(/Invoice \d+/);
  await mail(kestrelAsh.globalAdmin, new RegExp(`^Order ${number} is settled: Action Pack is renewed until ${day(375)}$`));

  await page.goto('/membership');
  await hydrated(page);
  await expect(pack).toContainText(`Renewed: the next year runs from ${day(11)} to ${day(375)}.`);
  await page.goto('/benefits/visual-studio');
  await hydrated(page);
  await steps.open(page, STUDIO, 'Action Pack');
  await expect(steps.holder(page, imogen)).toContainText(day(-22));
  await expect(steps.row(page, STUDIO, 'Action Pack')).toContainText('2 of 3 used · 1 left');

  reachNextYear(portal, PACK);
  await page.goto('/membership');
  await byTheClock(
    () => steps.reload(page),
    () => expect(page.getByRole('table', { name: 'Earlier holdings' })).toContainText(/Action Pack\s*Ended/, { timeout: 500 }),
  );
  await expect(pack).toContainText('364 days left in this year');
  await expect(pack.getByRole('button', { name: 'Renew', exact: true })).toHaveCount(0);
  await axe(page);

  await page.goto('/benefits/visual-studio');
  await hydrated(page);
  await expect(steps.row(page, STUDIO, 'Action Pack')).toContainText('2 of 3 used · 1 left');
  const detail = await steps.open(page, STUDIO, 'Action Pack');
  for (const holder of [imogen, tobias]) {
    await expect(steps.holder(page, holder)).toContainText(day(-22));
    await expect(steps.holder(page, holder)).toContainText(kestrelAsh.globalAdmin.name);
  }
  await axe(page);
  await steps.assign(page, [fergus]);
  await expect(steps.row(page, STUDIO, 'Action Pack')).toContainText('3 of 3 used · 0 left');
  await expect(detail.getByText('Benefit ended')).toHaveCount(0);

  await signIn(person, imogen, { path: '/my-benefits' });
  await expect(own(person, STUDIO)).toContainText(`Yours since ${day(-22)}`);
  await expect(own(person, STUDIO)).toContainText(day(394));
  await signIn(person, beatrix, { path: '/my-benefits' });
  await own(person, VISIO).getByRole('link', { name: 'My key' }).click();
  await hydrated(person);
  await own(person, VISIO).getByRole('button', { name: 'Show the key' }).click();
  await expect(own(person, VISIO).getByLabel('Product license key', { exact: true })).toHaveText(key);
  expect(mails(imogen).filter((told) => /ended|withdrawn|removed/.test(told.subject))).toEqual([]);
});

test('after the anniversary use goes on and nothing new starts; after the window the benefits end and holders are told', { tag: '@long' }, async ({ page, anotherPage, portal, signIn, steps, mail, mails, hydrated, axe }) => {
  test.setTimeout(180_000);
  await signIn(page, kestrelAsh.globalAdmin, { path: '/benefits/visual-studio' });
  const detail = await steps.open(page, STUDIO, 'Action Pack');
  await steps.choose(page, fergus);
  const person = await anotherPage();
  const subject = (reader: Account, text: string): Promise<void> =>
    expect.poll(() => mails(reader).map((told) => told.subject), { timeout: 60_000 }).toContain(text);

  // The form was opened before; the server refuses what it sends all the same.
  moveYear(portal, PACK, -3);
  await detail.getByRole('button', { name: 'Assign user', exact: true }).click();
  const refusal = 'The membership waits for renewal: what is in use goes on, nothing new starts. Renew it first.';
  await expect(detail.getByText(refusal).first()).toBeVisible();
  await steps.reload(page);
  await expect(steps.holder(page, fergus)).toHaveCount(0);
  await steps.refused(detail, 'Assign user', refusal);
  await expect(steps.row(page, STUDIO, 'Action Pack')).toContainText('2 of 3 used · 1 left');
  await expect(steps.holder(page, imogen)).toContainText(day(-22));
  await axe(page);
  await page.goto('/membership');
  await hydrated(page);
  const pack = holding(page, 'Action Pack');
  await expect(pack).toContainText(`The year ended ${day(-3)}. Existing use goes on for 27 more days.`);
  await expect(pack).toContainText(`Renew until ${day(27)} for US$475.`);
  await axe(page);
  await signIn(person, imogen, { path: '/my-benefits' });
  await expect(own(person, STUDIO)).toContainText(day(27));

  moveYear(portal, PACK, -30);
  await steps.reload(page);
  await expect(pack).toContainText(`The year ended ${day(-30)}. Existing use goes on until the end of today.`);
  await expect(pack.getByRole('button', { name: 'Renew', exact: true })).toBeVisible();
  await subject(kestrelAsh.globalAdmin, `Benefits of Action Pack end on ${day(0)}`);
  await steps.reload(person);
  await expect(own(person, STUDIO)).toBeVisible();

  moveYear(portal, PACK, -31);
  await subject(kestrelAsh.globalAdmin, 'Action Pack has ended');
  await steps.reload(page);
  await expect(pack).toHaveCount(0);
  await expect(page.getByRole('table', { name: 'Earlier holdings' })).toContainText(/Action Pack\s*Ended/);
  for (const holder of [imogen, tobias]) {
    const told = await mail(holder, new RegExp(`^Your seat has ended: ${STUDIO}$`));
    expect(told.text).toContain(`your seat of ${STUDIO} has ended with the benefit`);
  }
  expect(mails(imogen).filter((told) => told.subject.startsWith('Your seat has ended'))).toHaveLength(1);

  await page.goto('/benefits/visual-studio');
  await hydrated(page);
  await expect(steps.row(page, STUDIO, 'Action Pack').getByText('Expired', { exact: true })).toBeVisible();
  await steps.open(page, STUDIO, 'Action Pack');
  await steps.refused(detail, 'Assign user', /^This benefit has expired, or its membership has ended\./);
  await expect(steps.holder(page, imogen)).toHaveCount(0);
  await steps.unfold(detail, '3 earlier holders');
  const former = detail.getByRole('table', { name: '3 earlier holders' }).getByRole('row');
  for (const holder of [imogen, tobias]) {
    await expect(former.filter({ hasText: holder.name })).toContainText('Benefit ended');
  }
  await axe(page);
  await steps.reload(person);
  await expect(own(person, STUDIO)).toHaveCount(0);
  await steps.unfold(person.locator('main'), '1 earlier seat');
  await expect(person.getByRole('row').filter({ hasText: STUDIO })).toContainText('Benefit ended');
});

test('a change of level names who loses a seat, tells them, and gives it again when it is taken back', async ({ page, anotherPage, portal, signIn, steps, mail, mails, hydrated, axe }) => {
  test.setTimeout(120_000);
  // The catalogue of Gold without the credit that Silver has: with the sample's own nobody would lose a seat.
  shift(portal, [
    [`delete from entitlement where source = 'gold_core'
        and product_id = (select id from product where code = 'azure_credit')`],
    [`insert into attained_area (organization_id, tier, area, recorded_by, recorded_at)
        select o.id, 'gold', c.code, (select account_id from operator_role limit 1), 1
        from organization o cross join competency_area c where o.domain = 'chenghu.example'
        on conflict (organization_id, tier, area) do nothing`],
  ]);
  await signIn(page, chenghu.globalAdmin, { path: '/benefits/cloud' });
  await steps.open(page, CREDIT, 'Silver Core');
  await steps.assign(page, [matthias]);

  await page.goto('/membership');
  await hydrated(page);
  await holding(page, 'Silver competency').getByRole('link', { name: 'Change level' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Change level' })).toBeVisible();
  await hydrated(page);
  const ends = page.getByRole('table', { name: 'What ends' }).getByRole('row').filter({ hasText: CREDIT }).first();
  await expect(ends).toContainText(matthias.name);
  await expect(ends).toContainText(chenghu.globalAdmin.name);
  await expect(page.locator('main')).toContainText(/Everybody who loses a seat, and .*卫青禾/);
  await axe(page);
  await page.getByLabel(/^I have read the agreement and what ends/).check();
  await page.getByRole('button', { name: 'Order the change' }).click();
  await expect(page).toHaveURL(/\/orders\/\d+$/);
  await hydrated(page);
  const number = /(\d+)$/.exec(page.url())?.[1] ?? 'none';
  expect(mails(matthias).filter((told) => told.subject.includes('has ended'))).toEqual([]);
  await page.getByLabel('Card', { exact: true }).selectOption({ label: 'Test card: pays' });
  await page.getByRole('button', { name: 'Pay', exact: true }).click();
  const change = page.locator('section', { has: page.getByRole('heading', { level: 2, name: 'Change of level' }) });
  await expect(change).toContainText('2 seats ended with it. Their holders stay listed with each benefit.');

  const told = await mail(matthias, new RegExp(`^${CREDIT} has ended for you$`));
  expect(told.text).toContain(`the new one doesn't have ${CREDIT}. Your seat has ended.`);
  const informed = await mail(chenghu.globalAdmin, /has Gold competency now$/);
  expect(informed.text).toContain('Seats that ended: 2');
  const person = await anotherPage();
  await signIn(person, matthias, { path: '/my-benefits' });
  await expect(own(person, CREDIT)).toHaveCount(0);
  await steps.unfold(person.locator('main'), '1 earlier seat');
  await expect(person.getByRole('row').filter({ hasText: CREDIT })).toContainText('Level changed');

  const downloading = page.waitForEvent('download');
  await change.getByRole('link', { name: 'Former holders as a file' }).click();
  const file = await downloading;
  expect(file.suggestedFilename()).toBe('former-holders.csv');
  const lines = fs.readFileSync(await file.path(), 'utf8').trim().split(/\r?\n/);
  expect(lines[0]).toMatch(/Benefit,Name,Email,Assigned,Ended/);
  expect(lines).toHaveLength(3);
  expect(lines.filter((line) => line.includes(`${CREDIT},${matthias.name},${matthias.email},`))).toHaveLength(1);
  expect(lines.filter((line) => line.includes(chenghu.globalAdmin.name))).toHaveLength(1);

  await steps.reload(page);
  await steps.confirm(page.locator('main'), 'Take back', `Take the change of order ${number} back?`, 'Take back');
  await expect(page.getByRole('table', { name: 'Documents' })).toContainText(/Credit note \d+/);
  await axe(page);
  await mail(matthias, new RegExp(`^You have your seat again: ${CREDIT}$`));
  await steps.reload(person);
  await expect(own(person, CREDIT)).toBeVisible();
  await page.goto('/benefits/cloud');
  await hydrated(page);
  await expect(steps.row(page, CREDIT, 'Silver Core')).toContainText('2 of 2 used');
  await steps.open(page, CREDIT, 'Silver Core');
  await expect(steps.holder(page, matthias)).toBeVisible();
  await expect(steps.holder(page, chenghu.globalAdmin)).toBeVisible();
});
