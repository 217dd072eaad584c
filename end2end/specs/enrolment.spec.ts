import type { Page } from '@playwright/test';

import { type Account, fernhollow, operators } from '../accounts';
import { expect, inWorkingDays, test } from './partner';

/** Enrolling a company: from the welcome to the operators' decision, as its founder and its contact do it. */

test.use({ isolated: true });
// Many hands, and their mail, one after the other.
test.describe.configure({ timeout: 150_000 });

const PASSWORD = 'a heron over the weir 41';
const founder: Account = { email: 'ida.moen@oakfen.example', name: 'Ida Moen' };
const contact: Account = { email: 'aksel.moen@oakfen.example', name: 'Aksel Moen' };

type Hydrated = (page: Page) => Promise<void>;

const linkIn = (text: string, place: RegExp): string => place.exec(text)?.[0] ?? '';

/** Fills the form of a new tenant in. */
const ask = async (page: Page, domain: string, account: Account): Promise<void> => {
  const form = page.locator('form:has(input[name="form"][value="begin_enrolment"])');
  await form.getByLabel('Company domain').fill(domain);
  await form.getByLabel('Full name').fill(account.name);
  await form.getByLabel('Business email address').fill(account.email);
  await form.getByRole('button', { name: 'Send the link' }).click();
};

const saveProfile = async (page: Page): Promise<void> => {
  await page.getByLabel('Legal name').fill('Oakfen & Sønner AS');
  await page.getByLabel('Street and number').fill('Storgata 1');
  await page.getByLabel('Country or region').selectOption({ label: 'Norway' });
  await page.getByLabel('City').fill('Oslo');
  await page.getByLabel('Time zone').fill('Europe/Oslo');
  const person = page.getByRole('group', { name: 'Primary contact' });
  await person.getByLabel('Full name').fill(contact.name);
  await person.getByLabel('Business email address').fill(contact.email);
  await person.getByLabel('Contact phone').fill('+47 22 00 00 00');
  await page.getByRole('button', { name: 'Save and continue' }).click();
};

/** From the link in the mail to the status, with the profile saved and the agreement accepted. */
const accept = async (page: Page, hydrated: Hydrated): Promise<void> => {
  await expect(page).toHaveURL('/enrol/summary');
  await hydrated(page);
  await page.getByRole('link', { name: 'Enroll now' }).click();
  await expect(page).toHaveURL('/enrol/agreement');
  await hydrated(page);
  await page.getByLabel(/I am authorized to sign for Oakfen/).check();
  await page.getByRole('button', { name: 'Accept the agreement' }).click();
  await expect(page).toHaveURL('/enrol/status');
  await hydrated(page);
};

