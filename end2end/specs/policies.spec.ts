import type { Page } from '@playwright/test';
import { type Account, chenghu, fernhollow, kestrelAsh, operators } from '../accounts';
import { type Statement, shift } from '../support/calendar';
import type { Portal } from '../support/portal';
import { english, expect, inDays, test } from './partner';

/** Every value of every policy: chosen by a programme admin, seen by partners. */

test.use({ isolated: true });

const VISUAL_STUDIO = '/benefits/visual-studio';
const ENTERPRISE = 'Visual Studio Enterprise';
const PRESALES = 'Technical presales and deployment services';
const alternate: Account = { email: 'support.desk@fernhollow.example', name: fernhollow.employee.name };

type Choose = (name: string, value: string) => Promise<void>;

/** Saves one policy through the page, in a browser of the programme admin's. */
const policy = test.extend<{ choose: Choose; administrator: Page }>({
  administrator: async ({ anotherPage }, use) => use(await anotherPage()),
  choose: async ({ administrator, signIn, steps }, use) =>
    use(async (name, value) => {
      await signIn(administrator, operators.programmeAdmin, { path: '/operator/policies' });
      const field = administrator.locator(`input[name="${name}"]`);
      if ((await field.count()) === 1) {
        await field.fill(value);
      } else {
        await administrator.locator(`input[name="${name}"][value="${value}"]`).check();
      }
      await administrator.getByRole('button', { name: 'Save', exact: true }).click();
      await steps.told(administrator, '1 policy is changed.');
      await administrator.reload();
      const kept = (await field.count()) === 1 ? field : administrator.locator(`input[name="${name}"]:checked`);
      await expect(kept).toHaveValue(value);
    }),
});

policy('the page shows what is in force, and what was typed wrongly @long', async ({ page, signIn, hydrated, steps, axe }) => {
  await signIn(page, operators.programmeAdmin, { path: '/operator/policies' });
  for (const [name, value] of [
    ['assign_roles', 'global_admin'],
    ['double_holding', 'warn'],
    ['support_edition', 'c'],
    ['reveal_counts_as_activation', 'true'],
    ['audit_retention', 'forever'],
    ['catalogue_publication', 'one_person'],
  ]) {
    await expect(page.locator(`input[name="${name}"][value="${value}"]`)).toBeChecked();
  }
  const days = page.getByLabel('Days until a seat can be reassigned');
  await expect(days).toHaveValue('0');
  await axe(page);
  for (const wrong of ['366', '-1', 'soon']) {
    await days.fill(wrong);
    await page.locator('input[name="double_holding"][value="refuse"]').check();
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await expect(days).toHaveAttribute('aria-invalid', 'true');
    await expect(days).toHaveValue(wrong);
    await expect(page.locator('input[name="double_holding"][value="refuse"]')).toBeChecked();
  }
  await axe(page);
  await page.goto('/operator/policies');
  await hydrated(page);
  await expect(page.locator('input[name="double_holding"][value="warn"]'), 'nothing half-saved').toBeChecked();

  await signIn(page, operators.auditor, { path: '/operator/policies' });
  await steps.refused(page.locator('main'), 'Save', /Programme admin/);
});

policy('assign_roles: only Global admins, or MPN partner admins as well @long', async ({ page, signIn, steps, choose }) => {
  await signIn(page, fernhollow.partnerAdmin, { path: VISUAL_STUDIO });
  let detail = await steps.open(page, ENTERPRISE, 'Cloud Platform');
  await steps.refused(detail, 'Assign user', /Global admin.*Maren Tolvik/);
  await expect(steps.holder(page, fernhollow.userAdmin)).toHaveCount(0);

  await choose('assign_roles', 'partner_admin');
  await page.goto(VISUAL_STUDIO);
  detail = await steps.open(page, ENTERPRISE, 'Cloud Platform');
  await steps.assign(page, [fernhollow.userAdmin]);
  await expect(steps.holder(page, fernhollow.userAdmin)).toContainText(fernhollow.partnerAdmin.name);

  await choose('assign_roles', 'global_admin');
  await page.goto(VISUAL_STUDIO);
  detail = await steps.open(page, ENTERPRISE, 'Cloud Platform');
  await steps.refused(detail, 'Assign user', /Global admin/);
});

