import type { Page } from '@playwright/test';
import { type Account, fernhollow } from '../accounts';
import { Directory } from '../support/directory';
import { expect, test } from './partner';

/** The sign-in with a company's own directory, through the pages of a certified provider. */

test.describe.configure({ mode: 'serial' });

const DIRECTORY = 'Fernhollow ID';
const NEW: Account = { email: 'asta.lindqvist@fernhollow.example', name: 'Asta Lindqvist' };

let directory: Directory | undefined;

test.afterAll(async () => {
  await directory?.stop();
});

/** Types the address, signs in on the directory's own pages, and comes back. */
async function signInThere(page: Page, account: Account): Promise<void> {
  if (directory === undefined) {
    throw new Error('the directory was not started');
  }
  await page.getByLabel('Your address at your company').fill(account.email);
  await directory.reach(page, account.email, async () => {
    await page.getByRole('button', { name: 'Sign in with your company' }).click();
  });
  await directory.signIn(page);
}

test('a Global admin adds the directory and tests the connection', async ({ page, portal, signIn, hydrated, axe }) => {
  directory = await Directory.start(portal.address);
  await signIn(page, fernhollow.globalAdmin, { path: '/account/directory' });
  await expect(page.getByRole('heading', { name: 'Company sign-in', level: 1 })).toBeVisible();
  await axe(page);
  await page.locator('summary', { hasText: 'Add directory' }).click();
  const form = page.locator('form:has(input[name="form"][value="save_directory"])');
  await form.getByLabel('Name of the directory').fill(DIRECTORY);
  await form.getByLabel('Issuer').fill('http://localhost.example');
  await form.getByLabel('Client ID').fill('benefits-center');
  await form.getByLabel('Client secret').fill('a secret of the directory');
  await form.getByLabel('Whoever signs in without an account gets one').check();
  await form.getByRole('button', { name: 'Add directory' }).click();
  await expect(page.getByText("This isn't the address of a directory.").first()).toBeVisible();
  await axe(page);

  // What was typed stays, but for the secret without JavaScript.
  await expect(form.getByLabel('Name of the directory')).toHaveValue(DIRECTORY);
  await form.getByLabel('Issuer').fill(directory.issuer);
  await form.getByLabel('Client secret').fill('a secret of the directory');
  await form.getByRole('button', { name: 'Add directory' }).click();
  await expect(page.getByText(`${DIRECTORY} is saved.`)).toBeVisible();
  await hydrated(page);
  await page.getByRole('button', { name: 'Test connection' }).click();
  await expect(page.getByText(`${DIRECTORY} answers and signs with 1 key.`)).toBeVisible();
  await axe(page);
});

for (const [kind, account] of [
  ['known', fernhollow.otherEmployee],
  ['new', NEW],
] as const) {
  test(`a ${kind} person signs in with the directory`, async ({ page, hydrated, axe }) => {
    await page.goto('/my-benefits');
    await hydrated(page);
    await axe(page);
    await signInThere(page, account);
    await expect(page).toHaveURL('/my-benefits');
    await hydrated(page);
    await expect(page.getByLabel(`Account of ${account.name}`)).toBeVisible();
  });
}

test('an address without a directory is told so, and a password still works', async ({
  page,
  hydrated,
  sendSignIn,
  axe,
}) => {
  await page.goto('/sign-in/directory?then=/my-benefits');
  await hydrated(page);
  await axe(page);
  await page.getByLabel('Your address at your company').fill('somebody@nowhere.example');
  await page.getByRole('button', { name: 'Sign in with your company' }).click();
  await expect(page.getByRole('alert')).toContainText('No company here signs in with a directory for this address.');
  await axe(page);
  await page.getByRole('link', { name: 'Sign in with a password' }).click();
  await hydrated(page);
  await sendSignIn(page, fernhollow.employee);
  await expect(page).toHaveURL('/my-benefits');
});

test('whoever may not change it sees who could', async ({ page, signIn, axe }) => {
  await signIn(page, fernhollow.userAdmin, { path: '/account/directory' });
  await expect(page.getByText('This needs the role Global admin.')).toBeVisible();
  await expect(page.getByText(fernhollow.globalAdmin.name)).toBeVisible();
  await expect(page.getByText('Client secret')).toHaveCount(0);
  await axe(page);
});
