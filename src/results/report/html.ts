/** HTML that is safe to put into a page. */
export class Html {
  constructor(readonly text: string) {}
}

type HtmlPart = string | number | Html | readonly Html[] | undefined;

/** Builds HTML; every part that is not {@link Html} itself is escaped. */
export function html(strings: TemplateStringsArray, ...parts: readonly HtmlPart[]): Html {
  return new Html(String.raw({ raw: strings }, ...parts.map(toHtml)));
}

function toHtml(part: HtmlPart): string {
  if (part === undefined) return '';
  if (part instanceof Html) return part.text;
  if (typeof part === 'string' || typeof part === 'number') return escapeHtml(String(part));
  return part.map(({ text }) => text).join('\n');
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (sign) => entities[sign] ?? '');
}

/** A section of the page with a heading. */
export function renderSection(title: string, content: Html): Html {
  return html`<section><h2>${title}</h2>${content}</section>`;
}

/** With commas between the thousands. */
export function formatNumber(value: number): string {
  return value.toLocaleString('en');
}

/** A share in percent; a small one is never rounded to zero. */
export function formatPercent(part: number, whole: number): string {
  if (whole === 0) return '–';
  const share = (part / whole) * 100;
  return share > 0 && share < 0.1 ? '< 0.1%' : `${share.toFixed(share === 100 || share === 0 ? 0 : 1)}%`;
}

/** Of the report: one column on a phone, two where there is room; light, dark and paper. Contrasts are 4.5:1 or more. */
export const reportStyle = `
:root { color-scheme: light dark; --paper: #fff; --ink: #1b1f24; --soft: #57606a; --rule: #d0d7de; --box: #f6f8fa; --link: #0550ae;
  --good: #1a7f37; --same: #6e7781; --fix: #bc4c00; --wait: #8a6300; --other: #0969da; }
@media (prefers-color-scheme: dark) { :root { --paper: #0d1117; --ink: #e6edf3; --soft: #a3adb8; --rule: #3d444d; --box: #161b22;
  --link: #79b8ff; --good: #4ac26b; --same: #9198a1; --fix: #ff9b5a; --wait: #e3b341; --other: #6cb6ff; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 70rem; padding: 1.5rem 1rem 4rem; background: var(--paper); color: var(--ink);
  font: 1rem/1.5 system-ui, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; overflow-wrap: break-word; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 .25rem; } h2 { font-size: 1.15rem; margin: 2.25rem 0 .75rem; }
p { margin: .25rem 0; } li { overflow-wrap: anywhere; } ul { padding-left: 1.2rem; } a { color: var(--link); } :focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
.soft { color: var(--soft); }
.result { border-left: 6px solid var(--same); background: var(--box); padding: .6rem .9rem; margin: 1rem 0; } .result ol { margin: .25rem 0; padding-left: 1.4rem; }
.good-edge { border-color: var(--good); } .fix-edge { border-color: var(--fix); } .wait-edge { border-color: var(--wait); } code { font-family: ui-monospace, Consolas, monospace; font-size: .9em; overflow-wrap: anywhere; }
.side { display: grid; gap: 1.5rem; grid-template-columns: minmax(0, 1fr); align-items: center; }
@media (min-width: 44rem) { .side { grid-template-columns: 15rem minmax(0, 1fr); } .pair { display: grid; gap: 2rem; grid-template-columns: 1fr 1fr; } }
table { border-collapse: collapse; width: 100%; } caption { text-align: left; color: var(--soft); padding-bottom: .25rem; }
th, td { text-align: left; vertical-align: top; padding: .35rem .75rem .35rem 0; border-bottom: 1px solid var(--rule); font-weight: normal; }
thead th { color: var(--soft); } .number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
.scroll { overflow-x: auto; } .wide { min-width: 40rem; } .key { display: inline-block; width: .8rem; height: .8rem; border-radius: 2px; margin-right: .5rem; vertical-align: -1px; }
.donut { width: 100%; max-width: 15rem; margin: 0 auto; display: block; } .whole { font-size: 30px; fill: var(--ink); font-weight: 600; } .unit { font-size: 14px; fill: var(--soft); }
.chart { width: 100%; height: auto; display: block; } .tick { font-size: 12px; fill: var(--soft); } .grid { stroke: var(--rule); }
.curve { fill: none; stroke-width: 2; stroke-linejoin: round; } .curve.second { stroke-dasharray: 6 4; }
.good { fill: var(--good); stroke: var(--good); background: var(--good); } .same { fill: var(--same); stroke: var(--same); background: var(--same); }
.fix { fill: var(--fix); stroke: var(--fix); background: var(--fix); } .wait { fill: var(--wait); stroke: var(--wait); background: var(--wait); }
.slice { stroke: none; } .curve.first { stroke: var(--other); } .curve.second { stroke: var(--fix); }
.swatch { display: inline-block; width: 1.5rem; border-top: 3px solid var(--other); vertical-align: middle; margin-right: .4rem; } .swatch.second { border-top: 3px dashed var(--fix); }
meter { width: 100%; min-width: 4rem; height: .9rem; } details { margin: .5rem 0; } summary { cursor: pointer; color: var(--link); }
@page { margin: 15mm; }
@media print { :root { color-scheme: light; --paper: #fff; --ink: #000; --soft: #444; --rule: #bbb; --box: #fff; --link: #000; --good: #1a7f37; --same: #6e7781; --fix: #bc4c00; --wait: #8a6300; --other: #0969da; }
  body { max-width: none; padding: 0; font-size: 10pt; } h2 { break-after: avoid; } tr, .donut, .chart, .side { break-inside: avoid; }
  .screen { display: none; } .wide { min-width: 0; } * { print-color-adjust: exact; -webkit-print-color-adjust: exact; } }
`;