policy('reassign_lock_days: at any time, or not for 90 days @long', async ({ page, signIn, steps, choose }) => {
  await signIn(page, fernhollow.globalAdmin, { path: VISUAL_STUDIO });
  let detail = await steps.open(page, ENTERPRISE, 'Cloud Platform');
  await expect(detail.getByText('A seat can be reassigned at any time.')).toBeVisible();
  await steps.assign(page, [fernhollow.userAdmin]);
  await expect(steps.holder(page, fernhollow.userAdmin).getByText('Reassign', { exact: true }).first()).toBeVisible();

  await choose('reassign_lock_days', '90');
  await page.goto(VISUAL_STUDIO);
  detail = await steps.open(page, ENTERPRISE, 'Cloud Platform');
  const until = english(inDays(90));
  await expect(detail.getByText(`After this the seat can’t be reassigned until ${until}.`)).toBeVisible();
  await steps.assign(page, [fernhollow.userAdminAndAgent]);
  const locked = steps.holder(page, fernhollow.userAdminAndAgent);
  // Until its mail is gone the row says so instead.
  await expect(async () => {
    await steps.reload(page);
    await expect(locked.getByText(`Locked until ${until}`)).toBeVisible({ timeout: 2_000 });
  }).toPass({ timeout: 20_000 });
  await expect(locked.getByText('Remove', { exact: true })).toHaveCount(0);
  await expect(locked.getByText('Reassign', { exact: true })).toHaveCount(0);
  // Seats from before keep what was said then.
  await expect(steps.holder(page, fernhollow.userAdmin).getByText('Remove', { exact: true }).first()).toBeVisible();
});

/** Somebody of the list to assign, with what stands beside the name. */
async function offered(page: Page, scripts: boolean, person: Account): Promise<{ text: string; refused: boolean }> {
  const detail = page.locator('tr.detail');
  if (scripts) {
    const input = detail.locator('input[role="combobox"]');
    await input.click();
    await input.pressSequentially(person.name.slice(0, 5));
    const option = detail.getByRole('option').filter({ hasText: person.email }).filter({ has: page.locator('mark') });
    await expect(option).toBeVisible();
    return {
      text: await option.innerText(),
      refused: (await option.getAttribute('aria-disabled')) === 'true',
    };
  }
  const option = detail.getByLabel('Name or email address').locator('option', { hasText: person.name });
  return { text: await option.innerText(), refused: await option.isDisabled() };
}

policy('double_holding: said before, not a word, or refused @long', async ({ page, signIn, hydrated, steps, scripts, choose }) => {
  const note = 'Holds the same product from another source';
  const open = async (): Promise<void> => {
    await page.goto(VISUAL_STUDIO);
    await hydrated(page);
    await steps.open(page, ENTERPRISE, 'Cloud Platform');
  };
  const assign = async (person: Account): Promise<void> => {
    if (scripts) {
      await steps.assign(page, [person]);
      return;
    }
    // The note stands in the option, so that its words alone don't find it.
    const detail = page.locator('tr.detail');
    const choice = detail.getByLabel('Name or email address');
    const option = choice.locator('option', { hasText: person.name });
    await choice.selectOption((await option.getAttribute('value')) ?? '');
    await detail.getByRole('button', { name: 'Assign user', exact: true }).click();
    await expect(steps.holder(page, person)).toBeVisible();
  };
  await signIn(page, fernhollow.globalAdmin, { path: VISUAL_STUDIO });
  await open();
  // Both have one from Gold Core.
  const warned = await offered(page, scripts, fernhollow.employee);
  expect(warned.text).toContain(note);
  expect(warned.refused).toBe(false);
  await open();
  await assign(fernhollow.employee);

  await choose('double_holding', 'refuse');
  await open();
  const refused = await offered(page, scripts, fernhollow.otherEmployee);
  expect(refused.text).toContain(note);
  expect(refused.refused).toBe(true);

  await choose('double_holding', 'allow');
  await open();
  const allowed = await offered(page, scripts, fernhollow.otherEmployee);
  expect(allowed.text).not.toContain(note);
  expect(allowed.refused).toBe(false);
  await open();
  await assign(fernhollow.otherEmployee);
});

