import { fernhollow } from '../accounts';
import { expect, test } from './partner';

const WANTED = '/benefits/visual-studio?source=gold_core&sort=-expires';

test('signing in leads to the page that was asked for', async ({ page, hydrated, sendSignIn, axe }) => {
  await page.goto(WANTED);
  await expect(page).toHaveURL(/\/sign-in\?then=/);
  await expect(page.getByRole('heading', { name: 'Sign in', level: 1 })).toBeVisible();
  await hydrated(page);
  await axe(page);

  await sendSignIn(page, fernhollow.globalAdmin);

  await expect(page).toHaveURL(WANTED);
  await expect(page.getByRole('heading', { name: 'Visual Studio subscriptions' })).toBeVisible();
  await expect(page.getByText(`Account of ${fernhollow.globalAdmin.name}`).or(
    page.getByLabel(`Account of ${fernhollow.globalAdmin.name}`),
  ).first()).toBeVisible();
});

test('a wrong password is answered like an unknown address, and the address stays', async ({
  page,
  hydrated,
  sendSignIn,
  axe,
}) => {
  await page.goto('/sign-in');
  await hydrated(page);
  for (const account of [fernhollow.employee, { email: 'nobody@fernhollow.example', name: 'Nobody' }]) {
    await sendSignIn(page, account, 'not-the-password');
    await expect(page.getByRole('alert')).toContainText(
      'Email address or password is wrong. Check both and try again.',
    );
    await expect(page.getByLabel('Email address')).toHaveValue(account.email);
    await expect(page.getByLabel('Password', { exact: true })).toHaveValue('');
  }
  await axe(page);

  await sendSignIn(page, fernhollow.employee);
  await expect(page).toHaveURL('/');
  await expect(page.getByRole('heading', { name: 'Dashboard' })).toBeVisible();
});

test('a suspended person and one without a password get the same answer', async ({ page, hydrated, sendSignIn }) => {
  await page.goto('/sign-in');
  await hydrated(page);
  for (const account of [fernhollow.suspended, fernhollow.invited]) {
    await sendSignIn(page, account);
    await expect(page.getByRole('alert')).toContainText('Email address or password is wrong.');
    await expect(page).toHaveURL(/\/sign-in/);
  }
});

test('signing out ends the session', async ({ page, portal, signIn, hydrated, axe }) => {
  await signIn(page, fernhollow.otherEmployee, { path: '/my-benefits' });
  await page.getByLabel(`Account of ${fernhollow.otherEmployee.name}`).click();
  await axe(page);
  await page.getByRole('banner').getByRole('button', { name: 'Sign out' }).click();
  await expect(page).toHaveURL(/\/sign-in/);
  portal.sessions.delete(fernhollow.otherEmployee.email);

  // What was open before can't be come back to.
  await page.goto('/my-benefits');
  await expect(page).toHaveURL((address) => address.searchParams.get('then') === '/my-benefits');
  await hydrated(page);
  await expect(page.getByRole('heading', { name: 'Sign in', level: 1 })).toBeVisible();
});

test('switching the language keeps the page and stays', async ({ page, signIn, chooseLanguage, hydrated, axe }) => {
  await signIn(page, fernhollow.longNamedEmployee, { path: '/notices?after=' });
  const address = page.url();
  await chooseLanguage(page, 'zh-Hant');
  expect(page.url()).toBe(address);
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('通知');
  await axe(page);

  // Another browser of the same person has it, too.
  await page.goto('/my-benefits');
  await hydrated(page);
  await expect(page.locator('html')).toHaveAttribute('lang', 'zh-Hant');
  await chooseLanguage(page, 'zh-Hans');
  await expect(page).toHaveURL('/my-benefits');
  await chooseLanguage(page, 'en');
  await expect(page.getByRole('heading', { name: 'My benefits', level: 1 })).toBeVisible();
});

test('the language of the sign-in page keeps where one was going', async ({
  page,
  chooseLanguage,
  hydrated,
  sendSignIn,
}) => {
  await page.goto('/benefits/cancel');
  await hydrated(page);
  await chooseLanguage(page, 'zh-Hans');
  await expect(page).toHaveURL((address) => address.searchParams.get('then') === '/benefits/cancel');
  await chooseLanguage(page, 'en');
  await sendSignIn(page, fernhollow.otherGlobalAdmin);
  await expect(page).toHaveURL('/benefits/cancel');
});
