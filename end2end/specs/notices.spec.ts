import type { Locator, Page } from '@playwright/test';
import { fernhollow, operators } from '../accounts';
import { endOfDay, moveYear } from '../support/calendar';
import { expect, test } from './partner';

/** What changes for somebody stands in the portal, too: the bell counts it, and the page says what kind of news it is. */

test.use({ isolated: true });

const bell = (page: Page): Locator => page.locator('header.bar a[href="/notices"]');
const count = async (page: Page): Promise<number> => Number(await bell(page).locator('.count').textContent());
/** What the bell says once there are so many. */
const says = (number: number): string => (number === 1 ? '1 unread notice' : `${number} unread notices`);

test('the bell counts what is new, one notice is read and then all of them @long', async ({
  page,
  anotherPage,
  signIn,
  hydrated,
  steps,
  axe,
}) => {
  const malin = fernhollow.userAdmin;
  await signIn(page, malin, { path: '/notices' });
  const before = await count(page);

  // A seat is news that one can do without by mail; roles aren't.
  const admin = await anotherPage();
  await signIn(admin, fernhollow.globalAdmin, { path: '/benefits/visual-studio' });
  await steps.open(admin, 'Visual Studio Enterprise', 'Cloud Platform');
  await steps.assign(admin, [malin]);
  await admin.goto('/account/users?find=Thistlewood');
  await hydrated(admin);
  await admin.locator('a.opener').click();
  await hydrated(admin);
  await admin.locator('tr.detail input[type="checkbox"][value="admin_agent"]').setChecked(true);
  await admin.getByRole('button', { name: 'Update', exact: true }).click();
  await steps.told(admin, `The roles of ${malin.name} are updated.`);

  await signIn(page, malin, { path: '/notices' });
  await expect(bell(page)).toHaveAccessibleName(says(before + 2));
  expect(await count(page)).toBe(before + 2);
  const rows = page.getByRole('table', { name: 'Notices' }).locator('tbody > tr');
  const seat = rows.filter({ hasText: 'You have a seat: Visual Studio Enterprise' });
  const roles = rows.filter({ hasText: 'Your roles in Fernhollow Systems are updated' });
  await expect(seat.getByText('Your seats: assigned, removed, ended')).toBeVisible();
  await expect(roles.getByText('Always comes by mail, too')).toBeVisible();
  await expect(seat.getByText('Always comes by mail, too')).toHaveCount(0);
  await axe(page);

  await roles.getByRole('button', { name: /^Mark as read: / }).click();
  await expect(bell(page)).toHaveAccessibleName(says(before + 1));
  await expect(roles.getByText('New', { exact: true })).toHaveCount(0);
  await expect(seat.getByText('New', { exact: true })).toBeVisible();
  await hydrated(page);
  await steps.filter(page, 'Show', 'Not read yet');
  await expect(roles).toHaveCount(0);
  await expect(seat).toBeVisible();

  await page.goto('/notices');
  await hydrated(page);
  await page.getByRole('button', { name: 'Mark all as read' }).click();
  await expect(bell(page)).toHaveAccessibleName('0 unread notices');
  await expect(rows.getByText('New', { exact: true })).toHaveCount(0);
  await expect(page.getByRole('button', { name: 'Mark all as read' })).toHaveCount(0);
  await steps.reload(page);
  expect(await count(page)).toBe(0);
});

