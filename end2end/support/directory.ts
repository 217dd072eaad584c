import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { type Page, expect } from '@playwright/test';

/** Milliseconds until a directory that says nothing counts as one that doesn't start. */
const START_LIMIT = 20_000;

/** A company's directory: the server of `directory.mjs`. */
export class Directory {
  /** How it knows the portal. */
  readonly client = { id: 'benefits-center', secret: 'a secret of the directory' } as const;

  private constructor(
    readonly issuer: string,
    private readonly server: ChildProcess,
  ) {}

  static async start(portal: string): Promise<Directory> {
    const program = path.join(__dirname, 'directory.mjs');
    const server = spawn(process.execPath, [program, '0', portal], { stdio: ['pipe', 'pipe', 'pipe'] });
    let said = '';
    server.stderr.on('data', (part: Buffer) => {
      said += part.toString();
    });
    const lines = createInterface({ input: server.stdout });
    const issuer = await new Promise<string>((resolve, reject) => {
      const fail = (why: string): void => reject(new Error(`the directory did not start: ${why}\n${said}`));
      const impatience = setTimeout(() => fail('it said nothing'), START_LIMIT);
      lines.on('line', (line) => {
        const ready = /^ready (.+)$/.exec(line)?.[1];
        if (ready !== undefined) {
          clearTimeout(impatience);
          resolve(ready);
        }
      });
      server.once('error', (error) => fail(error.message));
      server.once('exit', () => fail('it ended'));
    });
    return new Directory(issuer, server);
  }

  async stop(): Promise<void> {
    if (this.server.exitCode === null && this.server.signalCode === null) {
      const ended = once(this.server, 'exit');
      this.server.kill();
      await ended;
    }
  }

  /** Does something that leads to the directory, and waits until its page to sign in asks for this address. */
  async reach(page: Page, email: string, leave: () => Promise<void>): Promise<void> {
    // The directory's pages would wait for a font from elsewhere.
    await page.route('https://fonts.googleapis.com/**', (route) => route.abort());
    await leave();
    await page.waitForURL((address) => address.hostname === 'localhost');
    await expect(page.locator('input[name="login"]')).toHaveValue(email);
  }

  /** Signs in on the directory's pages, and comes back. */
  async signIn(page: Page): Promise<void> {
    await page.locator('input[name="password"]').fill('any');
    await page.getByRole('button', { name: 'Sign-in' }).click();
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.waitForURL((address) => address.hostname !== 'localhost');
  }
}
