import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import type { Cookie } from '@playwright/test';
import { Secrets } from './secrets';
import { binary, copyTemplate, environment } from './template';

const START_LIMIT = 60_000;
const STOP_LIMIT = 10_000;

/** A running server with a database of its own. */
export class Portal {
  /** Cookies of whoever has signed in already, by mail address. */
  readonly sessions = new Map<string, Cookie[]>();
  /** What may not stand in the server's log. */
  readonly secrets = new Secrets();

  private constructor(
    /** Such as `http://127.0.0.1:40123`. */
    readonly address: string,
    /** Database, secret, mail and log. */
    readonly folder: string,
    private readonly server: ChildProcess,
  ) {}

  get mailFolder(): string {
    return path.join(this.folder, 'mail');
  }

  get log(): string {
    return path.join(this.folder, 'server.log');
  }

  /** Starts a server on a copy of the sample programme and waits until it answers. */
  static async start(): Promise<Portal> {
    const folder = copyTemplate();
    const address = `127.0.0.1:${await freePort()}`;
    const log = fs.openSync(path.join(folder, 'server.log'), 'a');
    const server = spawn(binary(), ['serve'], {
      cwd: folder,
      env: { ...environment(folder), BENEFITS_CENTER_ADDRESS: address },
      stdio: ['ignore', log, log],
    });
    fs.closeSync(log);
    const portal = new Portal(`http://${address}`, folder, server);
    try {
      await portal.answers();
    } catch (error) {
      await portal.stop();
      throw error;
    }
    return portal;
  }

  /** Ends the server that was started here and removes its folder; fails where its log has a secret. */
  async stop(): Promise<void> {
    if (this.isRunning()) {
      const ended = once(this.server, 'exit');
      this.server.kill('SIGTERM');
      // Open event streams may keep an orderly end waiting.
      const impatience = setTimeout(() => this.server.kill('SIGKILL'), STOP_LIMIT);
      await ended;
      clearTimeout(impatience);
    }
    this.secrets.ofMails(this.mailFolder);
    // What everything else is sealed with: 64 hexadecimal digits, alone or with the numbers of keys.
    this.secrets.ofText(fs.readFileSync(path.join(this.folder, 'secret.key'), 'utf8'));
    for (const cookies of this.sessions.values()) {
      this.secrets.ofCookies(cookies);
    }
    const log = fs.readFileSync(this.log, 'utf8');
    fs.rmSync(this.folder, { recursive: true, force: true });
    await this.secrets.settled();
    const told = this.secrets.in(log);
    if (told.length > 0) {
      throw new Error(`the server's log has ${told.join(', ')}`);
    }
  }

  private isRunning(): boolean {
    return this.server.pid !== undefined && this.server.exitCode === null && this.server.signalCode === null;
  }

  private async answers(): Promise<void> {
    // An error here is one of starting; it shows as a server that doesn't run.
    this.server.on('error', () => undefined);
    const end = Date.now() + START_LIMIT;
    while (Date.now() < end && this.isRunning()) {
      const response = await fetch(`${this.address}/sign-in`).catch(() => undefined);
      if (response?.status === 200) {
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    const last = fs.readFileSync(this.log, 'utf8').trim().split('\n').slice(-10).join('\n');
    throw new Error(`the server did not answer on ${this.address}/sign-in:\n${last}`);
  }
}

async function freePort(): Promise<number> {
  const listener = net.createServer();
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const address = listener.address();
  listener.close();
  await once(listener, 'close');
  if (address === null || typeof address === 'string') {
    throw new Error('no free port was found');
  }
  return address.port;
}
