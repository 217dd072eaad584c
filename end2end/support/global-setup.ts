import { makeTemplate } from './template';

export default function setUp(): void {
  makeTemplate();
}
