import { type Html, html } from './html.js';

/** A part of the page under a heading of its own. */
export function section(title: string, content: Html): Html {
  return html`<section><h2>${title}</h2>${content}</section>`;
}

/** How often, in words. */
export function times(count: number): string {
  if (count === 0) return 'never';
  return count === 1 ? 'once' : `${number(count)} times`;
}

/** With signs between the thousands. */
export function number(value: number): string {
  return value.toLocaleString('en');
}

/** A share, never rounded to nothing. */
export function percent(part: number, whole: number): string {
  if (whole === 0) return '–';
  const share = (part / whole) * 100;
  return share > 0 && share < 0.1 ? '< 0.1 %' : `${share.toFixed(share === 100 || share === 0 ? 0 : 1)} %`;
}
