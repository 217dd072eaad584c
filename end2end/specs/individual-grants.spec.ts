import { fernhollow, operators } from '../accounts';
import { expect, test } from './partner';

/** Individual grants: a company has more or less than its plan gives, until a day. */

test.use({ isolated: true });

const LIST = '/operator/grants';
const COMPANY = '/operator/organizations/fernhollow.example/grants';
const PRODUCT = 'Visual Studio Enterprise';

test('a programme admin gives a company more than its plan, and less once that is accepted @long', async (
  { page, signIn, steps, hydrated, axe },
) => {
  await signIn(page, operators.programmeAdmin, { path: LIST });
  await expect(page.getByRole('heading', { level: 1, name: 'Individual grants' })).toBeVisible();
  await hydrated(page);
  await axe(page);

  // Nobody types an id: the company is found by its name, the product is chosen from its page.
  await page.getByLabel('Name or domain of the company').fill('fern');
  await page.getByRole('button', { name: 'Find a company' }).click();
  await page.getByRole('link', { name: 'Fernhollow Systems' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Fernhollow Systems' })).toBeVisible();
  await hydrated(page);
  await axe(page);
  const row = page.getByRole('row').filter({ has: page.getByRole('rowheader', { name: PRODUCT }) });
  await row.getByRole('link', { name: `Choose: ${PRODUCT}` }).click();
  await expect(page.getByLabel('Product', { exact: true })).toHaveValue(/[0-9a-f-]{36}/);
  await hydrated(page);

  // What is missing is said beside its field.
  await page.getByRole('button', { name: 'Set individual grant' }).click();
  await expect(page.getByRole('alert')).toBeVisible();
  await page.getByLabel('Quantity').fill('500');
  await page.getByLabel('Last day').fill('2029-12-31');
  await page.getByLabel('Reason').fill('A pilot');
  await page.getByRole('button', { name: 'Set individual grant' }).click();
  await steps.told(page, 'The individual grant is set. The company\'s administrators get an email.');
  await expect(row).toContainText('500');
  await expect(row).toContainText('instead of the plan');
  await hydrated(page);
  await axe(page);

  // Less than is in use: the page says how many more, and goes on once that is accepted.
  await page.getByLabel('Quantity').fill('1');
  await page.getByRole('button', { name: 'Save change' }).click();
  const consent = page.getByLabel(/^I know that more is in use than there will be\. Nobody loses a seat/);
  await expect(consent).toBeVisible();
  await expect(page.locator('#individual')).toContainText(/\d+ more in use than there would be/);
  await consent.check();
  await page.getByRole('button', { name: 'Save change' }).click();
  await steps.told(page, 'The individual grant is changed.');
  await expect(row).toContainText(/\d+ more in use than there is/);

  // The company sees plan value, individual grant, result and the last day; not why.
  await signIn(page, fernhollow.globalAdmin, { path: '/benefits/visual-studio' });
  await page.getByRole('row').filter({ hasText: PRODUCT }).filter({ hasText: 'Gold Core' }).locator('a.opener').click();
  const detail = page.locator('tr.detail');
  await expect(detail).toContainText('Plan value');
  await expect(detail).toContainText('Individual grant');
  await expect(detail).not.toContainText('A pilot');
  await hydrated(page);
  await axe(page);

  // Ended early, the plan counts again.
  await signIn(page, operators.programmeAdmin, { path: COMPANY });
  await row.getByRole('link', { name: `Change: ${PRODUCT}` }).click();
  await hydrated(page);
  await page.locator('summary').filter({ hasText: 'End now' }).click();
  await page.getByRole('button', { name: 'End now' }).click();
  await steps.told(page, 'The individual grant has ended.');
  await expect(row).not.toContainText('instead of the plan');
  await page.goto(`${LIST}?state=ended`);
  await expect(page.getByRole('row').filter({ hasText: 'Fernhollow Systems' })).toContainText('Ended by');
  await hydrated(page);
  await axe(page);
});

test('auditors and catalogue managers see individual grants, others have none @long', async ({ page, signIn, steps }) => {
  for (const reader of [operators.auditor, operators.catalogueManager]) {
    await signIn(page, reader, { path: COMPANY });
    await expect(page.getByRole('table')).toHaveCount(1);
    await steps.refused(page.locator('#individual'), 'Set individual grant', /This needs the role /);
  }
  await signIn(page, operators.fulfilmentAgent, { path: COMPANY });
  await expect(page.getByRole('table')).toHaveCount(0);
  await signIn(page, fernhollow.globalAdmin, { path: LIST });
  await expect(page.getByRole('table')).toHaveCount(0);
});
