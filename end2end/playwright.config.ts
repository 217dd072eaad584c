import { defineConfig } from '@playwright/test';
import path from 'node:path';
import type { Options } from './fixtures';

const desktop = { viewport: { width: 1280, height: 900 } };
const phone = { viewport: { width: 360, height: 780 }, hasTouch: true, isMobile: true };

/** A long way waits for clocks and mail most of the time: twice is enough. */
const LONG = /@long/;
/** Files about what width and JavaScript decide together, rows that open, fields that suggest, pages that follow. */
const EACH_WAY =
  /(cloud|go-to-market|keyboard|live|main-flow\.languages|my-benefits|people|renew|sign-in|technical|visual-studio)\.spec\.ts$/;
/** Pictures are taken with JavaScript at both widths; without it pages are judged where they are narrow. */
const PICTURES = /screenshots\.spec\.ts$/;

/** Every spec runs on a desk with JavaScript and on a phone without; some on a phone with it and on a desk without, too. */
export default defineConfig<Options>({
  testDir: './specs',
  outputDir: './test-results',
  globalSetup: './support/global-setup.ts',
  globalTeardown: './support/global-teardown.ts',
  // The tests of one file share a portal and go on where the one before stopped; files run side by side.
  fullyParallel: false,
  workers: 2,
  // In a whole run a test may try again, with a new portal; the run tells which did and bears only few of them.
  retries: process.env['BENEFITS_CENTER_WHOLE_RUN'] === '1' ? 1 : 0,
  forbidOnly: true,
  timeout: 60_000,
  expect: { timeout: 10_000 },
  reporter: [
    ['list'],
    ['json', { outputFile: process.env['BENEFITS_CENTER_RESULTS'] ?? path.join(__dirname, 'test-results/results.json') }],
  ],
  use: {
    browserName: 'chromium',
    locale: 'en-US',
    timezoneId: 'Europe/Oslo',
    reducedMotion: 'reduce',
    // A trace of every step costs a third of the time: it is recorded when somebody looks for a cause.
    trace: process.env['BENEFITS_CENTER_TRACE'] === '1' ? 'retain-on-failure' : 'off',
    screenshot: 'only-on-failure',
    launchOptions: {
      executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
      args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
    },
  },
  projects: [
    { name: 'desktop', use: desktop },
    { name: 'phone', use: phone, testMatch: [EACH_WAY, PICTURES], grepInvert: LONG },
    { name: 'desktop-plain', use: { ...desktop, javaScriptEnabled: false }, testMatch: EACH_WAY, grepInvert: LONG },
    { name: 'phone-plain', use: { ...phone, javaScriptEnabled: false } },
  ],
});