test('an operator is told of a draft that waits for a second person, and reading it lowers the count @long', async ({
  page,
  anotherPage,
  signIn,
  hydrated,
  steps,
  mail,
  mails,
  axe,
}) => {
  test.slow();
  const reader = operators.programmeAdmin;
  const subject = 'A draft of the catalogue waits: For a second person';
  await signIn(page, reader, { path: '/operator/policies' });
  await page.locator('input[name="catalogue_publication"][value="second_person"]').check();
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await steps.told(page, '1 policy is changed.');

  const manager = await anotherPage();
  await signIn(manager, operators.catalogueManager, { path: '/operator/catalogue' });
  await manager.getByLabel('Title').fill('For a second person');
  await manager.getByRole('button', { name: 'Begin a draft' }).click();
  await manager.waitForURL(/\/operator\/catalogue\/[0-9a-f-]{36}/);
  await hydrated(manager);
  const draft = new URL(manager.url()).pathname;
  await page.goto('/notices');
  await hydrated(page);
  const rows = page.getByRole('table', { name: 'Notices' }).locator('tbody > tr');
  const waits = rows.filter({ hasText: subject });
  await expect(waits, 'nothing is changed yet').toHaveCount(0);
  await manager.getByLabel('Visual Studio Enterprise, Gold Core').fill('11');
  await manager.getByRole('button', { name: 'Save quantities' }).click();
  await expect(manager.getByText('Saved: the draft has 1 difference.')).toBeVisible();

  await steps.reload(page);
  await expect(waits).toHaveCount(1);
  await expect(waits.getByText('New', { exact: true })).toBeVisible();
  await expect(waits.getByText('Always comes by mail, too')).toBeVisible();
  const before = await count(page);
  expect(before).toBeGreaterThan(0);
  await expect(bell(page)).toHaveAccessibleName(says(before));
  await axe(page);
  expect((await mail(reader, /^A draft of the catalogue waits: /)).text).toContain(operators.catalogueManager.name);

  await waits.getByRole('button', { name: /^Mark as read: / }).click();
  await expect(bell(page)).toHaveAccessibleName(says(before - 1));
  await expect(waits.getByText('New', { exact: true })).toHaveCount(0);
  await page.goto('/notices');
  await hydrated(page);
  expect(await count(page)).toBe(before - 1);
  await waits.getByRole('rowheader').getByRole('link').click();
  await expect(page).toHaveURL(draft);
  await expect(page.getByRole('button', { name: 'Publish' })).toBeVisible();

  // Whoever changes it hears nothing.
  expect(mails(operators.catalogueManager).filter((told) => told.subject === subject)).toEqual([]);
  await manager.goto('/notices');
  await hydrated(manager);
  await expect(manager.getByRole('heading', { level: 1, name: 'Notices' })).toBeVisible();
  await expect(manager.getByRole('row').filter({ hasText: subject })).toHaveCount(0);
});

test('what has a day to come is found by it, the nearest first @long', async ({
  page,
  portal,
  signIn,
  hydrated,
  steps,
  mail,
  axe,
}) => {
  test.slow();
  // The network membership of the sample company ends within 15 days; the Action Pack in five.
  moveYear(portal, { domain: 'fernhollow.example', offer: 'action_pack', timeZone: 'Europe/Oslo' }, 5);
  await mail(fernhollow.globalAdmin, /^Renew Network membership until /);
  await mail(fernhollow.globalAdmin, /^Renew Action Pack until /);
  await signIn(page, fernhollow.globalAdmin, { path: '/notices' });
  await hydrated(page);
  await steps.filter(page, 'Show', 'With a day to come, the nearest first');
  await expect(page).toHaveURL(/show=due/);
  const rows = page.getByRole('table', { name: 'Notices' }).locator('tbody > tr');
  await expect(rows.filter({ hasText: 'Renew Network membership until ' }).first()).toBeVisible();
  const due: (readonly [day: string, title: string])[] = [];
  for (const row of await rows.all()) {
    due.push([
      (await row.getByRole('cell').first().locator('time').getAttribute('datetime')) ?? 'none',
      await row.getByRole('rowheader').innerText(),
    ]);
  }
  const days = due.map(([day]) => day);
  expect(days).toEqual([...days].sort());
  expect(days.every((day) => /^\d{4}-\d\d-\d\d$/.test(day))).toBe(true);
  const place = (title: string): number => due.findIndex(([, text]) => text.startsWith(title));
  const [pack, network] = [place('Renew Action Pack until '), place('Renew Network membership until ')];
  expect(pack).toBeGreaterThanOrEqual(0);
  expect(network).toBeGreaterThan(pack);
  const five = new Intl.DateTimeFormat('en-CA', { timeZone: 'Europe/Oslo' }).format(endOfDay(5, 'Europe/Oslo'));
  expect(days[pack]).toBe(five);
  expect(days[network]).not.toBe(five);
  await axe(page);
});
