import type { Page } from '@playwright/test';
import { type Account, PASSWORD, fernhollow, operators } from '../accounts';
import { Authenticator } from '../support/authenticator';
import { expect, test } from './partner';

/** How people sign in: second factor, recovery codes, sessions, a forgotten password; their name and mail. */

test.use({ isolated: true });
// A code counts once: some steps wait for the next one.
test.describe.configure({ timeout: 120_000 });

const NEXT = 'eleven herons on the quay';

/** The form with the code, of the page. */
const form = (page: Page, code: string) => page.locator(`main form:has(input[name="form"][value="${code}"])`);

/** Nothing of it is wider than the screen. */
async function fits(page: Page): Promise<void> {
  const excess = await page.evaluate(
    () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
  );
  expect(excess, 'pixels by which the page is wider than the screen').toBeLessThanOrEqual(0);
}

/** Sets the second factor up; gives the app and the recovery codes. */
async function setUp(page: Page, axe: (page: Page) => Promise<void>): Promise<{ app: Authenticator; codes: string[] }> {
  const begin = form(page, 'begin_second_factor');
  await begin.getByLabel('Current password').fill(PASSWORD);
  await begin.getByRole('button', { name: 'Set up an authenticator app' }).click();
  await expect(page.getByRole('img', { name: 'QR code for the authenticator app' })).toBeVisible();
  const app = new Authenticator(await page.locator('.key output').innerText());
  await fits(page);
  await axe(page);
  const confirm = form(page, 'confirm_second_factor');
  await confirm.getByLabel('Code').fill(await app.code());
  await confirm.getByRole('button', { name: 'Turn on' }).click();
  await expect(page.getByRole('heading', { name: 'Your recovery codes' })).toBeVisible();
  const codes = await page.locator('.codes code').allInnerTexts();
  expect(codes).toHaveLength(10);
  await fits(page);
  await axe(page);
  return { app, codes };
}

/** Signs in with the password, up to the question for the code. */
async function firstStep(
  page: Page,
  account: Account,
  path: string,
  hydrated: (page: Page) => Promise<void>,
  sendSignIn: (page: Page, account: Account, password?: string) => Promise<void>,
  password = PASSWORD,
): Promise<void> {
  await page.goto(path);
  await hydrated(page);
  await sendSignIn(page, account, password);
  await expect(page).toHaveURL(/\/sign-in\/second-factor\?then=/);
  await hydrated(page);
}

