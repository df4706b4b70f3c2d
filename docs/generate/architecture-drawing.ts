import { readdirSync, readFileSync } from 'node:fs';
import { sep } from 'node:path';
import { readImports } from '#test/architecture/find-violations.js';

const page = 'docs/architecture.md';
const start = '<!-- drawing: start (made by `npm run docs`) -->';
const end = '<!-- drawing: end -->';

/** The page about the architecture, with its drawing made again from the imports of the sources. */
export function renderArchitecturePage(): string {
  const text = readFileSync(page, 'utf8');
  const [before, rest = ''] = text.split(start);
  const after = rest.split(end)[1];
  if (before === undefined || after === undefined) throw new Error(`${page} has lost the markers of its drawing.`);
  return `${before}${start}\n\n\`\`\`mermaid\n${renderDrawing()}\`\`\`\n\n${end}${after}`;
}

/**
 * An arrow from each room to the rooms that it imports; from `src` to `pipelines`, to the whole. Files outside the rooms,
 * such as `src/errors.ts`, are left out.
 */
function renderDrawing(): string {
  const arrows = [...new Set(readSources().flatMap(renderArrows))].sort();
  const drawRoot = (root: string, title: string) => [
    `  subgraph ${root}["${title}"]`,
    ...arrows
      .filter((arrow) => arrow.startsWith(`${root}_`) && arrow.includes(`> ${root}_`))
      .map((arrow) => `    ${arrow}`),
    '  end',
  ];
  return `${[
    'flowchart TD',
    ...drawRoot('src', 'src: the outside'),
    ...drawRoot('pipelines', 'pipelines: what happens to a row'),
    ...arrows.filter((arrow) => arrow.endsWith('> pipelines')).map((arrow) => `  ${arrow}`),
  ].join('\n')}\n`;
}

function renderArrows({ path, imports }: Source): readonly string[] {
  const room = findRoom(path);
  if (room === undefined) return [];
  return imports.flatMap((imported) => {
    if (room.startsWith('src/') && imported.startsWith('pipelines/')) return [`${renderNode(room)} --> pipelines`];
    const importedRoom = findRoom(imported);
    if (importedRoom === undefined || importedRoom === room) return [];
    return [`${renderNode(room)} --> ${renderNode(importedRoom)}`];
  });
}

/** `src/files/csv/…` is in the room `src/files`; `src/errors` is in none. */
function findRoom(path: string): string | undefined {
  return /^(?:src|pipelines)\/[\w-]+(?=\/)/.exec(path)?.[0];
}

function renderNode(room: string): string {
  return `${room.replace('/', '_')}["${room.split('/')[1]}"]`;
}

interface Source {
  readonly path: string;
  readonly imports: readonly string[];
}

function readSources(): readonly Source[] {
  return ['pipelines', 'src'].flatMap((root) =>
    readdirSync(root, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => {
        const path = `${root}/${name.replaceAll(sep, '/')}`;
        return { path, imports: readImports(path, readFileSync(path, 'utf8')) };
      }),
  );
}
