import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import type { Page } from '@playwright/test';

import { type Account, fernhollow, operators } from '../accounts';
import type { Portal } from '../support/portal';
import { binary, environment } from '../support/template';
import { expect, test } from './partner';

/** Companies from the older portal: what they can read, and how an invited one enrols with its data filled in. */

test.use({ isolated: true });
test.describe.configure({ timeout: 150_000 });

const PASSWORD = 'a heron over the weir 41';
const ida: Account = { email: 'ida.vane@osprey.example', name: 'Ida Vane' };

const HEADS =
  'record,domain,company,account_email,time_zone,language,contact_name,contact_email,roles,tier,areas,began,benefit,quantity,used';

/** A day, so many days ago. */
const ago = (days: number): string => new Date(Date.now() - days * 86_400_000).toISOString().slice(0, 10);

const rows = (domain: string, contact: Account, began: string): string[] => [
  `company,${domain},Osprey Vane,office@${domain},Europe/Oslo,en,${contact.name},${contact.email},,,,,,,`,
  `membership,${domain},,,,,,,,network,,${began},,,`,
  `membership,${domain},,,,,,,,gold,devops,${began},,,`,
  `grant,${domain},,,,,,,,gold,,,office_365_e3,,40`,
];

/** Takes a file over, as the operators do on the server. */
const take = (portal: Portal, lines: string[], ...options: string[]): void => {
  const file = path.join(portal.folder, 'members.csv');
  fs.writeFileSync(file, [HEADS, ...lines, ''].join('\n'));
  execFileSync(binary(), ['import-members', file, ...options], {
    cwd: portal.folder,
    env: environment(portal.folder),
    stdio: ['ignore', 'ignore', 'inherit'],
    timeout: 60_000,
  });
};

const switchTo = async (page: Page, company: string): Promise<void> => {
  const form = page.locator('form:has(input[name="form"][value="switch_organization"])').filter({ hasText: company });
  if (!(await form.first().isVisible())) {
    await page.locator('summary, button').filter({ hasText: fernhollow.globalAdmin.name }).first().click();
  }
  await form.first().getByRole('button', { name: company }).click();
};

test('a company that is not invited yet reads what the older portal has and goes on there', async ({
  page,
  portal,
  signIn,
  hydrated,
  axe,
}) => {
  take(
    portal,
    rows('osprey.example', fernhollow.globalAdmin, ago(100)),
    '--sign-in-link',
    'https://older.example/sign-in',
    '--technical-contact',
    '+47 22 00 00 00',
  );
  await signIn(page, fernhollow.globalAdmin, { path: '/' });
  await hydrated(page);
  await switchTo(page, 'Osprey Vane');
  const notice = page.getByRole('region', { name: 'Your company is still in the older portal' });
  await expect(notice).toBeVisible();
  await expect(notice.getByRole('link', { name: 'Sign in to the older portal' })).toHaveAttribute(
    'href',
    'https://older.example/sign-in',
  );
  await page.goto('/benefits/technical');
  await hydrated(page);
  await expect(page.getByText('+47 22 00 00 00').first()).toBeVisible();
  await page.goto('/benefits/cloud');
  await hydrated(page);
  await expect(page.getByRole('row').filter({ hasText: 'Office 365' }).first()).toContainText('40');
  await axe(page);
  await page.goto('/offers');
  await hydrated(page);
  await expect(page.getByText("Your company isn't a member here yet.").first()).toBeVisible();
  await expect(page.getByRole('button', { name: 'Place order' }).first()).toBeDisabled();
});

test('an invited company chooses a password, enrols with its data filled in, and keeps what it has', async ({
  page,
  portal,
  anotherPage,
  signIn,
  hydrated,
  mail,
  axe,
}) => {
  take(portal, rows('osprey.example', ida, ago(100)), '--invite');
  const invitation = await mail(ida, /\/invitation\//);
  expect(invitation.text).toContain('Osprey Vane is invited to move from the older portal');
  await page.goto(/\/invitation\/\S+/.exec(invitation.text)?.[0] ?? '');
  await hydrated(page);
  await page.getByLabel('New password', { exact: true }).fill(PASSWORD);
  await page.getByLabel('New password again').fill(PASSWORD);
  await page.getByRole('button', { name: 'Choose password', exact: true }).click();
  const notice = page.getByRole('region', { name: 'Your company is invited' });
  await expect(notice).toBeVisible();
  await hydrated(page);
  await expect(page).toHaveURL('/enrol');
  await axe(page);
  const next = page.getByRole('link', { name: 'Next' }).or(page.getByRole('button', { name: 'Next' }));
  await next.first().click();
  if (!page.url().endsWith('/enrol/profile')) {
    await page.waitForURL('**/enrol/profile');
  }
  await hydrated(page);
  await expect(page.getByLabel('Legal name')).toHaveValue('Osprey Vane');
  await expect(page.getByLabel('Time zone')).toHaveValue('Europe/Oslo');
  const person = page.getByRole('group', { name: 'Primary contact' });
  await expect(person.getByLabel('Full name')).toHaveValue(ida.name);
  await expect(person.getByLabel('Business email address')).toHaveValue(ida.email);
  await page.getByLabel('Street and number').fill('Havnegata 7');
  await page.getByLabel('Country or region').selectOption({ label: 'Norway' });
  await page.getByLabel('Postal code').fill('7010');
  await page.getByLabel('City').fill('Trondheim');
  await person.getByLabel('Contact phone').fill('+47 73 50 00 00');
  await page.getByRole('button', { name: 'Save and continue' }).click();
  await expect(page).toHaveURL('/enrol/summary');
  await hydrated(page);
  await page.getByRole('link', { name: 'Enroll now' }).click();
  await expect(page).toHaveURL('/enrol/agreement');
  await hydrated(page);
  await page.getByLabel(/I am authorized to sign for Osprey Vane/).check();
  await page.getByRole('button', { name: 'Accept the agreement' }).click();
  await expect(page).toHaveURL('/enrol/status');

  const answers = await anotherPage();
  await answers.goto(/\/enrol\/contact\/\S+/.exec((await mail(ida, /\/enrol\/contact\//)).text)?.[0] ?? '');
  await hydrated(answers);
  await answers.getByRole('group', { name: /sign up for/ }).getByLabel('Yes').check();
  await answers.getByRole('group', { name: /belong to/ }).getByLabel('Yes').check();
  await answers.getByRole('button', { name: 'Answer' }).click();
  await expect(answers.getByText('The operators review the enrolment now.')).toBeVisible();

  const operator = await anotherPage();
  await signIn(operator, operators.fulfilmentAgent, { path: '/operator/queue?kind=enrolment' });
  await operator.goto((await operator.locator('a.opener').first().getAttribute('href')) ?? '');
  await hydrated(operator);
  await operator.getByRole('button', { name: 'Accept the company' }).click();
  await mail(ida, /Osprey Vane is a member/);

  await page.goto('/membership');
  await hydrated(page);
  await expect(notice).toHaveCount(0);
  await expect(page.getByRole('region', { name: 'Gold competency' })).toContainText('DevOps');
  await expect(page.getByRole('region', { name: 'Network membership' })).toBeVisible();
  await page.goto('/benefits/cloud');
  await hydrated(page);
  const office = page.getByRole('row').filter({ hasText: 'Office 365' }).first();
  await expect(office).toContainText('40');
  await expect(office).not.toContainText('Read-only');
});