async function enterCode(page: Page, code: string): Promise<void> {
  await page.getByLabel('Code').fill(code);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

test('signing in asks for a code once the second factor is on', async ({
  page,
  anotherPage,
  signIn,
  sendSignIn,
  hydrated,
  steps,
  mail,
  axe,
}) => {
  await signIn(page, fernhollow.employee, { path: '/account/security' });
  await axe(page);
  const begin = form(page, 'begin_second_factor');
  await begin.getByLabel('Current password').fill('not my password');
  await begin.getByRole('button', { name: 'Set up an authenticator app' }).click();
  await steps.fault(begin, 'Current password', 'The current password is wrong. Check it and try again.');
  const { app, codes } = await setUp(page, axe);
  // Shown once.
  await steps.reload(page);
  await expect(page.getByText('10 recovery codes left')).toBeVisible();
  expect(await page.content()).not.toContain(codes[0]);
  await mail(fernhollow.employee, /^The second factor is on$/);

  // Without the phone at hand; each recovery code does once.
  const third = await anotherPage();
  await firstStep(third, fernhollow.employee, '/notices', hydrated, sendSignIn);
  await enterCode(third, (codes[4] ?? '').toLowerCase());
  await expect(third).toHaveURL('/notices');
  await mail(fernhollow.employee, /^A recovery code was used$/);

  const elsewhere = await anotherPage();
  await firstStep(elsewhere, fernhollow.employee, '/my-benefits', hydrated, sendSignIn);
  await axe(elsewhere);
  await enterCode(elsewhere, codes[4] ?? '');
  await expect(elsewhere.getByLabel('Code')).toHaveAttribute('aria-invalid', 'true');
  await expect(elsewhere.getByLabel('Code')).toHaveValue('');
  await axe(elsewhere);
  await enterCode(elsewhere, await app.code());
  await expect(elsewhere).toHaveURL('/my-benefits');
  await expect(elsewhere.getByRole('heading', { level: 1 })).toHaveText('My benefits');

  await steps.reload(page);
  await expect(page.getByText('9 recovery codes left')).toBeVisible();
  const renew = form(page, 'renew_recovery_codes');
  await renew.getByLabel('Current password').fill(PASSWORD);
  await renew.getByRole('button', { name: 'Make new recovery codes' }).click();
  await expect(page.locator('.codes code')).toHaveCount(10);
  const fresh = await page.locator('.codes code').allInnerTexts();
  expect(fresh.some((code) => codes.includes(code))).toBe(false);

  const off = form(page, 'turn_off_second_factor');
  await off.getByLabel('Current password').fill(PASSWORD);
  await off.getByLabel('Code').fill(fresh[0] ?? '');
  await off.getByRole('button', { name: 'Turn off the second factor' }).click();
  await steps.told(page, 'The second factor is off.');
  await expect(page.getByRole('button', { name: 'Set up an authenticator app' })).toBeVisible();
  const last = await anotherPage();
  await last.goto('/notices');
  await hydrated(last);
  await sendSignIn(last, fernhollow.employee);
  await expect(last).toHaveURL('/notices');
});

test('an operator has a second factor, too', async ({ page, anotherPage, signIn, sendSignIn, hydrated, axe }) => {
  await signIn(page, operators.programmeAdmin, { path: '/account/security' });
  const { app } = await setUp(page, axe);
  const elsewhere = await anotherPage();
  await firstStep(elsewhere, operators.programmeAdmin, '/operator/outbox', hydrated, sendSignIn);
  await enterCode(elsewhere, await app.code());
  await expect(elsewhere).toHaveURL('/operator/outbox');
});

test('sessions are listed and ended', async ({ page, anotherPage, signIn, sendSignIn, hydrated, steps, axe }) => {
  const others: Page[] = [];
  for (let count = 0; count < 3; count += 1) {
    const other = await anotherPage();
    await other.goto('/sign-in');
    await hydrated(other);
    await sendSignIn(other, fernhollow.otherEmployee);
    await expect(other.getByRole('heading', { level: 1 })).toHaveText('Dashboard');
    others.push(other);
  }
  const isOut = async (other: Page): Promise<boolean> => {
    await other.goto('/my-benefits');
    return new URL(other.url()).pathname === '/sign-in';
  };
  await signIn(page, fernhollow.otherEmployee, { path: '/account/security' });
  const rows = page.getByRole('table', { name: 'Sessions' }).getByRole('row').filter({ hasText: 'Chrome on' });
  await expect(rows).toHaveCount(4);
  await expect(rows.first()).toContainText('This browser');
  await axe(page);
  await rows.nth(1).getByRole('button').click();
  await steps.told(page, 'The session has ended.');
  await expect(rows).toHaveCount(3);
  await hydrated(page);
  expect((await Promise.all(others.map(isOut))).filter(Boolean)).toHaveLength(1);
  await page.getByRole('button', { name: 'End all other sessions' }).click();
  await steps.told(page, '2 sessions have ended.');
  await expect(rows).toHaveCount(1);
  await expect(page.getByRole('button', { name: 'End all other sessions' })).toHaveCount(0);
  expect((await Promise.all(others.map(isOut))).every(Boolean)).toBe(true);
  await page.goto('/my-benefits');
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('My benefits');
});

test('a forgotten password is chosen anew behind the link of a mail', async ({
  page,
  anotherPage,
  signIn,
  sendSignIn,
  hydrated,
  steps,
  mail,
  mails,
  axe,
}) => {
  const account = fernhollow.chineseEmployee;
  const elsewhere = await anotherPage();
  await signIn(elsewhere, account, { path: '/account/security' });
  const { codes } = await setUp(elsewhere, axe);

  await page.goto('/sign-in');
  await hydrated(page);
  await page.getByRole('link', { name: 'Forgot your password?' }).click();
  await expect(page).toHaveURL('/forgotten-password');
  await hydrated(page);
  await axe(page);
  const said: string[] = [];
  for (const email of ['nobody@fernhollow.example', account.email]) {
    await page.goto('/forgotten-password');
    await hydrated(page);
    await page.getByLabel('Email address').fill(email);
    await page.getByRole('button', { name: 'Send the link' }).click();
    await expect(page).toHaveURL(/\/forgotten-password\?sent=/);
    await hydrated(page);
    said.push(await page.locator('main').innerText());
  }
  expect(said[0]).toBe(said[1]);
  await axe(page);
  const letter = await mail(account, /\/reset-password\//);
  expect(mails({ email: 'nobody@fernhollow.example', name: '' })).toEqual([]);
  const link = /\/reset-password\/\S+/.exec(letter.text)?.[0] ?? '';
  await page.goto(link);
  await hydrated(page);
  await axe(page);
  const chooses = form(page, 'reset_password');
  const choose = async (password: string): Promise<void> => {
    await chooses.getByLabel('New password', { exact: true }).fill(password);
    await chooses.getByLabel('New password again').fill(password);
    await chooses.getByRole('button', { name: 'Choose password' }).click();
  };
  await choose('P@ssw0rd1234');
  await steps.fault(
    chooses,
    'New password',
    "This password is on the lists that guessers try first. Choose several words that don't belong together.",
  );
  await axe(page);
  await choose(NEXT);
  await expect(page.getByText('Your password is changed. Sign in with it.')).toBeVisible();
  await elsewhere.goto('/my-benefits');
  await expect(elsewhere).toHaveURL(/\/sign-in/);

  // The second factor is asked for as before.
  await firstStep(page, account, '/my-benefits', hydrated, sendSignIn, NEXT);
  await enterCode(page, codes[0] ?? '');
  await expect(page).toHaveURL('/my-benefits');
  const late = await anotherPage();
  await late.goto(link);
  await expect(late.getByText('This link was used').first()).toBeVisible();
});

test('name and mail are one’s own to choose', async ({ page, anotherPage, signIn, hydrated, steps, mails, axe }) => {
  await signIn(page, fernhollow.userAdmin, { path: '/account' });
  await axe(page);
  const name = form(page, 'change_name');
  await expect(name.getByLabel('Full name')).toHaveValue(fernhollow.userAdmin.name);
  await name.getByLabel('Full name').fill('');
  await name.getByRole('button', { name: 'Save' }).click();
  await steps.fault(name, 'Full name', 'This field is empty. Fill it in.');
  await name.getByLabel('Full name').fill('Malin Ærø');
  await name.getByRole('button', { name: 'Save' }).click();
  await steps.told(page, 'Your name is now Malin Ærø.');
  const colleague = await anotherPage();
  await signIn(colleague, fernhollow.globalAdmin, { path: '/account/users?find=malin.' });
  await expect(colleague.getByRole('row').filter({ hasText: 'Malin Ærø' })).toBeVisible();

  await signIn(page, fernhollow.otherPartnerAdmin, { path: '/account' });
  const mail = form(page, 'choose_mail');
  const seats = mail.getByLabel('Your seats: assigned, removed, ended');
  await expect(seats).toBeChecked();
  await seats.uncheck();
  await expect(mail.getByLabel('Each as an email of its own')).toBeChecked();
  await mail.getByLabel('Together, on Monday morning').check();
  await mail.getByRole('button', { name: 'Save' }).click();
  await steps.told(page, 'Your choice is saved.');
  await steps.reload(page);
  await expect(form(page, 'choose_mail').getByLabel('Together, on Monday morning')).toBeChecked();
  await expect(form(page, 'choose_mail').getByLabel('Your seats: assigned, removed, ended')).not.toBeChecked();
  const before = mails(fernhollow.otherPartnerAdmin).length;
  await colleague.goto('/benefits/visual-studio');
  await hydrated(colleague);
  await steps.open(colleague, 'Visual Studio Enterprise', 'Cloud Platform');
  await steps.assign(colleague, [fernhollow.otherPartnerAdmin]);
  await page.goto('/notices');
  await expect(page.getByRole('link', { name: 'You have a seat: Visual Studio Enterprise' }).first()).toBeVisible();
  // A mail would have gone out by now: deliveries come every second.
  await page.waitForTimeout(3_000);
  expect(mails(fernhollow.otherPartnerAdmin)).toHaveLength(before);
});
