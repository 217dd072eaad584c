import { PASSWORD, type Account, chienyuan, fernhollow, kestrelAsh } from '../accounts';
import type { Page } from '@playwright/test';
import { expect, test } from './partner';

/** Account settings, user management, and the way in for whoever is new. */

test.use({ isolated: true });

const newcomer: Account = { email: 'ottoline.vance@fernhollow.example', name: 'Ottoline Vance-Ørsted 🌿' };
/** Employee of one company, Admin agent of another. */
const guest: Account = { email: 'noor.castellane@tarnbridge.example', name: 'Noor Castellane' };

/** The link of an invitation, without the address of the server. */
const linkIn = (text: string): string => {
  const path = /\/invitation\/\S+/.exec(text)?.[0];
  expect(path, `a link in ${text}`).toBeDefined();
  return path ?? '';
};

async function setRole(page: Page, role: string, on: boolean): Promise<void> {
  await page.locator(`tr.detail input[type="checkbox"][value="${role}"]`).setChecked(on);
}

test('a password is changed, and sessions elsewhere end @long', async ({
  page,
  anotherPage,
  signIn,
  sendSignIn,
  hydrated,
  steps,
  axe,
}) => {
  const elsewhere = await anotherPage();
  await elsewhere.goto('/sign-in');
  await hydrated(elsewhere);
  await sendSignIn(elsewhere, fernhollow.employee);
  await expect(elsewhere.getByRole('heading', { level: 1 })).toHaveText('Dashboard');

  await signIn(page, fernhollow.employee, { path: '/account/security' });
  await axe(page);
  const form = page.locator('form', { has: page.locator('[name="new_password"]') });
  const change = async (current: string, next: string, again: string): Promise<void> => {
    await form.getByLabel('Current password').fill(current);
    await form.getByLabel('New password', { exact: true }).fill(next);
    await form.getByLabel('New password again').fill(again);
    await form.getByRole('button', { name: 'Change password' }).click();
  };
  const next = 'eleven herons on the quay';
  await change('not my password', next, next);
  await steps.fault(form, 'Current password', 'The current password is wrong. Check it and try again.');
  await axe(page);
  await change(PASSWORD, 'short', 'short');
  await steps.fault(form, 'New password', 'This text is too short. Use at least 12 characters.');
  await change(PASSWORD, next, `${next}s`);
  await steps.fault(form, 'New password again', 'The two passwords differ. Enter the new one twice.');
  for (const field of await form.locator('input[type="password"]').all()) {
    expect(await field.getAttribute('value'), 'passwords are never sent back').toBeNull();
  }
  await change(PASSWORD, next, next);
  await steps.told(page, 'Your password is changed. Your sessions in other browsers have ended.');

  await elsewhere.goto('/my-benefits');
  await expect(elsewhere).toHaveURL(/\/sign-in/);
  await hydrated(elsewhere);
  await sendSignIn(elsewhere, fernhollow.employee);
  await expect(elsewhere.getByText('Email address or password is wrong.').first()).toBeVisible();
  await sendSignIn(elsewhere, fernhollow.employee, next);
  await expect(elsewhere.getByRole('heading', { level: 1 })).toHaveText('My benefits');
});

test('the language is kept on the account @long', async ({ page, anotherPage, signIn, sendSignIn, hydrated }) => {
  await signIn(page, fernhollow.employee, { path: '/account' });
  await page.locator('main').getByRole('button', { name: '繁體中文' }).click();
  await expect(page.locator('html[lang="zh-Hant"]')).toBeAttached();
  await expect(page).toHaveURL(/\/account$/);
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('帳戶設定');

  const elsewhere = await anotherPage();
  await elsewhere.goto('/sign-in');
  await expect(elsewhere.locator('html')).toHaveAttribute('lang', 'en');
  await hydrated(elsewhere);
  await sendSignIn(elsewhere, fernhollow.employee);
  await expect(elsewhere.locator('html[lang="zh-Hant"]')).toBeAttached();
});