for (const { edition, title } of [
  { edition: 'a', title: 'Support' },
  { edition: 'b', title: 'Technical benefits' },
]) {
  policy(`support_edition ${edition}: a person is assigned, and two addresses get the instructions @long`, async ({
    page,
    administrator,
    signIn,
    hydrated,
    steps,
    mail,
    scripts,
    choose,
    axe,
  }) => {
    await choose('support_edition', edition);
    await signIn(page, fernhollow.globalAdmin, { path: '/benefits/technical' });
    await expect(page.getByRole('heading', { level: 1 })).toHaveText(title);
    await expect(page.locator('nav#side a[href="/benefits/technical"]')).toContainText(title);
    const detail = await steps.open(page, PRESALES, 'Gold Core');
    await expect(detail.getByRole('button', { name: 'Activate', exact: true })).toHaveCount(0);
    await axe(page);

    for (const [address, fault] of [
      [` ${fernhollow.employee.email.toUpperCase()} `, "This is the person's own address. Enter a different alternate email."],
      ['Accounts@Fernhollow.example', "This is your company's address. Enter a different alternate email."],
    ] as const) {
      if (!scripts || (await steps.chosen(page, fernhollow.employee).count()) === 0) {
        await steps.choose(page, fernhollow.employee);
      }
      await detail.getByLabel('Alternate email').first().fill(address);
      await detail.getByRole('button', { name: 'Assign user', exact: true }).click();
      await steps.fault(detail, 'Alternate email', fault);
      await expect(detail.getByLabel('Alternate email').first()).toHaveValue(address);
    }
    await detail.getByLabel('Alternate email').first().fill(alternate.email);
    await detail.getByRole('button', { name: 'Assign user', exact: true }).click();
    await expect(steps.holder(page, fernhollow.employee)).toContainText('Being set up, day 1 of 5');

    await signIn(administrator, operators.fulfilmentAgent, { path: `/operator/queue?find=${encodeURIComponent(PRESALES)}` });
    await administrator.getByRole('row').filter({ hasText: 'Fernhollow Systems' }).locator('a.opener').click();
    await hydrated(administrator);
    const item = administrator.locator('tr.detail');
    await expect(item.getByText(new RegExp(`${fernhollow.employee.name}, ${alternate.email}`))).toBeVisible();
    await item.getByLabel('Expires').fill(inDays(60).toISOString().slice(0, 10));
    await item.getByRole('button', { name: 'Complete', exact: true }).click();
    await expect(item.getByText(/^Completed: /)).toBeVisible();

    for (const account of [fernhollow.employee, alternate]) {
      const told = await mail(account, /^Your support is active: Technical presales/);
      expect(told.text).toContain('How to use it:');
    }
    await page.goto('/benefits/technical');
    await hydrated(page);
    await steps.open(page, PRESALES, 'Gold Core');
    await expect(steps.holder(page, fernhollow.employee).getByText('Active', { exact: true })).toBeVisible();
  });
}

policy('support_edition c: Activate, again after another edition @long', async ({ page, signIn, steps, choose }) => {
  await choose('support_edition', 'a');
  await choose('support_edition', 'c');
  await signIn(page, fernhollow.globalAdmin, { path: '/benefits/technical' });
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Technical benefits');
  const detail = await steps.open(page, PRESALES, 'Gold Core');
  await expect(detail.getByText('Name or email address')).toHaveCount(0);
  await detail.getByRole('button', { name: 'Activate', exact: true }).click();
  await expect(steps.row(page, PRESALES, 'Gold Core')).toContainText(/Processing, day 1 of 5/);
});

for (const value of ['true', 'false']) {
  // A purchase keeps the value that it was made under, and Fernhollow's were made under "true":
  // switching it off changes nothing for them, and the page of policies says so.
  policy(`reveal_counts_as_activation ${value}: a purchase keeps its own value @long`, async ({
    page,
    signIn,
    hydrated,
    steps,
    choose,
  }) => {
    await choose('reveal_counts_as_activation', 'false');
    if (value === 'true') {
      await choose('reveal_counts_as_activation', 'true');
    }
    await signIn(page, operators.programmeAdmin, { path: '/operator/policies' });
    await expect(page.getByText('A purchase keeps the value that it was made under.')).toBeVisible();

    await signIn(page, fernhollow.globalAdmin, { path: '/benefits/cancel' });
    const gold = page.getByRole('region', { name: /^Gold/ });
    await expect(gold.getByText('Both conditions are met')).toBeVisible();
    await page.goto('/benefits/software?find=Windows+Enterprise');
    await hydrated(page);
    const detail = await steps.open(page, 'Windows Enterprise', 'Gold Core');
    await expect(detail.getByText('Getting a first software key counts as activation.')).toBeVisible();
    await detail.getByLabel('I know that the refund ends.').check();
    await detail.getByRole('button', { name: 'Get keys' }).click();
    await expect(detail.getByRole('button', { name: 'Get keys' })).toHaveCount(0);
    await expect(detail.getByText(/First revealed by Maren Tolvik/)).toBeVisible();
    await page.goto('/benefits/cancel');
    await hydrated(page);
    await expect(gold.getByText('No refund')).toBeVisible();
    await expect(gold.getByText(/Windows Enterprise, key revealed .* by Maren Tolvik/)).toBeVisible();
  });
}

