import type { Locator, Page } from '@playwright/test';
import { fernhollow, operators } from '../accounts';
import { type Statement, shift } from '../support/calendar';
import { expect, test } from './partner';

/** What waits for operators beside the requests: below the queue, each with where it is done. */

test.use({ isolated: true });

const QUEUE = '/operator/queue';
const POOL = '/operator/keys/windows_enterprise';
const DAY = 86_400_000;

const also = (page: Page): Locator => page.getByRole('table', { name: 'Also waiting', exact: true });

const waiting = (page: Page, name: string): Locator =>
  also(page)
    .getByRole('row')
    .filter({ has: page.getByRole('rowheader').getByRole('link', { name, exact: true }) });

/** Writes a mail as if it had been written then. */
const mail = (id: string, recipient: string, subject: string, state: string, then: number): Statement => [
  `insert into mail (id, kind, recipient, recipient_key, language, subject, subject_key, body, state, attempts,
     next_attempt_at, created_at)
   values (x'${id}', 'seat_assigned', ?, ?, 'en', ?, ?, 'Text', ?, 12, ?, ?)`,
  recipient,
  recipient,
  subject,
  subject,
  state,
  then,
  then,
];

test('a draft for a second person and a pool that runs low wait below the queue until they are done @long', async ({
  page,
  anotherPage,
  signIn,
  hydrated,
  steps,
  axe,
}) => {
  // The worker looks at the pools twice a minute.
  test.slow();
  await signIn(page, operators.programmeAdmin, { path: '/operator/policies' });
  await page.locator('input[name="catalogue_publication"][value="second_person"]').check();
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await steps.told(page, '1 policy is changed.');
  await page.goto(QUEUE);
  await hydrated(page);
  await expect(page.getByRole('heading', { level: 1, name: 'Queue' })).toBeVisible();
  await expect(also(page)).toHaveCount(0);
  await expect(page.getByRole('link', { name: 'Also waiting', exact: true })).toHaveCount(0);

  const manager = await anotherPage();
  await signIn(manager, operators.catalogueManager, { path: '/operator/catalogue' });
  await manager.getByLabel('Title').fill('Autumn quantities');
  await manager.getByRole('button', { name: 'Begin a draft' }).click();
  await manager.waitForURL(/\/operator\/catalogue\/[0-9a-f-]{36}/);
  await hydrated(manager);
  const draft = new URL(manager.url()).pathname;
  const seats = manager.getByLabel('Visual Studio Enterprise, Gold Core');
  await seats.fill(String(Number(await seats.inputValue()) + 1));
  await manager.getByRole('button', { name: 'Save quantities' }).click();
  await expect(manager.getByText('Saved: the draft has 1 difference.')).toBeVisible();

  // It shows by itself to whoever can publish it.
  const row = waiting(page, 'Autumn quantities');
  await steps.seesChange(page, row, 20_000);
  await expect(row).toContainText('Draft for a second person');
  await expect(row).toContainText(operators.catalogueManager.name);
  await expect(row).toContainText('Today');
  await page.getByRole('link', { name: 'Also waiting', exact: true }).click();
  await expect(page).toHaveURL(/#also-waiting$/);
  await expect(also(page)).toBeInViewport();
  await hydrated(page);
  await axe(page);
  const box = await page.locator('#also-waiting').boundingBox();
  expect((box?.x ?? 0) + (box?.width ?? Infinity)).toBeLessThanOrEqual(page.viewportSize()?.width ?? 0);

  await manager.goto(POOL);
  await hydrated(manager);
  await manager.getByLabel('Tell when fewer keys are free than').fill('5000');
  await manager.getByRole('button', { name: 'Save threshold' }).click();
  await steps.told(manager, 'You are told when fewer keys are free than 5,000.');
  await expect(async () => {
    await page.goto(QUEUE);
    await expect(waiting(page, 'Windows Enterprise')).toContainText('Key pool that runs low', { timeout: 1_000 });
  }).toPass({ timeout: 60_000 });

  // Who works the requests alone has neither.
  const agent = await anotherPage();
  await signIn(agent, operators.fulfilmentAgent, { path: QUEUE });
  await expect(agent.getByRole('heading', { level: 1, name: 'Queue' })).toBeVisible();
  await expect(also(agent)).toHaveCount(0);

  await hydrated(page);
  await row.getByRole('link', { name: 'Autumn quantities', exact: true }).click();
  await page.waitForURL((url) => url.pathname === draft);
  await hydrated(page);
  await page.getByRole('button', { name: 'Publish' }).click();
  await expect(page.getByText('Version 2 is in force.').first()).toBeVisible();
  await page.goto(QUEUE);
  await expect(waiting(page, 'Windows Enterprise')).toBeVisible();
  await expect(row).toHaveCount(0);

  await manager.goto(POOL);
  await hydrated(manager);
  await manager.getByLabel('Tell when fewer keys are free than').fill('0');
  await manager.getByRole('button', { name: 'Save threshold' }).click();
  await steps.told(manager, 'This pool has no threshold now.');
  await expect(async () => {
    await page.goto(QUEUE);
    await expect(page.getByRole('heading', { level: 1, name: 'Queue' })).toBeVisible({ timeout: 1_000 });
    await expect(also(page)).toHaveCount(0, { timeout: 1_000 });
  }).toPass({ timeout: 60_000 });
});

test('mail that failed and mail on hold wait below the queue until they are looked after @long', async ({
  page,
  portal,
  signIn,
  hydrated,
  steps,
  axe,
}) => {
  const held = 'kept@nowhere.example';
  const then = Date.now() - 2 * DAY;
  const kept = '01980000000070008000000000000f02';
  shift(portal, [
    mail('01980000000070008000000000000f01', fernhollow.globalAdmin.email, 'a mail that was given up', 'failed', then),
    mail(kept, held, 'a mail that is kept', 'waiting', then),
    [
      `insert into bouncing_address (address_key, mail_id, reason, since) values (?, x'${kept}', ?, ?)`,
      held,
      'No such mailbox',
      then,
    ],
  ]);
  await signIn(page, operators.programmeAdmin, { path: QUEUE });
  const givenUp = waiting(page, 'a mail that was given up');
  await expect(givenUp).toContainText('Failed mail');
  await expect(givenUp).toContainText(fernhollow.globalAdmin.email);
  await expect(givenUp).toContainText('2 days');
  await expect(waiting(page, held)).toContainText('Mail to an address on hold');
  const lists = page.getByRole('navigation', { name: 'All that also waits' });
  await expect(lists.getByRole('link')).toHaveText(['Failed mail: 1', 'Mail to an address on hold: 1']);
  await axe(page);

  await givenUp.getByRole('link').click();
  await expect(page.locator('tr.detail')).toBeVisible();
  await hydrated(page);
  await page.getByRole('button', { name: /^Send again/ }).click();
  await steps.told(page, 'The mail goes out within a minute.');
  await page.goto(QUEUE);
  await hydrated(page);
  await expect(waiting(page, held)).toBeVisible();
  await expect(givenUp).toHaveCount(0);

  await waiting(page, held).getByRole('link').click();
  await expect(page).toHaveURL(/\/operator\/outbox\?/);
  await hydrated(page);
  await expect(page.locator('a.opener')).toHaveCount(1);
  await page.locator('a.opener').click();
  await hydrated(page);
  await page.getByRole('button', { name: 'Clear the address' }).click();
  await steps.told(page, `${held} is cleared. What waits goes out within a minute.`);
  await page.goto(QUEUE);
  await expect(page.getByRole('heading', { level: 1, name: 'Queue' })).toBeVisible();
  await expect(also(page)).toHaveCount(0);
});