test('somebody new gets an invitation, chooses a password and is signed in @long', async ({
  page,
  anotherPage,
  signIn,
  hydrated,
  steps,
  mail,
  axe,
}) => {
  await signIn(page, fernhollow.userAdmin, { path: '/account/users/add' });
  await axe(page);
  const form = page.locator('main form');
  // Which roles a User admin gives, and which only a Global admin does (rule 3).
  for (const [role, enabled] of [
    ['global_admin', false],
    ['partner_admin', false],
    ['user_admin', true],
    ['admin_agent', true],
    ['employee', true],
  ] as const) {
    const box = form.locator(`input[value="${role}"]`);
    await expect(box).toBeEnabled({ enabled });
    if (!enabled) {
      await expect(box).toHaveAccessibleDescription('Only a Global admin can change this role.');
    }
  }
  await form.getByLabel('Full name').fill(newcomer.name);
  await form.getByLabel('Email address').fill('ottoline.vance');
  await form.getByLabel('Language of the email').selectOption({ label: '繁體中文' });
  await form.getByRole('button', { name: 'Add user' }).click();
  await steps.fault(form, 'Email address', "This isn't an email address. Write it like name@company.example.");
  await expect(form.getByLabel('Full name')).toHaveValue(newcomer.name);
  await form.getByLabel('Email address').fill(` ${fernhollow.employee.email.toUpperCase()} `);
  await form.getByRole('button', { name: 'Add user' }).click();
  await steps.fault(
    form,
    'Email address',
    'This address belongs to somebody in your organization already. Look for the person in User management.',
  );
  await axe(page);
  await form.getByLabel('Email address').fill(newcomer.email);
  await form.getByRole('button', { name: 'Add user' }).click();
  await expect(page).toHaveURL(/\/account\/users/);
  await steps.told(page, `${newcomer.name} is added. An email goes to ${newcomer.email}.`);
  await hydrated(page);
  await steps.find(page, 'ottoline');
  await expect(page.getByRole('row').filter({ hasText: newcomer.email }).getByText('Invited')).toBeVisible();

  const invitation = await mail(newcomer, /\/invitation\//);
  expect(invitation.language).toBe('zh-Hant');
  expect(invitation.subject).toContain('Fernhollow Systems');
  const link = linkIn(invitation.text);

  const theirs = await anotherPage();
  await theirs.goto(link);
  await hydrated(theirs);
  const password = theirs.locator('[name="new_password"]');
  const again = theirs.locator('[name="repeat_password"]');
  await axe(theirs);
  await password.fill('a long enough sentence');
  await again.fill('a long enough sentense');
  await theirs.locator('main form:has([name="new_password"]) button[type="submit"]').click();
  await expect(again).toHaveAttribute('aria-invalid', 'true');
  await password.fill('a long enough sentence');
  await again.fill('a long enough sentence');
  await theirs.locator('main form:has([name="new_password"]) button[type="submit"]').click();
  await expect(theirs.locator('html[lang="zh-Hant"]')).toBeAttached();
  await expect(theirs.locator('.bar')).toContainText('Fernhollow Systems');
  await expect(theirs.locator('nav#side')).toBeAttached();

  // It works once.
  const third = await anotherPage();
  await third.goto(link);
  await expect(third.getByText('This invitation was used or withdrawn, or has expired.').first()).toBeVisible();
  await expect(third.locator('input[type="password"]')).toHaveCount(0);

  await page.reload();
  await expect(page.getByRole('row').filter({ hasText: newcomer.email }).getByText('Active')).toBeVisible();
});

test('whoever is invited accepts, signs in with the password, and is assigned a seat @long', async ({
  page,
  anotherPage,
  signIn,
  sendSignIn,
  hydrated,
  steps,
  mail,
}) => {
  const password = 'a sentence of one’s own';
  await signIn(page, fernhollow.globalAdmin, { path: '/account/users/add' });
  const form = page.locator('main form');
  await form.getByLabel('Full name').fill(newcomer.name);
  await form.getByLabel('Email address').fill(newcomer.email);
  await form.getByRole('button', { name: 'Add user' }).click();
  await steps.told(page, `${newcomer.name} is added. An email goes to ${newcomer.email}.`);
  const link = linkIn((await mail(newcomer, /\/invitation\//)).text);

  const theirs = await anotherPage();
  await theirs.goto(link);
  await hydrated(theirs);
  await theirs.locator('[name="new_password"]').fill(password);
  await theirs.locator('[name="repeat_password"]').fill(password);
  await theirs.getByRole('button', { name: 'Choose password' }).click();
  await expect(theirs.locator('.bar')).toContainText('Fernhollow Systems');
  await theirs.context().clearCookies();
  await theirs.goto('/sign-in');
  await hydrated(theirs);
  await sendSignIn(theirs, newcomer, password);
  await expect(theirs.getByRole('heading', { level: 1 })).toHaveText('Dashboard');

  await page.goto('/benefits/visual-studio');
  await hydrated(page);
  await steps.open(page, 'Visual Studio Enterprise', 'Gold Core');
  await steps.assign(page, [newcomer]);
  await mail(newcomer, /You have a seat: Visual Studio Enterprise/);
  await theirs.goto('/my-benefits');
  await expect(theirs.getByRole('main')).toContainText('Visual Studio Enterprise');
});

test('an invitation is withdrawn, and its link opens nothing @long', async ({ page, anotherPage, signIn, hydrated, steps, mail }) => {
  const person = fernhollow.invited;
  await signIn(page, fernhollow.userAdmin, { path: '/account/users?find=Tveitanger' });
  await page.locator('a.opener').click();
  await hydrated(page);
  await page.getByRole('button', { name: 'Send another invitation' }).click();
  await steps.told(page, `Another invitation goes to ${person.name}.`);
  const link = linkIn((await mail(person, /\/invitation\//)).text);
  await page.goto('/account/users?find=Tveitanger');
  await page.locator('a.opener').click();
  await hydrated(page);
  await page.getByRole('link', { name: `Withdraw invitation: ${person.name}` }).click();
  await hydrated(page);
  await page.getByRole('main').getByRole('button', { name: 'Withdraw invitation', exact: true }).click();
  await expect(page).toHaveURL(/\/account\/users$/);
  const theirs = await anotherPage();
  await theirs.goto(link);
  await expect(theirs.getByText('This invitation was used or withdrawn, or has expired.').first()).toBeVisible();
});

test('a newer invitation takes the place of the older one @long', async ({ page, anotherPage, signIn, hydrated, steps, mail, mails }) => {
  await signIn(page, fernhollow.userAdmin, { path: '/account/users?find=Tveitanger' });
  await page.locator('a.opener').click();
  await hydrated(page);
  const again = page.getByRole('button', { name: 'Send another invitation' });
  await again.click();
  await steps.told(page, 'Another invitation goes to Eirik Tveitanger.');
  const first = linkIn((await mail(fernhollow.invited, /\/invitation\//)).text);
  await page.goto('/account/users?find=Tveitanger');
  await hydrated(page);
  await page.locator('a.opener').click();
  await hydrated(page);
  await again.click();
  await expect.poll(() => mails(fernhollow.invited).length, { timeout: 20_000 }).toBe(2);
  const links = mails(fernhollow.invited).map((mail) => linkIn(mail.text));
  const second = links.find((link) => link !== first) ?? '';
  const theirs = await anotherPage();
  await theirs.goto(first);
  await expect(theirs.getByText('This invitation was used or withdrawn, or has expired.').first()).toBeVisible();
  await theirs.goto(second);
  await expect(theirs.getByRole('heading', { name: 'Welcome to Fernhollow Systems' })).toBeVisible();
});

test('roles are changed, and the person hears of it @long', async ({ page, signIn, hydrated, steps, mail, axe }) => {
  const kofi = fernhollow.adminAgent;
  await signIn(page, fernhollow.globalAdmin, { path: '/account/users?find=Anselmsen' });
  await page.locator('a.opener').click();
  await hydrated(page);
  await axe(page);
  await setRole(page, 'user_admin', true);
  await page.getByRole('button', { name: 'Update', exact: true }).click();
  await steps.told(page, `The roles of ${kofi.name} are updated.`);
  const row = page.getByRole('row').filter({ hasText: kofi.email });
  await expect(row.first()).toContainText('User admin, Admin agent and Employee');
  await page.reload();
  await expect(row.first()).toContainText('User admin, Admin agent and Employee');
  const told = await mail(kofi, /^Your roles in Fernhollow Systems are updated$/);
  expect(told.text).toContain('You are now: User admin, Admin agent and Employee.');

  // Nobody is without a role.
  await hydrated(page);
  for (const role of ['user_admin', 'admin_agent', 'employee']) {
    await setRole(page, role, false);
  }
  await page.getByRole('button', { name: 'Update', exact: true }).click();
  await expect(page.locator('tr.detail').getByRole('alert')).toBeVisible();
  await page.goto('/account/users?find=Anselmsen');
  await expect(row.first()).toContainText('User admin, Admin agent and Employee');

  // Who may not sees who could.
  await signIn(page, fernhollow.partnerAdmin, { path: '/account/users?find=Anselmsen' });
  await page.locator('a.opener').click();
  await hydrated(page);
  await steps.refused(page.locator('tr.detail'), 'Update', /This needs the role/);
});

test('the last Global admin stays @long', async ({ page, signIn, hydrated, axe }) => {
  await signIn(page, kestrelAsh.globalAdmin, { path: '/account/users?find=Zanderling' });
  await page.locator('a.opener').click();
  await hydrated(page);
  await setRole(page, 'global_admin', false);
  await setRole(page, 'employee', true);
  await page.getByRole('button', { name: 'Update', exact: true }).click();
  await expect(page.getByText('This is the last Global admin. Make somebody else Global admin first.').first()).toBeVisible();
  await axe(page);
  await page.goto('/account/users?find=Zanderling');
  await expect(page.getByRole('row').filter({ hasText: kestrelAsh.globalAdmin.email }).first()).toContainText('Global admin');
});

test('the founder finishes the set-up by ticking Admin agent and selecting Update @long', async ({
  page,
  anotherPage,
  signIn,
  hydrated,
  steps,
  axe,
}) => {
  // Others are told who finishes it.
  const colleague = await anotherPage();
  await signIn(colleague, chienyuan.userAdmin, { path: '/account/users/add' });
  await expect(colleague.getByText("The set-up of your company isn't finished")).toBeVisible();
  await expect(colleague.getByText(/葉昀庭 finishes it in User management/)).toBeVisible();

  await signIn(page, chienyuan.globalAdmin, { path: '/account/users/add' });
  await expect(page.getByText('Open User management, tick Admin agent and select Update.')).toBeVisible();
  await page.goto('/account/users');
  await hydrated(page);
  const notice = page.locator('.notice', { hasText: "The set-up of your company isn't finished" });
  await axe(page);
  // Without the tick nothing is finished.
  await notice.getByRole('button', { name: 'Update' }).click();
  await expect(notice.getByRole('button', { name: 'Update' })).toBeVisible();
  await notice.getByLabel('Admin agent').check();
  await notice.getByRole('button', { name: 'Update' }).click();
  await steps.told(page, 'You are Admin agent. The set-up is finished.');
  await expect(notice).toHaveCount(0);
  await page.goto('/account/users/add');
  await expect(page.getByText("The set-up of your company isn't finished")).toHaveCount(0);
  await page.goto('/account');
  await expect(page.getByText('Global admin, Admin agent and Employee')).toBeVisible();
  await colleague.reload();
  await expect(colleague.getByText("The set-up of your company isn't finished")).toHaveCount(0);
});

test('a guest goes from one company to the other, with the roles of each @long', async ({ page, signIn, hydrated }) => {
  await signIn(page, guest);
  const bar = page.locator('.bar');
  const menu = page.locator('.bar details', { has: page.locator('a[href="/account"]') });
  const roles = page.locator('dt:text-is("Your roles") + dd');
  const goOn = async (company: string): Promise<void> => {
    await menu.locator('summary').click();
    await menu.getByRole('button', { name: `Go on in ${company}` }).click();
    await expect(bar.locator('.org')).toContainText(company);
    await hydrated(page);
  };
  await expect(bar.locator('.org')).toContainText('Fernhollow Systems');
  await page.goto('/account');
  await hydrated(page);
  await expect(roles).toHaveText('Employee');
  await goOn('Kestrel & Ash Consulting');
  await page.goto('/account');
  await expect(roles).toHaveText('Admin agent and Employee');
  await page.goto('/account/users');
  await expect(page.getByText(kestrelAsh.globalAdmin.email)).toBeVisible();
  await expect(page.getByText('@fernhollow.example')).toHaveCount(0);
  await hydrated(page);
  await goOn('Fernhollow Systems');
  await page.goto('/account/users');
  await expect(page.getByText(kestrelAsh.globalAdmin.email)).toHaveCount(0);
});

test('how to become a Global admin: who gives the role, and what they do @long', async ({ page, signIn, hydrated, axe }) => {
  await signIn(page, fernhollow.partnerAdmin, { path: '/benefits/software' });
  await page.getByRole('link', { name: 'How to become a Global admin' }).click();
  await hydrated(page);
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('How to become a Global admin');
  const admins = page.getByRole('table', { name: 'Global admins of your company' });
  for (const admin of [fernhollow.globalAdmin, fernhollow.otherGlobalAdmin]) {
    const row = admins.getByRole('row').filter({ hasText: admin.name });
    await expect(row.getByRole('link', { name: admin.email })).toHaveAttribute('href', `mailto:${admin.email}`);
  }
  await expect(page.getByRole('button', { name: 'Ask the operators' })).toHaveCount(0);
  await axe(page);
  await signIn(page, fernhollow.globalAdmin, { path: '/become-global-admin' });
  await expect(page.getByText('You are a Global admin.')).toBeVisible();
});