policy('reveal_counts_as_activation false: a purchase made under it can be refunded after a reveal @long', async ({
  page,
  signIn,
  hydrated,
  steps,
}) => {
  // 澄湖信息技术 bought its Action Pack while the programme didn't count a reveal.
  await signIn(page, chenghu.globalAdmin, { path: '/benefits/software?find=Exchange' });
  const detail = await steps.open(page, 'Exchange Server 2019 Standard', 'Action Pack');
  await expect(detail.getByText('Getting a first software key counts as activation.')).toHaveCount(0);
  await expect(detail.getByLabel('I know that the refund ends.')).toHaveCount(0);
  await detail.getByRole('button', { name: 'Get keys' }).click();
  await expect(detail.getByRole('button', { name: 'Get keys' })).toHaveCount(0);
  await page.goto('/benefits/cancel');
  await hydrated(page);
  const pack = page.getByRole('region', { name: 'Action Pack', exact: true });
  await expect(pack.getByText('Both conditions are met')).toBeVisible();
  await expect(pack.getByRole('listitem').filter({ hasText: 'Met: No software benefit activated' })).toBeVisible();
});

for (const [counts, after] of [
  ['false', 'true'],
  ['true', 'false'],
] as const) {
  policy(`reveal_counts_as_activation ${counts} on the day of the order holds for what was bought, whatever comes later @long`, async ({
    page,
    signIn,
    hydrated,
    steps,
    choose,
  }) => {
    if (counts === 'false') {
      await choose('reveal_counts_as_activation', 'false');
    }
    await signIn(page, kestrelAsh.globalAdmin, { path: '/offers' });
    const silver = page
      .getByRole('region', { name: 'Silver competency', exact: true })
      .locator('div.stack')
      .filter({ has: page.getByRole('heading', { level: 3, name: 'DevOps', exact: true }) })
      .last();
    await silver.getByLabel(/^I have read the agreement, accept it for Silver competency/).check();
    await silver.getByRole('button', { name: 'Place order' }).click();
    await expect(page).toHaveURL(/\/orders\/\d+$/);
    await hydrated(page);
    await page.getByLabel('Card', { exact: true }).selectOption({ label: 'Test card: pays' });
    await page.getByRole('button', { name: 'Pay', exact: true }).click();
    await expect(page.getByRole('table', { name: 'Documents' })).toContainText(/Invoice \d+/);
    await choose('reveal_counts_as_activation', after);

    await page.goto('/benefits/software?find=Exchange');
    await hydrated(page);
    const detail = await steps.open(page, 'Exchange Server 2019 Standard', 'Silver Core');
    const warning = detail.getByText('Getting a first software key counts as activation.');
    if (counts === 'true') {
      await expect(warning).toBeVisible();
      await detail.getByLabel('I know that the refund ends.').check();
    } else {
      await expect(warning).toHaveCount(0);
    }
    await detail.getByRole('button', { name: 'Get keys' }).click();
    await expect(detail.getByRole('button', { name: 'Get keys' })).toHaveCount(0);
    await page.goto('/benefits/cancel');
    await hydrated(page);
    const bought = page.getByRole('region', { name: /^Silver competency/ });
    await expect(bought.getByText(counts === 'true' ? 'No refund' : 'Both conditions are met')).toBeVisible();
  });
}

