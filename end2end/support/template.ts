import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/** Environment variable by which the set-up tells the workers where the template is. */
const TEMPLATE = 'BENEFITS_CENTER_TEMPLATE';

/** The server's program: named by `cargo xtask test`, else where a plain build puts it. */
export function binary(): string {
  const target = process.env['CARGO_TARGET_DIR'] ?? path.join(__dirname, '../../target');
  const file = process.env['BENEFITS_CENTER_BINARY'] ?? path.join(target, 'debug/benefits-center');
  if (!fs.existsSync(file)) {
    throw new Error(`${file} is missing: run the tests with \`cargo xtask test --only end2end\`.`);
  }
  return file;
}

/** The folder of wasm, script and style sheet. */
export function site(): string {
  const target = process.env['CARGO_TARGET_DIR'] ?? path.join(__dirname, '../../target');
  const folder = process.env['BENEFITS_CENTER_SITE_DIR'] ?? path.join(target, 'site/wasm-test');
  if (!fs.existsSync(path.join(folder, 'pkg/manifest.json'))) {
    throw new Error(`${folder} holds no site: run the tests with \`cargo xtask test --only end2end\`.`);
  }
  return folder;
}

/** The server's environment for a folder of its own: database, secret and mail lie in it. */
export function environment(folder: string): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith('BENEFITS_CENTER_'));
  return {
    ...Object.fromEntries(own),
    DATABASE_URL: `sqlite://${path.join(folder, 'benefits-center.db')}`,
    BENEFITS_CENTER_SECRET_FILE: path.join(folder, 'secret.key'),
    BENEFITS_CENTER_MAIL_DIR: path.join(folder, 'mail'),
    BENEFITS_CENTER_SITE_DIR: site(),
    BENEFITS_CENTER_DEMO: '1',
    // More than an installation writes by default: what is in it is looked through for secrets.
    BENEFITS_CENTER_LOG: 'info,server=debug,service=debug,sqlx=warn,sea_orm_migration=warn',
    BENEFITS_CENTER_LOG_JSON: '1',
  };
}

/** Loads the sample programme once; every server starts from a copy of it. */
export function makeTemplate(): void {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'benefits-center-template-'));
  process.env[TEMPLATE] = folder;
  execFileSync(binary(), ['seed-demo'], {
    cwd: folder,
    env: environment(folder),
    stdio: ['ignore', 'ignore', 'inherit'],
    timeout: 300_000,
  });
}

/** A new folder with the database and the secret of the template. */
export function copyTemplate(): string {
  const template = process.env[TEMPLATE];
  if (template === undefined) {
    throw new Error('the sample programme was not loaded');
  }
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'benefits-center-portal-'));
  fs.cpSync(template, folder, { recursive: true });
  return folder;
}

export function removeTemplate(): void {
  const template = process.env[TEMPLATE];
  if (template !== undefined) {
    fs.rmSync(template, { recursive: true, force: true });
  }
}
