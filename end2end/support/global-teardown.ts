import { missing } from './screenshots';
import { removeTemplate } from './template';

export default function tearDown(): void {
  removeTemplate();
  // A run of some tests takes some pictures; only a whole run has to have them all.
  if (process.env['BENEFITS_CENTER_WHOLE_RUN'] === '1') {
    const absent = missing();
    if (absent.length > 0) {
      throw new Error(`${absent.length} screenshots are missing:\n${absent.join('\n')}`);
    }
  }
}
