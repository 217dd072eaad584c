import { type Account, fernhollow, operators } from '../accounts';
import { expect, test } from './partner';

/** Operators: a programme admin adds them, sets their roles and removes them. */

test.use({ isolated: true });

const LIST = '/operator/operators';
const newcomer: Account = { email: 'ida.moen@northlight.example', name: 'Ida Moen' };
const password = 'a quiet lamp over the harbour';

test('a programme admin adds an operator, changes the roles and removes the operator @long', async ({
  page,
  anotherPage,
  signIn,
  sendSignIn,
  steps,
  hydrated,
  axe,
  mail,
}) => {
  await signIn(page, operators.programmeAdmin, { path: LIST });
  await expect(page.getByRole('heading', { level: 1, name: 'Operators' })).toBeVisible();
  await hydrated(page);
  await axe(page);

  // What is missing is said beside its field; an address of a company is refused.
  const add = page.locator('form:has(input[name="form"][value="add_operator"])');
  await add.getByLabel('Full name').fill(newcomer.name);
  await add.getByLabel('Email address').fill(fernhollow.employee.email);
  await add.getByLabel(/^Auditor: /).check();
  await add.getByRole('button', { name: 'Add operator' }).click();
  await expect(add.getByLabel('Email address')).toHaveAttribute('aria-invalid', 'true');
  await expect(add.getByLabel('Full name')).toHaveValue(newcomer.name);
  await add.getByLabel('Email address').fill(newcomer.email);
  await add.getByLabel(/^Auditor: /).check();
  await add.getByRole('button', { name: 'Add operator' }).click();
  await steps.told(page, `${newcomer.name} is an operator. An email goes to ${newcomer.email}.`);
  const row = page.getByRole('row').filter({ has: page.getByRole('rowheader', { name: newcomer.name }) });
  await expect(row).toContainText('Invited');
  const detail = page.locator('tr.detail');
  await expect(detail).toContainText('Invitation not accepted yet');
  await hydrated(page);
  await axe(page);

  // The link leads to a password, and that to the operators' side.
  const link = /\/invitation\/\S+/.exec((await mail(newcomer, /\/invitation\//)).text)?.[0] ?? '';
  const theirs = await anotherPage();
  await theirs.goto(link);
  await hydrated(theirs);
  await expect(theirs.getByRole('heading', { level: 1 })).toContainText('Northlight Partner Programme');
  await theirs.locator('[name="new_password"]').fill(password);
  await theirs.locator('[name="repeat_password"]').fill(password);
  await theirs.getByRole('button', { name: 'Choose password' }).click();
  await expect(theirs).toHaveURL(/\/operator\/queue/);
  await theirs.goto(LIST);
  await hydrated(theirs);
  await steps.refused(theirs.locator('main'), 'Add operator', /This needs the role /);

  // Another role, and mail that says so.
  await page.goto(`${LIST}?find=${encodeURIComponent(newcomer.email)}`);
  await hydrated(page);
  await expect(row).toContainText('Active');
  await page.locator('a.opener').first().click();
  await hydrated(page);
  await detail.getByLabel(/^Catalogue manager: /).check();
  await detail.getByRole('button', { name: 'Update' }).click();
  await steps.told(page, `The roles of ${newcomer.name} are updated.`);
  await expect(row).toContainText('Catalogue manager and Auditor');
  expect((await mail(newcomer, /You are now: Catalogue manager and Auditor/)).subject).toContain('Your roles');

  // Removed, the operator is out at once.
  await detail.locator('summary').filter({ hasText: 'Remove operator' }).click();
  await detail.getByRole('button', { name: 'Remove operator' }).click();
  await steps.told(page, `${newcomer.name} is no operator any more.`);
  await expect(row).toHaveCount(0);
  await mail(newcomer, /removed you from the operators/);
  await theirs.goto(LIST);
  await expect(theirs).toHaveURL(/\/sign-in/);
  await hydrated(theirs);
  await sendSignIn(theirs, newcomer, password);
  await expect(theirs.getByRole('alert').first()).toBeVisible();
});

test('the last programme admin stays, and only auditors read the list beside them @long', async ({
  page,
  signIn,
  steps,
  hydrated,
  axe,
}) => {
  await signIn(page, operators.programmeAdmin, { path: `${LIST}?find=${operators.programmeAdmin.email}` });
  await page.locator('a.opener').first().click();
  await hydrated(page);
  const detail = page.locator('tr.detail');
  await steps.refused(detail, 'Remove operator', /This is the last programme admin/);
  await detail.getByLabel(/^Auditor: /).check();
  await detail.getByLabel(/^Programme admin: /).uncheck();
  await detail.getByRole('button', { name: 'Update' }).click();
  await expect(page.getByText(/This is the last programme admin who can sign in/).first()).toBeVisible();
  await axe(page);

  await signIn(page, operators.auditor, { path: LIST });
  await expect(page.getByRole('table')).toHaveCount(1);
  await steps.refused(page.locator('main'), 'Add operator', /This needs the role /);
  for (const reader of [operators.catalogueManager, operators.fulfilmentAgent, fernhollow.globalAdmin]) {
    await signIn(page, reader, { path: LIST });
    await expect(page.getByRole('table')).toHaveCount(0);
  }
});
