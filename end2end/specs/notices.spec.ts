import type { Locator, Page } from '@playwright/test';
import { fernhollow } from '../accounts';
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

test('what has a day to come is found by it, the nearest first @long', async ({ page, signIn, hydrated, steps, mail, axe }) => {
  // The network membership of the sample company ends within 15 days.
  await mail(fernhollow.globalAdmin, /^Renew Network membership until /);
  await signIn(page, fernhollow.globalAdmin, { path: '/notices' });
  await hydrated(page);
  await steps.filter(page, 'Show', 'With a day to come, the nearest first');
  await expect(page).toHaveURL(/show=due/);
  const rows = page.getByRole('table', { name: 'Notices' }).locator('tbody > tr');
  await expect(rows.filter({ hasText: 'Renew Network membership until ' }).first()).toBeVisible();
  const days: string[] = [];
  for (const row of await rows.all()) {
    days.push((await row.getByRole('cell').first().locator('time').getAttribute('datetime')) ?? 'none');
  }
  expect(days.length).toBeGreaterThan(0);
  expect(days).toEqual([...days].sort());
  expect(days.every((day) => /^\d{4}-\d\d-\d\d$/.test(day))).toBe(true);
  await axe(page);
});
