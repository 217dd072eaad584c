import fs from 'node:fs';
import path from 'node:path';

export const LANGUAGES = ['en', 'zh-Hans', 'zh-Hant'] as const;
export type Language = (typeof LANGUAGES)[number];

export const THEMES = ['light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];

/** The widths that the projects use. */
export const WIDTHS = [1280, 360] as const;

const FOLDER = path.join(__dirname, '../screenshots');
const ROUTES = path.join(__dirname, '../../app/src/routes.rs');

/** Every page's address as the portal itself lists it, such as `/invitation/:token`. */
export function addresses(): string[] {
  const source = fs.readFileSync(ROUTES, 'utf8');
  const list = /ADDRESSES: &\[&str\] = &\[([^\]]*)\]/.exec(source)?.[1];
  const found = [...(list ?? '').matchAll(/"([^"]+)"/g)].map((match) => match[1] ?? '');
  if (found.length === 0) {
    throw new Error(`${ROUTES} lists no addresses`);
  }
  return found;
}

/** Where the picture of a page is. */
export function file(route: string, language: Language, width: number, theme: Theme): string {
  const name = route.replaceAll(/[^a-z0-9]+/gi, '-').replaceAll(/^-|-$/g, '') || 'dashboard';
  return path.join(FOLDER, name, `${language}-${width}-${theme}.png`);
}

/** The pictures that a whole run should have taken and didn't. */
export function missing(): string[] {
  const wanted = addresses().flatMap((route) =>
    LANGUAGES.flatMap((language) =>
      WIDTHS.flatMap((width) => THEMES.map((theme) => file(route, language, width, theme))),
    ),
  );
  return wanted.filter((picture) => !fs.existsSync(picture)).map((picture) => path.relative(FOLDER, picture));
}