policy('audit_retention: for ever, or as many years as the page says @long', async ({ page, signIn, choose }) => {
  const limit = page.getByText(/are removed as the programme has decided\.$/);
  await signIn(page, fernhollow.globalAdmin, { path: '/account/activity' });
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Activity');
  await expect(limit).toHaveCount(0);
  const today = new Date();
  for (const [value, years] of [
    ['10_years', 10],
    ['7_years', 7],
    ['3_years', 3],
    ['1_year', 1],
  ] as const) {
    await choose('audit_retention', value);
    await page.reload();
    const from = english(new Date(Date.UTC(today.getUTCFullYear() - years, today.getUTCMonth(), 1)));
    await expect(limit).toHaveText(`Events from before ${from} are removed as the programme has decided.`);
  }
  // Nothing of this portal is a year old, so all of it is still there.
  await expect(page.getByRole('table', { name: 'Activity' }).getByRole('row').nth(1)).toBeVisible();
  await choose('audit_retention', 'forever');
  await page.reload();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Activity');
  await expect(limit).toHaveCount(0);
});

const DAY = 86_400_000;

/**
 * The first event of a company's trail, that its sample was loaded, becomes so many days old. The database lets nobody
 * change a row of the trail, so it is written anew.
 */
function older(domain: string, days: number): Statement {
  const others = `organization_id, sequence, previous_hash, hash, actor_kind, actor_id, action, object_kind, object_id,
    before_state, after_state, address, request_id, person_id, grant_id`;
  return [
    `insert or replace into audit_event (at, ${others})
       select ?, ${others} from audit_event where sequence = 1 and action = 'sample_programme_loaded'
         and organization_id = (select id from organization where domain = ?)`,
    Date.now() - days * DAY,
    domain,
  ];
}

/** A session that has expired: it goes with the next round of the clock's work, which looks at the trail as well. */
const EXPIRED: Statement = [
  `insert into session (token_hash, id, account_id, organization_id, created_at, last_seen_at, expires_at, address, agent)
     select randomblob(32), randomblob(16), a.id, null, 1, 1, 1, '127.0.0.1', 'expired' from account a where a.email_key = ?`,
  operators.auditor.email,
];

/** Whether that session is gone. */
function roundIsDone(portal: Portal): boolean {
  try {
    shift(portal, [["update session set last_seen_at = 1 where agent = 'expired'"]]);
    return false;
  } catch (error) {
    if (String((error as { stderr?: unknown }).stderr).startsWith('no row is changed by: ')) {
      return true;
    }
    throw error;
  }
}

policy('audit_retention: an old event stays for ever, and goes once a year is the limit @long', async ({
  page,
  anotherPage,
  portal,
  signIn,
  hydrated,
  choose,
}) => {
  test.setTimeout(180_000);
  shift(portal, [older('fernhollow.example', 800), older('kestrelash.example', 300), EXPIRED]);
  const auditor = await anotherPage();
  await signIn(auditor, operators.auditor, { path: '/operator/activity' });
  const rows = (of: Page) => of.getByRole('table', { name: 'Activity' }).locator('tbody > tr:not(.detail)');
  const loaded = (of: Page) => rows(of).filter({ hasText: 'Loaded the sample programme' });
  await signIn(page, fernhollow.globalAdmin, { path: '/account/activity' });
  await expect(loaded(page)).toContainText(english(new Date(Date.now() - 800 * DAY)));

  // For ever: the round that looks at the trail leaves it as it is.
  await expect.poll(() => roundIsDone(portal), { message: 'the clock’s work', timeout: 60_000 }).toBe(true);
  await page.goto('/');
  await page.goto('/account/activity');
  await hydrated(page);
  await expect(loaded(page)).toHaveCount(1);
  await expect(rows(page).filter({ hasText: 'Removed old events' })).toHaveCount(0);

  await choose('audit_retention', '1_year');
  await expect(async () => {
    await page.goto('/account/activity');
    await expect(rows(page).filter({ hasText: 'Removed old events' })).toBeVisible({ timeout: 2_000 });
  }).toPass({ timeout: 60_000 });
  await expect(loaded(page)).toHaveCount(0);
  // What is younger stays, in this trail and in the others.
  await expect(rows(page).filter({ hasText: 'Signed in' }).first()).toBeVisible();
  await auditor.goto('/operator/activity');
  await hydrated(auditor);
  await expect(loaded(auditor).filter({ hasText: 'Kestrel & Ash' })).toHaveCount(1);
  await expect(loaded(auditor).filter({ hasText: 'Fernhollow' })).toHaveCount(0);
});
