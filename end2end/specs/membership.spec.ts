import { chenghu, chienyuan, fernhollow } from '../accounts';
import { expect, test } from './partner';

/** The membership: what is held, how far its year is, what another tier would change, and reminders. */

test('an administrator sees the year of each holding and where benefits come from', async ({ page, signIn, hydrated, axe }) => {
  await signIn(page, fernhollow.globalAdmin);
  await page.goto('/membership');
  await hydrated(page);
  await expect(page.getByRole('heading', { level: 1, name: 'Membership' })).toBeVisible();
  await expect(page.getByText('What Fernhollow Systems holds')).toBeVisible();
  await axe(page);
  const gold = page.getByRole('region', { name: 'Gold competency' });
  await expect(gold).toContainText(/\d+ days left in this year/);
  await expect(gold).toContainText('Cloud Platform');
  const year = gold.getByRole('list', { name: 'Year of Gold competency' });
  await expect(year.getByRole('listitem')).toHaveCount(5);
  await expect(year.locator('[aria-current="step"]')).toHaveCount(1);
  await expect(year.getByRole('listitem').nth(2)).toContainText('Anniversary: the last day of the year');
  const sources = page.getByRole('table', { name: 'Where benefits come from' });
  await expect(sources.getByRole('row').filter({ hasText: 'Gold Core' })).toContainText(/Software: \d+/);
});

test('another tier says what it would add, change and take away', async ({ page, signIn, hydrated, axe }) => {
  await signIn(page, chenghu.globalAdmin);
  await page.goto('/membership');
  await hydrated(page);
  await page.locator('summary', { hasText: 'Gold competency' }).click();
  const table = page.getByRole('table', { name: 'Gold competency' });
  await expect(table).toBeVisible();
  const studio = table.getByRole('row').filter({ hasText: 'Visual Studio Enterprise' });
  await expect(studio).toContainText('Another quantity');
  await expect(page.getByText('Takes the place of your silver competencies, in their areas.')).toBeVisible();
  await axe(page);

  await signIn(page, chienyuan.globalAdmin);
  await page.goto('/membership');
  await hydrated(page);
  await expect(page.locator('main details')).toHaveCount(3);
  await page.locator('summary', { hasText: 'Action Pack' }).click();
  const pack = page.getByRole('table', { name: 'Action Pack' });
  await expect(pack.getByRole('row').filter({ hasText: 'Visual Studio Professional' })).toContainText('3');
  await expect(pack.getByText('New', { exact: true }).first()).toBeVisible();
});

test('whoever renews is reminded before the anniversary, with the day for the calendar', async ({ page, signIn, mail }) => {
  // The network membership of the sample company ends within 15 days.
  const told = await mail(fernhollow.globalAdmin, /the year of Network membership of Fernhollow Systems ends on/);
  expect(told.subject).toMatch(/^Renew Network membership until /);
  expect(told.text).toContain('/membership');
  expect(told.calendar).toMatch(/BEGIN:VEVENT[^]*DTSTART;VALUE=DATE:\d{8}[^]*SUMMARY:Renew Network membership/);
  await signIn(page, fernhollow.globalAdmin, { path: '/notices' });
  await expect(page.getByRole('link', { name: /^Renew Network membership until / }).first()).toBeVisible();
});

test('an employee reads who opens the membership', async ({ page, signIn }) => {
  await signIn(page, fernhollow.employee, { path: '/membership' });
  await expect(page.locator('main')).toContainText(fernhollow.globalAdmin.name);
});

test('the company sets how long before the end it is reminded of its benefits', async ({ page, signIn, hydrated, steps, axe }) => {
  await signIn(page, chienyuan.globalAdmin);
  await page.goto('/membership');
  await hydrated(page);
  const reminders = page.locator('form:has(input[name="form"][value="set_reminders"])');
  const unused = reminders.getByRole('group', { name: 'Benefits that were never used' });
  const first = unused.getByLabel('First reminder, days before');
  const second = unused.getByLabel('Second reminder, days before');
  await expect(first).toHaveValue('90');
  await first.fill('20');
  await second.fill('45');
  await reminders.getByRole('button', { name: 'Save' }).click();
  await expect(unused).toContainText('The second reminder comes after the first');
  await expect(first).toHaveValue('20');
  await expect(second).toHaveValue('45');
  await axe(page);
  await first.fill('450');
  await second.fill('');
  await reminders.getByRole('button', { name: 'Save' }).click();
  await expect(unused).toContainText('Write a whole number from 1 to 300, in figures.');
  await first.fill('45');
  await reminders.getByRole('group', { name: 'Benefits in use' }).getByLabel('First reminder, days before').fill('');
  await reminders.getByRole('button', { name: 'Save' }).click();
  await steps.told(page, 'The reminders are saved.');
  await steps.reload(page);
  await expect(first).toHaveValue('45');
  await expect(second).toHaveValue('');
  await expect(reminders.getByRole('group', { name: 'Benefits in use' }).getByLabel('First reminder, days before')).toHaveValue('');

  // Whoever may not decide it reads who can.
  await signIn(page, fernhollow.userAdmin, { path: '/membership' });
  await expect(reminders).toContainText('Global admin');
  await expect(reminders.getByRole('button', { name: 'Save' })).toBeDisabled();
});
