import fs from 'node:fs';
import { chienyuan, fernhollow, kestrelAsh } from '../accounts';
import type { Locator, Page } from '@playwright/test';
import { type Account, expect, test } from './partner';

/** User management: order, suspension and removal with seats, several people from a file; My access. */

test.use({ isolated: true });

const rowOf = (page: Page, person: Account): Locator =>
  page.getByRole('row').filter({ has: page.locator('th', { hasText: person.email }) });

async function openPerson(page: Page, person: Account, hydrated: (page: Page) => Promise<void>): Promise<Locator> {
  await page.goto(`/account/users?find=${encodeURIComponent(person.email)}`);
  await page.locator('a.opener').click();
  await hydrated(page);
  const detail = page.locator('tr.detail');
  await expect(detail).toBeVisible();
  return detail;
}

/** The fieldset of a seat on the page for suspending and removing. */
const seat = (page: Page, product: RegExp): Locator => page.locator('.fate').filter({ hasText: product }).first();

test('a person is removed and a seat goes to a colleague in the same step', async ({
  page,
  anotherPage,
  signIn,
  sendSignIn,
  hydrated,
  steps,
  mail,
  axe,
  scripts,
}) => {
  const leaving = fernhollow.employee;
  // Somebody without a seat of it.
  const heir: Account = { email: 'casimir.dunleavy@fernhollow.example', name: 'Casimir Dunleavy' };
  const theirs = await anotherPage();
  await signIn(theirs, leaving, { path: '/my-benefits' });

  await signIn(page, fernhollow.globalAdmin, { path: '/account/users' });
  const detail = await openPerson(page, leaving, hydrated);
  await detail.getByRole('link', { name: `Remove: ${leaving.name}` }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(`Remove ${leaving.name}`);
  await hydrated(page);
  await axe(page);
  const enterprise = seat(page, /Visual Studio Enterprise/);
  // Nobody who is removed keeps a seat.
  await expect(enterprise.getByLabel('Keep it')).toHaveCount(0);
  await expect(enterprise.getByLabel('Release it: the seat is free at once')).toBeChecked();
  const chooser = enterprise.locator('.hand-over');
  await expect(chooser).toBeHidden();
  await enterprise.getByLabel('Hand it over to a colleague').check();
  await expect(chooser).toBeVisible();
  // Without anybody nothing happens.
  await page.getByRole('button', { name: 'Remove', exact: true }).click();
  await expect(page.getByRole('alert').first()).toBeVisible();
  await hydrated(page);
  await expect(enterprise.getByLabel('Hand it over to a colleague')).toBeChecked();
  if (scripts) {
    await chooser.locator('input[role="combobox"]').fill('Dunle');
    await chooser.getByRole('option').filter({ hasText: heir.email }).click();
  } else {
    await chooser.getByLabel('Who gets it').selectOption({ label: heir.name });
  }
  await page.getByRole('button', { name: 'Remove', exact: true }).click();
  await steps.told(page, `${leaving.name} is removed.`);
  await expect(page).toHaveURL(/\/account\/users$/);
  await expect(rowOf(page, leaving)).toHaveCount(0);

  await page.goto('/benefits/visual-studio');
  await hydrated(page);
  const row = await steps.open(page, 'Visual Studio Enterprise', 'Gold Core');
  await expect(row.getByRole('table', { name: /^Holders of / })).toContainText(heir.email);
  expect((await mail(leaving, /You don't serve Fernhollow Systems any more/)).text).toContain(fernhollow.globalAdmin.name);
  await mail(heir, /You have a seat: Visual Studio Enterprise/);

  // Out at once, and not let in again.
  await theirs.goto('/my-benefits');
  await expect(theirs).toHaveURL(/\/sign-in/);
  await hydrated(theirs);
  await sendSignIn(theirs, leaving);
  await expect(theirs.getByText('Email address or password is wrong.').first()).toBeVisible();
});

test('a person is suspended with the seats kept, and let in again', async ({
  page,
  anotherPage,
  signIn,
  sendSignIn,
  hydrated,
  steps,
  axe,
}) => {
  const person = fernhollow.otherEmployee;
  await signIn(page, fernhollow.userAdmin, { path: '/account/users' });
  const detail = await openPerson(page, person, hydrated);
  await detail.getByRole('link', { name: `Suspend: ${person.name}` }).click();
  await hydrated(page);
  await axe(page);
  // A User admin releases; handing over is assigning.
  const first = page.locator('.fate').first();
  await expect(first.getByLabel('Keep it')).toBeChecked();
  const handOver = first.getByLabel('Hand it over to a colleague');
  await expect(handOver).toBeDisabled();
  await expect(handOver).toHaveAccessibleDescription(/This needs the role Global admin/);
  await page.getByRole('button', { name: 'Suspend', exact: true }).click();
  await steps.told(page, `${person.name} is suspended.`);

  const theirs = await anotherPage();
  await theirs.goto('/sign-in');
  await hydrated(theirs);
  await sendSignIn(theirs, person);
  await expect(theirs.getByText('Email address or password is wrong.').first()).toBeVisible();

  await page.goto('/account/users?status=suspended');
  await expect(rowOf(page, person)).toContainText('Suspended');
  const again = await openPerson(page, person, hydrated);
  await again.getByRole('button', { name: 'Let in again' }).click();
  await steps.told(page, `${person.name} can sign in again.`);
  await theirs.goto('/sign-in');
  await hydrated(theirs);
  await sendSignIn(theirs, person);
  await expect(theirs.getByRole('heading', { level: 1 })).toHaveText('Dashboard');

  // Nobody but a Global admin suspends one, and nobody oneself.
  await page.goto('/account/users');
  const admin = await openPerson(page, fernhollow.globalAdmin, hydrated);
  await admin.getByRole('link', { name: `Suspend: ${fernhollow.globalAdmin.name}` }).click();
  await steps.refused(page.locator('main'), 'Suspend', /Your roles don't let you/);
  await signIn(page, kestrelAsh.globalAdmin, { path: '/account/users' });
  const own = await openPerson(page, kestrelAsh.globalAdmin, hydrated);
  await own.getByRole('link', { name: `Remove: ${kestrelAsh.globalAdmin.name}` }).click();
  await steps.refused(page.locator('main'), 'Remove', /Nobody suspends or removes themselves/);
});

test('a person is suspended and a seat goes to a colleague in the same step', async ({
  page,
  signIn,
  hydrated,
  steps,
  mail,
  scripts,
}) => {
  const person = fernhollow.otherEmployee;
  const heir: Account = { email: 'casimir.dunleavy@fernhollow.example', name: 'Casimir Dunleavy' };
  await signIn(page, fernhollow.globalAdmin, { path: '/account/users' });
  const detail = await openPerson(page, person, hydrated);
  await detail.getByRole('link', { name: `Suspend: ${person.name}` }).click();
  await hydrated(page);
  const enterprise = seat(page, /Visual Studio Enterprise/);
  await enterprise.getByLabel('Hand it over to a colleague').check();
  const chooser = enterprise.locator('.hand-over');
  if (scripts) {
    await chooser.locator('input[role="combobox"]').fill('Dunle');
    await chooser.getByRole('option').filter({ hasText: heir.email }).click();
  } else {
    await chooser.getByLabel('Who gets it').selectOption({ label: heir.name });
  }
  await page.getByRole('button', { name: 'Suspend', exact: true }).click();
  await steps.told(page, `${person.name} is suspended.`);
  await mail(heir, /You have a seat: Visual Studio Enterprise/);
  await page.goto('/benefits/visual-studio');
  await hydrated(page);
  await steps.open(page, 'Visual Studio Enterprise', 'Gold Core');
  await expect(steps.holder(page, heir)).toBeVisible();
  await expect(steps.holder(page, person)).toHaveCount(0);
});

test('several people are added from a file, and the rest comes back', async ({ page, signIn, hydrated, steps, mail, axe }, testInfo) => {
  await signIn(page, fernhollow.userAdmin, { path: '/account/users' });
  await page.getByRole('link', { name: 'Add several from a file' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Add several users');
  await hydrated(page);
  await axe(page);
  const template = page.waitForEvent('download');
  await page.getByRole('link', { name: 'Template' }).click();
  const heads = fs.readFileSync(await (await template).path(), 'utf8').split('\r\n')[0] ?? '';
  expect(heads).toBe('\uFEFFFull name,Email address,Roles,Language');

  // What isn't a table of people is said, and nothing is lost by it.
  const choose = async (name: string, content: string): Promise<void> => {
    const path = testInfo.outputPath(name);
    fs.writeFileSync(path, content);
    await page.getByLabel('CSV file').setInputFiles(path);
    await page.getByRole('button', { name: 'Check the file' }).click();
    await hydrated(page);
  };
  await choose('phones.csv', 'name,phone\nA,1\n');
  await expect(page.getByRole('alert')).toContainText('A column for full name or email address is missing.');
  await axe(page);

  await choose(
    'people.csv',
    `${heads}\r\n"Vance, Ottoline",ottoline.vance@fernhollow.example,Employee,English\r\n` +
      '林涵予,hanyu.lin@fernhollow.example,员工,简体中文\r\n' +
      `Somebody Known,${fernhollow.employee.email},,\r\nA Boss,boss@fernhollow.example,Global admin,\r\n`,
  );
  await expect(page).toHaveURL(/\/account\/users\/import\?import=/);
  await axe(page);
  const rows = page.getByRole('table', { name: 'Rows of people.csv' });
  await expect(rows.getByRole('row').filter({ hasText: fernhollow.employee.email })).toContainText(
    'This address belongs to somebody in your organization already.',
  );
  await expect(rows.getByRole('row').filter({ hasText: 'boss@' })).toContainText("Your roles don't let you grant this role.");
  await expect(rows.getByRole('row').filter({ hasText: 'Vance, Ottoline' })).toContainText('Nothing');
  await page.getByRole('button', { name: 'Add 2 users' }).click();
  await steps.told(page, '2 users are added and get an email. Rows left out: 2.');
  await hydrated(page);
  const rest = page.waitForEvent('download');
  await page.getByRole('link', { name: 'Download the rows that need another look' }).click();
  const left = fs.readFileSync(await (await rest).path(), 'utf8').trim().split('\n');
  expect(left).toHaveLength(3);
  expect(left.join('\n')).not.toContain('ottoline');
  const invitation = await mail({ email: 'hanyu.lin@fernhollow.example', name: '林涵予' }, /\/invitation\//);
  expect(invitation.language).toBe('zh-Hans');
  await page.goto('/account/users?find=Vance');
  await expect(page.getByRole('row').filter({ hasText: 'Vance, Ottoline' }).first()).toContainText('Invited');
});

test('the list is sorted by the last sign-in and taken away as it is filtered', async ({ page, signIn, hydrated }) => {
  await signIn(page, fernhollow.employee);
  await signIn(page, fernhollow.globalAdmin, { path: '/account/users' });
  const head = page.getByRole('columnheader', { name: 'Last sign-in' });
  if ((page.viewportSize()?.width ?? 0) > 700) {
    await head.getByRole('link').click();
    await hydrated(page);
    await expect(page).toHaveURL(/sort=last_sign_in_down/);
    await expect(head).toHaveAttribute('aria-sort', 'descending');
  } else {
    // Cards have no heads; the order is part of the address.
    await page.goto('/account/users?sort=last_sign_in_down');
    await hydrated(page);
  }
  const names = page.locator('tbody th a');
  await expect(names.nth(0)).toHaveText(fernhollow.globalAdmin.name);
  await expect(names.nth(1)).toHaveText(fernhollow.employee.name);
  await page.goto('/account/users?role=global_admin');
  const download = page.waitForEvent('download');
  await page.getByRole('link', { name: 'Export as CSV' }).click();
  const lines = fs.readFileSync(await (await download).path(), 'utf8').trim().split('\n');
  expect(lines).toHaveLength(3);
  expect(lines.join('\n')).toContain(fernhollow.otherGlobalAdmin.email);
});

test('My access says what one may do and who could grant the rest', async ({ page, signIn, axe }) => {
  await signIn(page, fernhollow.userAdmin, { path: '/account' });
  await page.locator('main').getByRole('link', { name: 'My access' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('My access');
  await axe(page);
  const area = (name: string): Locator => page.getByRole('row').filter({ has: page.locator('th', { hasText: name }) });
  await expect(area('Set roles, suspend and remove users')).toContainText('User admin');
  await expect(area('Assign users')).toContainText('Not granted');
  await expect(area('Assign users')).toContainText('Needs the role Global admin. Ask');
  await expect(area('Assign users')).toContainText(fernhollow.globalAdmin.name);
  await page.getByRole('link', { name: 'How to become a Global admin' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('How to become a Global admin');
  await signIn(page, chienyuan.globalAdmin, { path: '/account/access' });
  await expect(page.getByText('Not granted')).toHaveCount(0);
});
