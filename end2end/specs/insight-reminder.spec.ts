import { type Account, chenghu, chienyuan, fernhollow, kestrelAsh, operators } from '../accounts';
import { expect, test } from './partner';

/** Operators remind a company of what is left, in the name of the programme. */

test.use({ isolated: true });

/** Who decides about the benefits of a company. */
const administrators: Readonly<Record<string, Account>> = {
  'Fernhollow Systems': fernhollow.globalAdmin,
  'Kestrel & Ash Consulting': kestrelAsh.globalAdmin,
  澄湖信息技术: chenghu.globalAdmin,
  簡原數位顧問: chienyuan.globalAdmin,
};

test('an operator reminds a company of what is left, once a week @long', async ({ page, signIn, steps, mail, axe }) => {
  const table = page.getByRole('table', { name: 'Unused benefits' });
  const first = table.locator('tbody > tr').first();
  await signIn(page, operators.programmeAdmin, { path: '/operator/insight' });
  const company = await first.getByRole('rowheader').getByRole('link').innerText();
  const administrator = administrators[company];
  if (administrator === undefined) {
    throw new Error(`nobody is known who decides at ${company}`);
  }
  await expect(first.getByText('Never', { exact: true })).toBeVisible();
  await axe(page);
  await first.getByRole('button', { name: `Remind ${company} about ` }).click();
  await steps.told(page, /^Reminded: .*Each is told\.$/);
  await expect(first.getByText(/^Again from /)).toBeVisible();
  await expect(first.getByRole('button')).toHaveCount(0);
  const told = await mail(administrator, / unused: |未使用/);
  expect(told.text).not.toContain(operators.programmeAdmin.name);

  // An auditor reads that and when it was done.
  await signIn(page, operators.auditor, { path: '/operator/insight' });
  await expect(first.getByRole('rowheader').getByRole('link', { name: company })).toBeVisible();
  await expect(first.getByText('Never', { exact: true })).toHaveCount(0);
  await expect(table.getByRole('button')).toHaveCount(0);

  // So does the company, which can't remind of it again this week either.
  await signIn(page, administrator, { path: '/account/activity' });
  const events = page.getByRole('table', { name: 'Activity' }).locator('tbody > tr:not(.detail)');
  const reminded = events.filter({ hasText: 'Reminded of the benefit' }).filter({ hasText: 'An operator' });
  await expect(reminded).toHaveCount(1);
  await page.goto('/insight');
  await expect(table.getByText(/^Again from /)).toHaveCount(1);
});
