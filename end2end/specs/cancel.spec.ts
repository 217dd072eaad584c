import { fernhollow, kestrelAsh } from '../accounts';
import { english, expect, inDays, test } from './partner';

test.use({ isolated: true });

const PATH = '/benefits/cancel';

test('each condition is ticked or failed, with the deadline', async ({ page, signIn, steps, axe }) => {
  await signIn(page, fernhollow.globalAdmin, { path: PATH });
  const gold = page.getByRole('region', { name: /^Gold competency/ });
  const met = gold.locator('.voucher li').filter({ hasText: 'Met:' });
  await expect(gold).toContainText('Both conditions are met');
  await expect(met).toHaveCount(2);
  await expect(met.nth(0)).toContainText(
    `Day 12 of 30. The last day is ${english(inDays(18))}, until 23:59 (Europe/Oslo).`,
  );
  await expect(met.nth(1)).toContainText('None of the 14 software benefits of this purchase is activated.');
  await expect(gold).toContainText('24 people lose a seat. They are told by email.');
  await expect(gold).toContainText('Your tier goes back to Action Pack');

  const pack = page.getByRole('region', { name: 'Action Pack', exact: true });
  await expect(pack).toContainText('No refund');
  const failed = pack.locator('.voucher li').filter({ hasText: 'Not met:' });
  await expect(failed).toHaveCount(2);
  await expect(failed.nth(0)).toContainText(`Ended ${english(inDays(-310))}, 310 days ago.`);
  await expect(failed.nth(1)).toContainText('Windows Enterprise, key revealed');
  await steps.refused(pack, 'Submit request', /^Neither condition is met\. Let the membership run out instead/);

  const network = page.getByRole('region', { name: 'Network membership', exact: true });
  await steps.refused(network, 'Submit request', /^The 30 days are over\./);
  await axe(page);
});

test('in time but used: the condition that fails is named', async ({ page, signIn, steps, axe }) => {
  await signIn(page, kestrelAsh.partnerAdmin, { path: PATH });
  const pack = page.getByRole('region', { name: 'Action Pack', exact: true });
  await expect(pack).toContainText(`Day 26 of 30. The last day is ${english(inDays(4), 'Europe/London')}, until 23:59 (Europe/London).`);
  await expect(pack.locator('.voucher li').filter({ hasText: 'Not met:' })).toHaveCount(1);
  await steps.refused(pack, 'Submit request', /^A software benefit was activated\./);
  await axe(page);
});

test('a cancellation is submitted, seen, and withdrawn', async ({ page, signIn, steps, mail, axe }) => {
  await signIn(page, fernhollow.globalAdmin, { path: PATH });
  const isv = page.getByRole('region', { name: 'ISV Co-sell ready', exact: true });
  await isv.getByLabel('Reason', { exact: true }).selectOption({ label: 'Another reason' });
  await isv.getByLabel('I want to cancel ISV Co-sell ready.').check();
  await isv.getByRole('button', { name: 'Submit request' }).click();
  const note = isv.getByLabel('More about it');
  await expect(note).toHaveAttribute('aria-invalid', 'true');
  await expect(isv.getByLabel('Reason', { exact: true }).locator('option:checked')).toHaveText('Another reason');
  await expect(isv.getByLabel('I want to cancel ISV Co-sell ready.')).toBeChecked();
  await axe(page);
  await note.fill('Our app moves to another store.');
  await isv.getByRole('button', { name: 'Submit request' }).click();
  await steps.told(page, /^Request \d+ is submitted\. An operator decides within \d+ working days\.$/);
  const waiting = isv.getByText(/^Request \d+ is with the operators since /);
  await expect(waiting).toContainText(`since ${english(new Date())}. ${fernhollow.globalAdmin.name} asked for it.`);
  const number = /Request (\d+)/.exec(await waiting.innerText())?.[1] ?? 'none';
  await steps.reload(page);
  await expect(waiting).toBeVisible();
  await axe(page);
  const sent = await mail(fernhollow.globalAdmin, new RegExp(`^Request ${number}: cancel ISV Co-sell ready$`, 'm'));
  expect(sent.text).toContain('Until then your benefits go on');

  await steps.confirm(isv, 'Withdraw request', `Withdraw request ${number}?`, 'Withdraw request');
  await expect(waiting).toHaveCount(0);
  await steps.reload(page);
  await expect(isv.getByRole('button', { name: 'Submit request' })).toBeVisible();
  const earlier = page.getByRole('table', { name: 'Earlier requests' });
  await expect(earlier.getByRole('row').filter({ hasText: number })).toContainText('Withdrawn');
  await axe(page);
});
