import type { APIRequestContext, Page } from '@playwright/test';
import { fernhollow } from '../accounts';
import { expect, test } from './partner';

/** A company's directory keeps its people: tokens, what a deactivation does, what groups give. */

test.use({ isolated: true });

const PATH = '/account/provisioning';
const USER = 'urn:ietf:params:scim:schemas:core:2.0:User';
const GROUP = 'urn:ietf:params:scim:schemas:core:2.0:Group';
const PATCH = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';

/** The directory's program. */
class Program {
  constructor(
    private readonly request: APIRequestContext,
    private readonly token: string,
  ) {}

  async send(method: string, path: string, data?: object): Promise<{ status: number; body: Record<string, unknown> }> {
    const answer = await this.request.fetch(`/scim/v2${path}`, {
      method,
      headers: { authorization: `Bearer ${this.token}`, 'content-type': 'application/scim+json' },
      ...(data === undefined ? {} : { data }),
    });
    const text = await answer.text();
    return { status: answer.status(), body: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>) };
  }

  /** The id of somebody by the sign-in address. */
  async find(address: string): Promise<string> {
    const found = await this.send('GET', `/Users?filter=${encodeURIComponent(`userName eq "${address}"`)}`);
    expect(found.status).toBe(200);
    const [first] = found.body['Resources'] as { id: string }[];
    expect(first, address).toBeDefined();
    return first?.id ?? '';
  }

  async setActive(id: string, active: boolean): Promise<void> {
    // As Microsoft Entra writes it.
    const Operations = [{ op: 'Replace', path: 'active', value: active ? 'True' : 'False' }];
    expect((await this.send('PATCH', `/Users/${id}`, { schemas: [PATCH], Operations })).status).toBe(200);
  }
}

async function makeToken(page: Page, request: APIRequestContext, hydrated: (page: Page) => Promise<void>): Promise<Program> {
  const form = page.locator('form:has(input[name="form"][value="make_provisioning_token"])');
  await form.getByLabel('Which program gets it').fill('Microsoft Entra');
  await form.getByRole('button', { name: 'Make a token' }).click();
  await expect(page.getByText('Copy the token now: it is shown only this once.')).toBeVisible();
  const token = await page.locator('output').filter({ hasText: /^bcp_/ }).first().innerText();
  await hydrated(page);
  return new Program(request, token.trim());
}

test('a Global admin lets a program keep the people, and takes it back', async ({ page, request, signIn, hydrated, axe, mail }) => {
  await signIn(page, fernhollow.globalAdmin, { path: '/account' });
  await page.getByRole('main').getByRole('link', { name: 'Provisioning' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Provisioning' })).toBeVisible();
  await hydrated(page);
  await axe(page);
  const program = await makeToken(page, request, hydrated);
  await axe(page);

  const added = await program.send('POST', '/Users', {
    schemas: [USER],
    userName: 'asta.lindqvist@fernhollow.example',
    name: { givenName: 'Asta', familyName: 'Lindqvist' },
    displayName: 'Asta Lindqvist',
    active: true,
  });
  expect(added.status).toBe(201);
  const invitation = await mail({ email: 'asta.lindqvist@fernhollow.example', name: 'Asta Lindqvist' }, /\/invitation\//);
  expect(invitation.text).toContain('Microsoft Entra added you to Fernhollow Systems');
  await page.goto('/account/users?find=lindqvist');
  await hydrated(page);
  await expect(page.getByRole('row').filter({ hasText: 'asta.lindqvist@' })).toContainText('Invited');

  // A group gives the role that the administrator chooses, and takes it back.
  const group = await program.send('POST', '/Groups', {
    schemas: [GROUP],
    displayName: 'Portal agents',
    members: [{ value: added.body['id'] }],
  });
  expect(group.status).toBe(201);
  for (const [role, shown] of [
    ['Admin agent', 'Admin agent'],
    ['User admin', 'User admin'],
    ['No role', 'Employee'],
  ] as const) {
    await page.goto(PATH);
    await hydrated(page);
    const row = page.getByRole('row').filter({ hasText: 'Portal agents' });
    await row.getByLabel('Role of Portal agents').selectOption({ label: role });
    await row.getByRole('button', { name: 'Save' }).click();
    await expect(page.getByText('The role of Portal agents is saved.').first()).toBeVisible();
    await page.goto('/account/users?find=lindqvist');
    await expect(page.getByRole('row').filter({ hasText: 'asta.lindqvist@' })).toContainText(shown);
  }

  await page.goto(PATH);
  await hydrated(page);
  await page.getByRole('button', { name: 'Revoke Microsoft Entra' }).click();
  await expect(page.getByText('Microsoft Entra no longer has access.').first()).toBeVisible();
  await expect(page.getByRole('row').filter({ hasText: 'Microsoft Entra' })).toContainText('Revoked');
  expect((await program.send('GET', '/Users')).status).toBe(401);
  await page.goto('/account/activity?kind=people');
  await hydrated(page);
  await expect(page.getByRole('table', { name: 'Activity' })).toContainText('Microsoft Entra');
});

for (const { value, label, seats } of [
  { value: 'keep', label: 'Keep the seats for when the person comes back', seats: true },
  { value: 'release', label: 'Release the seats: they are free for colleagues at once', seats: false },
]) {
  test(`when the directory deactivates somebody: ${value}`, async ({ page, request, signIn, hydrated, steps }) => {
    const person = fernhollow.employee;
    await signIn(page, fernhollow.globalAdmin, { path: PATH });
    await page.getByLabel(label).check();
    await page.getByRole('button', { name: 'Save', exact: true }).last().click();
    await expect(page.getByText('Saved.').first()).toBeVisible();
    await page.reload();
    await hydrated(page);
    await expect(page.getByLabel(label)).toBeChecked();
    const program = await makeToken(page, request, hydrated);
    const id = await program.find(person.email);
    await program.setActive(id, false);

    await page.goto(`/account/users?find=${encodeURIComponent(person.email)}`);
    await expect(page.getByRole('row').filter({ hasText: person.email })).toContainText('Suspended');
    await page.goto('/benefits/visual-studio');
    await hydrated(page);
    await steps.open(page, 'Visual Studio Enterprise', 'Gold Core');
    await expect(steps.holder(page, person)).toHaveCount(seats ? 1 : 0);

    // Active again, the person comes in, with the seats that were kept.
    await program.setActive(id, true);
    await page.goto(`/account/users?find=${encodeURIComponent(person.email)}`);
    await expect(page.getByRole('row').filter({ hasText: person.email })).toContainText('Active');
    await page.goto('/benefits/visual-studio');
    await hydrated(page);
    await steps.open(page, 'Visual Studio Enterprise', 'Gold Core');
    await expect(steps.holder(page, person)).toHaveCount(seats ? 1 : 0);
  });
}

test('whoever is no Global admin sees who could set it up', async ({ page, signIn }) => {
  await signIn(page, fernhollow.userAdmin, { path: PATH });
  await expect(page.locator('main')).toContainText(fernhollow.globalAdmin.name);
  await expect(page.getByRole('button', { name: 'Make a token' })).toHaveCount(0);
});