test('a company enrols: founded, described, signed, confirmed, reviewed', async ({
  page,
  anotherPage,
  signIn,
  hydrated,
  steps,
  mail,
  mails,
  axe,
}) => {
  await page.goto('/enrol');
  await hydrated(page);
  await expect(page.getByRole('heading', { level: 1, name: /^Welcome to/ })).toBeVisible();
  await expect(page.getByText('The authority to sign an agreement for your company')).toBeVisible();
  await axe(page);
  await page.getByRole('link', { name: 'Next' }).click();
  await expect(page).toHaveURL('/enrol/account');
  await hydrated(page);
  await ask(page, 'gmail.com', { ...founder, email: 'ida@gmail.com' });
  await expect(page.getByText('Anybody can have an address there.').first()).toBeVisible();
  await axe(page);
  await ask(page, 'oakfen.example', founder);
  await expect(page).toHaveURL('/enrol/account?sent=');
  await expect(page.getByText('Look into your mailbox')).toBeVisible();
  await axe(page);

  const link = linkIn((await mail(founder, /\/enrol\/link\//)).text, /\/enrol\/link\/\S+/);
  await page.goto(link);
  await hydrated(page);
  await expect(page.getByRole('heading', { level: 1, name: 'Create the tenant oakfen.example' })).toBeVisible();
  await axe(page);
  const chooses = page.locator('form:has(input[name="form"][value="found_by_password"])');
  await chooses.getByLabel('New password', { exact: true }).fill(PASSWORD);
  await chooses.getByLabel('New password again').fill(PASSWORD);
  await chooses.getByRole('button', { name: 'Create the tenant' }).click();
  await expect(page).toHaveURL('/enrol/profile');
  await hydrated(page);

  // It can be left, and come back to from every page.
  await page.goto('/');
  await hydrated(page);
  await expect(page.getByText("Your company isn't a member yet").first()).toBeVisible();
  await page.getByRole('link', { name: 'Go to the enrolment' }).click();
  await expect(page).toHaveURL('/enrol');
  await hydrated(page);
  await page.getByRole('link', { name: 'Next' }).click();
  await expect(page).toHaveURL('/enrol/profile');
  await hydrated(page);
  await expect(page.getByRole('group', { name: 'Primary contact' }).getByLabel('Full name')).toHaveValue(founder.name);
  await saveProfile(page);
  await expect(page.getByLabel('Postal code')).toHaveAccessibleDescription(/This field is empty. Fill it in\./);
  await axe(page);
  await page.getByLabel('Postal code').fill('0155');
  await page.getByRole('button', { name: 'Save and continue' }).click();
  await accept(page, hydrated);
  await expect(page.getByText(`The mail went to ${contact.email}`).first()).toBeVisible();
  await axe(page);

  // The check of the role leads to User management (rule 4).
  await page.getByRole('link', { name: 'Open User management' }).click();
  await expect(page).toHaveURL('/account/users');
  await hydrated(page);
  await page.getByLabel('Admin agent').first().check();
  await page.getByRole('button', { name: 'Update' }).first().click();
  await expect(page.getByText('The set-up is finished').first()).toBeVisible();
  await page.goto('/membership');
  await hydrated(page);
  await expect(page.getByText("Your company isn't a member yet").first()).toBeVisible();
  await expect(page.locator('main').getByText(contact.email).first()).toBeVisible();
  await expect(page.getByRole('link', { name: 'Open the enrolment' })).toHaveAttribute('href', '/enrol/status');

  // How long the review may take is a policy; what isn't sent yet follows it.
  const administrator = await anotherPage();
  await signIn(administrator, operators.programmeAdmin, { path: '/operator/policies' });
  await steps.setPolicy(administrator, 'target_days_enrolment', '9');

  // The primary contact answers both questions; the review starts only then.
  const operator = await anotherPage();
  await signIn(operator, operators.fulfilmentAgent, { path: '/operator/queue?kind=enrolment' });
  await expect(operator.getByRole('row').filter({ hasText: 'Oakfen' })).toHaveCount(0);
  const question = await mail(contact, /\/enrol\/contact\//);
  expect(question.text).toContain('does this address belong to Oakfen & Sønner AS');
  const answers = await anotherPage();
  await answers.goto(linkIn(question.text, /\/enrol\/contact\/\S+/));
  await hydrated(answers);
  await axe(answers);
  await answers.getByRole('button', { name: 'Answer' }).click();
  await expect(answers.getByRole('alert').first()).toBeVisible();
  const yes = async (name: RegExp): Promise<void> =>
    answers.getByRole('group', { name }).getByLabel('Yes').check();
  await yes(/sign up for/);
  await yes(/belong to/);
  await answers.getByRole('button', { name: 'Answer' }).click();
  await expect(answers.getByText('The operators review the enrolment now.')).toBeVisible();

  // An operator asks for changes, then accepts.
  const review = async (): Promise<void> => {
    await operator.goto('/operator/queue?kind=enrolment');
    await hydrated(operator);
    const row = operator.locator('a.opener').first();
    await operator.goto((await row.getAttribute('href')) ?? '');
    await hydrated(operator);
  };
  await review();
  const target = inWorkingDays(9, 'Europe/Oslo');
  await expect(operator.locator('tr.open').locator(`time[datetime="${target}"]`)).toBeVisible();
  await expect(operator.getByText('912 345 678')).toHaveCount(0);
  await expect(operator.getByText('Storgata 1').first()).toBeVisible();
  await axe(operator);
  await operator.locator('summary', { hasText: 'Ask for changes' }).click();
  await operator.getByLabel('What has to change').fill('The registration number is missing.');
  await operator.getByRole('button', { name: 'Send back' }).click();
  await mail(founder, /The registration number is missing/);
  await page.goto('/enrol/profile');
  await hydrated(page);
  await expect(page.getByText('The registration number is missing.').first()).toBeVisible();
  await page.getByLabel('Registration number').fill('912 345 678');
  await page.getByRole('button', { name: 'Save and continue' }).click();
  await accept(page, hydrated);
  await expect.poll(() => mails(contact).length, { timeout: 20_000 }).toBe(2);
  const again = await mail(contact, /\/enrol\/contact\//);
  await answers.goto(linkIn(again.text, /\/enrol\/contact\/\S+/));
  await hydrated(answers);
  await yes(/sign up for/);
  await yes(/belong to/);
  await answers.getByRole('button', { name: 'Answer' }).click();
  await expect(answers.getByText('The operators review the enrolment now.')).toBeVisible();
  await review();
  await expect(operator.getByText('912 345 678').first()).toBeVisible();
  await operator.getByRole('button', { name: 'Accept the company' }).click();
  await mail(founder, /Oakfen & Sønner AS is a member/);
  await page.goto('/membership');
  await hydrated(page);
  await expect(page.getByText("Your company isn't a member yet")).toHaveCount(0);
  await expect(page.getByRole('main').getByText('Network membership').first()).toBeVisible();
  await steps.reload(page);
  await axe(page);
});

test('a company that is here already is led to its administrators', async ({ page, hydrated, mail }) => {
  const late: Account = { email: 'new.colleague@fernhollow.example', name: 'New Colleague' };
  await page.goto('/enrol/account');
  await hydrated(page);
  await ask(page, 'fernhollow.example', late);
  await expect(page.getByText('Look into your mailbox')).toBeVisible();
  const told = await mail(late, /is there already/);
  expect(told.text).toContain(fernhollow.globalAdmin.email);
  expect(told.text).not.toContain('/enrol/link/');
});

test('a member reads that it is one, and a link that is none says so', async ({ page, signIn, hydrated }) => {
  await page.goto(`/enrol/link/${'0'.repeat(64)}`);
  await hydrated(page);
  await expect(page.getByText('This link has been used or is over.').first()).toBeVisible();
  await signIn(page, fernhollow.globalAdmin, { path: '/enrol/profile' });
  await expect(page.getByText('Another step comes first.')).toBeVisible();
  await expect(page.getByText(/Fernhollow.* is a member\./).first()).toBeVisible();
});
