import { posix } from 'node:path';
import ts from 'typescript';
import type { HouseRules } from './rules.js';

/** Sources by their path from the root of the repository, with `/` between the parts. */
export type Sources = ReadonlyMap<string, string>;

/** Everything that the house forbids, a sentence each; empty when all is well. */
export function findViolations(sources: Sources, rules: HouseRules): readonly string[] {
  const files = new Map([...sources].map(([path, text]) => [bare(path), { text, imports: readImports(path, text) }]));
  return [
    ...[...files].flatMap(([file, { imports }]) => imports.flatMap((name) => wrongImport(file, name, files, rules))),
    ...cycles(files),
    ...[...files].flatMap(([file, { text }]) => tooLong(file, text, rules.mostLines)),
    ...drawers([...files.keys()], rules.drawers),
  ];
}

interface Source {
  readonly text: string;
  /** Files of the house by their bare name, packages as written. */
  readonly imports: readonly string[];
}

/** What a source imports: files of the house by their bare name, packages as written. */
export function readImports(path: string, text: string): readonly string[] {
  const names = ts.preProcessFile(text, true, true).importedFiles.map(({ fileName }) => fileName);
  return names.map((name) => {
    if (name.startsWith('.')) return bare(posix.join(posix.dirname(path), name));
    return name.startsWith('#') ? bare(name.slice(1)) : name;
  });
}

function wrongImport(file: string, name: string, files: ReadonlyMap<string, Source>, rules: HouseRules): string[] {
  if (name.startsWith('node:')) return [];
  if (isOfTheHouse(name)) {
    if (!files.has(name)) return [`${file} imports ${name}, which is not there`];
    return mayImport(file, name, rules) ? [] : [`${file} imports ${name}: a wrong arrow`];
  }
  const packageName = name
    .split('/')
    .slice(0, name.startsWith('@') ? 2 : 1)
    .join('/');
  const doors = rules.doors[packageName];
  if (doors === undefined) return [`${file} imports ${packageName}, which has no door`];
  return doors.some((door) => within(file, door)) ? [] : [`${file} is a second door to ${packageName}`];
}

function isOfTheHouse(name: string): boolean {
  return name.startsWith('pipelines/') || name.startsWith('src/');
}

function mayImport(file: string, imported: string, rules: HouseRules): boolean {
  const [room, importedRoom] = [findRoom(file, rules), findRoom(imported, rules)];
  if (room === undefined || importedRoom === undefined) return false;
  return room === importedRoom || (rules.arrows[room] ?? []).some((allowed) => within(imported, allowed));
}

function findRoom(file: string, rules: HouseRules): string | undefined {
  const rooms = Object.keys(rules.arrows).filter((room) => within(file, room));
  return rooms.sort((a, b) => b.length - a.length)[0];
}

function within(file: string, place: string): boolean {
  return file === place || file.startsWith(place.endsWith('/') ? place : `${place}/`);
}

/** Each ring of imports once, from its first file in order of names. Types count: they are knowledge too. */
function cycles(files: ReadonlyMap<string, Source>): string[] {
  const finished = new Set<string>();
  const found: string[] = [];
  const visit = (file: string, trail: readonly string[]): void => {
    const at = trail.indexOf(file);
    if (at >= 0) found.push(`a ring of imports: ${[...trail.slice(at), file].join(' → ')}`);
    if (at >= 0 || finished.has(file)) return;
    for (const next of files.get(file)?.imports ?? []) visit(next, [...trail, file]);
    finished.add(file);
  };
  for (const file of [...files.keys()].sort()) visit(file, []);
  return found;
}

function tooLong(file: string, text: string, most: number): string[] {
  const lines = text.split('\n').length - 1;
  return lines > most ? [`${file} has ${lines} lines; the most is ${most}`] : [];
}

function drawers(files: readonly string[], names: readonly string[]): string[] {
  const folders = new Set(files.flatMap((file) => file.split('/').slice(0, -1)));
  return names.filter((name) => folders.has(name)).map((name) => `a folder is named ${name}`);
}

function bare(path: string): string {
  return path.replace(/(\.d)?\.(ts|js)$/, '');
}
