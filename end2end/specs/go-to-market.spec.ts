import { fernhollow, kestrelAsh } from '../accounts';
import { type Account, english, expect, test } from './partner';

test.use({ isolated: true });

const PATH = '/benefits/go-to-market';
/** The address that a marketing contact has chosen for this. */
const designated = (email: string): Account => ({ email, name: '' });
const NEWSLETTERS = 'Partner newsletters';

test('without a marketing contact nothing is activated; with one it is', async ({ page, signIn, steps, mail, axe }) => {
  test.slow();
  const admin = kestrelAsh.partnerAdmin;
  const contact = kestrelAsh.employee;
  await signIn(page, admin, { path: PATH });
  const pane = page.locator('#marketing-contact');
  await expect(pane).toContainText('There is no marketing contact yet.');
  await axe(page);
  const detail = await steps.open(page, NEWSLETTERS, 'Network membership');
  await steps.refused(detail, 'Activate', 'There is no marketing contact yet. Add one at the top of the page first.');
  await axe(page);

  await steps.unfold(pane, 'Add marketing contact');
  const form = pane.getByRole('form', { name: 'Add marketing contact' });
  await form.getByLabel('Person', { exact: true }).selectOption({ label: `${contact.name} (${contact.email})` });
  await form.getByLabel('Contact phone').fill('+44 20 7946 0199');
  await form.getByLabel('Preferred language').selectOption({ label: 'English' });
  for (const [typed, fault] of [
    ['  Imogen.LARKWHISTLE@KestrelAsh.example ', "This is the person's own address. Enter a different alternate email."],
    [' Accounts@KESTRELASH.example', "This is your company's address. Enter a different alternate email."],
    ['imogen at home', "This isn't an email address. Write it like name@company.example."],
  ] as const) {
    await form.getByLabel('Alternate email').fill(typed);
    await form.getByRole('button', { name: 'Add marketing contact' }).click();
    await steps.fault(form, 'Alternate email', fault);
    await expect(form.getByLabel('Alternate email')).toHaveValue(typed);
    await expect(form.getByLabel('Contact phone')).toHaveValue('+44 20 7946 0199');
    await expect(form.getByLabel('Person', { exact: true }).locator('option:checked')).toContainText(contact.name);
  }
  await axe(page);
  await form.getByLabel('Alternate email').fill('press@kestrelash.example');
  await form.getByRole('button', { name: 'Add marketing contact' }).click();
  await steps.told(page, 'The marketing contact is added and gets an email.');
  const facts = pane.locator('dl.contact');
  await expect(facts).toContainText(contact.name);
  await expect(facts).toContainText('press@kestrelash.example');
  const sent = await mail(designated('press@kestrelash.example'), /^Marketing contact of Kestrel & Ash Consulting$/m);
  expect(sent.text).toContain(`${admin.name} saved the marketing contact`);
  expect(sent.text).toContain(contact.name);

  // The row lets go at once.
  await expect(detail.getByText(`The instructions go to ${contact.name}, press@kestrelash.example.`)).toBeVisible();
  await detail.getByRole('button', { name: 'Activate', exact: true }).click();
  const row = steps.row(page, NEWSLETTERS, 'Network membership');
  await expect(row).toContainText(/Processing, day 1 of \d/);
  await expect(detail.getByRole('list', { name: 'The way to an active benefit' })).toContainText(english(new Date(), 'Europe/London'));
  await steps.reload(page);
  await expect(row).toContainText(/Processing, day 1 of \d/);
  await expect(facts).toContainText('press@kestrelash.example');
  await axe(page);
});

test('the contact is updated and changed', async ({ page, signIn, steps, mail, axe }) => {
  test.slow();
  await signIn(page, kestrelAsh.globalAdmin, { path: PATH });
  const pane = page.locator('#marketing-contact');
  const form = (purpose: string) => pane.getByRole('form', { name: `${purpose} marketing contact` });
  const facts = pane.locator('dl.contact');
  await steps.unfold(pane, 'Add marketing contact');
  await form('Add').getByLabel('Person', { exact: true }).selectOption({
    label: `${kestrelAsh.globalAdmin.name} (${kestrelAsh.globalAdmin.email})`,
  });
  await form('Add').getByLabel('Alternate email').fill('press@kestrelash.example');
  await form('Add').getByLabel('Contact phone').fill('+44 20 7946 0199');
  await form('Add').getByRole('button').click();
  await expect(facts).toContainText(kestrelAsh.globalAdmin.name);

  await steps.unfold(pane, 'Update marketing contact');
  await expect(form('Update').getByLabel('Contact phone')).toHaveValue('+44 20 7946 0199');
  await form('Update').getByLabel('Contact phone').fill('0199');
  await form('Update').getByRole('button').click();
  await steps.fault(form('Update'), 'Contact phone', "This isn't a phone number with country code. Write it like +47 21 00 00 00.");
  await form('Update').getByLabel('Contact phone').fill('+44 20 7946 0111');
  await form('Update').getByRole('button').click();
  await expect(facts).toContainText('+44 20 7946 0111');
  await axe(page);

  await steps.unfold(pane, 'Change marketing contact');
  await form('Change').getByLabel('Person', { exact: true }).selectOption({
    label: `${kestrelAsh.employee.name} (${kestrelAsh.employee.email})`,
  });
  await form('Change').getByLabel('Alternate email').fill('news@kestrelash.example');
  await form('Change').getByLabel('Contact phone').fill('+44 20 7946 0222');
  await form('Change').getByRole('button').click();
  await expect(facts).toContainText(kestrelAsh.employee.name);
  await steps.reload(page);
  await expect(facts).toContainText('news@kestrelash.example');
  // The former contact hears of it, too.
  for (const address of ['press@kestrelash.example', 'news@kestrelash.example']) {
    const sent = await mail(designated(address), new RegExp(`the marketing contact of .*: ${kestrelAsh.employee.name}`));
    expect(sent.subject).toBe('Marketing contact of Kestrel & Ash Consulting');
  }
});

test('an active benefit says until when and where its instructions went', async ({ page, signIn, steps, axe }) => {
  await signIn(page, fernhollow.partnerAdmin, { path: PATH });
  await expect(steps.row(page, 'Social media assets', 'Gold Core')).toContainText(/Active.*14 days left/);
  const detail = await steps.open(page, 'Social media assets', 'Gold Core');
  await expect(detail.getByText(/^Use it until \d{1,2} \w{3} \d{4}\.$/)).toBeVisible();
  await expect(detail.getByText('The instructions went to Odalys Brandt-Reyes, press@fernhollow.example.')).toBeVisible();
  await axe(page);
  await steps.opener(page, 'Press release support', 'Gold Core').click();
  await expect(detail.getByText('The draft names a customer who has not agreed in writing.')).toBeVisible();
  await expect(detail.getByRole('button', { name: 'Activate again' })).toBeVisible();
});
