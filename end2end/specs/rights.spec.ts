import { fernhollow, kestrelAsh } from '../accounts';
import { type Account, expect, test } from './partner';

const GLOBAL = 'This needs the role Global admin. Ingrid Vaszary or Maren Tolvik can do it.';
const BENEFITS = /^This needs the role Global admin or MPN partner admin\. Ingrid Vaszary, Maren Tolvik or Linnea Achterberg can do it\.$/;
const PEOPLE = /^This needs the role Global admin, User admin or Admin agent\. Ingrid Vaszary, Maren Tolvik or .+ can do it\.$/;
const ADMINISTRATORS = /This needs the role Global admin, MPN partner admin, User admin or Admin agent\. Ingrid Vaszary, Maren Tolvik or .+ can do it\./;

test('an MPN partner admin reads who assigns and who adds users', async ({ page, signIn, hydrated, steps, axe }) => {
  await signIn(page, fernhollow.partnerAdmin, { path: '/benefits/visual-studio' });
  const detail = await steps.open(page, 'Visual Studio Enterprise', 'Gold Core');
  await steps.refused(detail, 'Assign user', GLOBAL);
  // Who holds what is there to read; what can't be done isn't offered.
  await expect(steps.holder(page, fernhollow.employee)).toBeVisible();
  await expect(detail.locator('summary', { hasText: /Remove|Reassign/ })).toHaveCount(0);
  await axe(page);

  await page.goto('/account/users');
  await hydrated(page);
  await steps.refused(page.locator('main'), 'Add user', PEOPLE);
  await axe(page);
  await page.goto('/account/users/add');
  await hydrated(page);
  await steps.refused(page.locator('main'), 'Add user', PEOPLE);
  await axe(page);
  await page.goto('/requests');
  await hydrated(page);
  await expect(page.locator('main .why').getByText(GLOBAL)).toBeVisible();
  await expect(page.getByRole('button', { name: 'Grant' })).toHaveCount(0);
  await axe(page);
});

for (const [role, account] of [
  ['a User admin', fernhollow.userAdmin],
  ['an Admin agent', fernhollow.adminAgent],
] as const satisfies readonly (readonly [string, Account])[]) {
  test(`${role} reads who gets keys, activates, keeps the contact and cancels`, async ({
    page,
    signIn,
    hydrated,
    steps,
    axe,
  }) => {
    const open = async (path: string, name: string, source: string) => {
      await page.goto(path);
      await hydrated(page);
      return steps.open(page, name, source);
    };
    await signIn(page, account, { path: '/benefits/software' });
    const detail = await steps.open(page, 'Windows Enterprise', 'Gold Core');
    await steps.refused(detail, 'Get keys', BENEFITS);
    await axe(page);
    await open('/benefits/software', 'Windows Enterprise', 'Action Pack');
    await steps.refused(detail, 'Show the key', BENEFITS);
    await steps.refused(detail, 'Record activations', BENEFITS);
    await open('/benefits/cloud', 'Office 365 E3', 'Gold Core');
    await steps.refused(detail, 'Get keys', BENEFITS);
    await open('/benefits/cloud', 'Azure credit', 'Gold Core');
    await steps.refused(detail, 'Assign user', GLOBAL);
    await open('/benefits/technical', 'Technical presales and deployment services', 'Gold Core');
    await steps.refused(detail, 'Activate', BENEFITS);
    await axe(page);
    // Everybody sees the two numbers.
    await open('/benefits/technical', 'Product support incidents', 'Gold Core');
    await expect(detail.getByRole('button', { name: 'Show Access ID and Contract ID' })).toBeEnabled();
    await open('/benefits/go-to-market', 'Case study', 'Gold Core');
    await steps.refused(detail, 'Activate', BENEFITS);
    await steps.refused(page.locator('#marketing-contact'), 'Update marketing contact', BENEFITS);
    await axe(page);
    await page.goto('/benefits/cancel');
    await hydrated(page);
    await steps.refused(page.getByRole('region', { name: 'ISV Co-sell ready' }), 'Submit request', BENEFITS);
    await axe(page);
  });
}

test('an employee reads who opens the benefits', async ({ page, signIn, hydrated, axe }) => {
  await signIn(page, fernhollow.employee, { path: '/my-benefits' });
  await expect(page.getByRole('navigation', { name: 'Main menu' }).getByRole('link', { name: 'Software' })).toHaveCount(0);
  for (const path of ['/benefits/software', '/benefits/go-to-market', '/benefits/cancel', '/account/users']) {
    const answer = await page.goto(path);
    expect(answer?.status(), path).toBe(403);
    await hydrated(page);
    // There is a page around the reason: with a main part that the skip link leads to, and a heading.
    await expect(page.getByRole('main')).toContainText(ADMINISTRATORS);
    await axe(page);
  }
});

test('how to become a Global admin names those who are', async ({ page, signIn, hydrated, axe }) => {
  await signIn(page, fernhollow.partnerAdmin, { path: '/benefits/visual-studio' });
  await page.getByRole('main').getByRole('link', { name: 'How to become a Global admin' }).click();
  await expect(page).toHaveURL('/become-global-admin');
  await hydrated(page);
  const admins = page.getByRole('table', { name: 'Global admins of your company' });
  for (const admin of [fernhollow.globalAdmin, fernhollow.otherGlobalAdmin]) {
    await expect(admins.getByRole('row').filter({ hasText: admin.name })).toContainText(admin.email);
  }
  await axe(page);
});

test('somebody else’s benefit answers like one that does not exist', async ({ page, signIn, hydrated, steps, axe }) => {
  await signIn(page, fernhollow.globalAdmin, { path: '/benefits/visual-studio' });
  await steps.open(page, 'Visual Studio Enterprise', 'Gold Core');
  const foreign = new URL(page.url()).searchParams.get('open') ?? '';
  const texts: string[] = [];
  for (const id of [foreign, '01890a5d-ac96-774b-bcce-b302099a8057']) {
    await signIn(page, kestrelAsh.globalAdmin, { path: `/benefits/visual-studio?open=${id}` });
    await hydrated(page);
    await expect(page.getByRole('main')).toContainText('Nothing is found here. Check the address, or go back to the list.');
    texts.push(await page.getByRole('main').innerText());
  }
  expect(texts[0]).toBe(texts[1]);
  await axe(page);
});
