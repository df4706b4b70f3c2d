import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { type Code, codeChapters, codes, describeCode } from '#pipelines/codes.js';
import {
  BusyError,
  type CustomersError,
  GuardError,
  InputError,
  LoginError,
  RunStoppedError,
  UsageError,
} from '#src/errors.js';

const errorClasses = { BusyError, GuardError, InputError, LoginError, RunStoppedError, UsageError } as const;

const sources = ['src', 'pipelines'].flatMap((folder) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.startsWith(join('codes', '')))
    .map((name) => ts.createSourceFile(name, readFileSync(join(folder, name), 'utf8'), ts.ScriptTarget.Latest, true)),
);

interface Thrown {
  readonly code: string;
  readonly errorClass: string;
}

/** Every `new SomeError(message, { code: 'CODE' })` of the sources. */
function findThrown(node: ts.Node): readonly Thrown[] {
  const here = ts.isNewExpression(node) ? readThrown(node) : [];
  const below: Thrown[] = [];
  ts.forEachChild(node, (child) => {
    below.push(...findThrown(child));
  });
  return [...here, ...below];
}

function readThrown({ expression, arguments: args }: ts.NewExpression): readonly Thrown[] {
  const details = args?.[1];
  if (details === undefined || !ts.isObjectLiteralExpression(details)) return [];
  return details.properties.flatMap((property) =>
    ts.isPropertyAssignment(property) &&
    property.name.getText() === 'code' &&
    ts.isStringLiteral(property.initializer) &&
    Object.hasOwn(errorClasses, expression.getText())
      ? [{ code: property.initializer.text, errorClass: expression.getText() }]
      : [],
  );
}

function findExitCode(errorClass: string): number {
  const ErrorClass = errorClasses[errorClass as keyof typeof errorClasses];
  const error: CustomersError = new ErrorClass('', { code: 'USAGE' });
  return error.exitCode;
}

describe('the table of codes', () => {
  it('has each code in one chapter', () => {
    const names = Object.values(codeChapters).flatMap((chapter) => Object.keys(chapter));
    expect(names.length).toBe(Object.keys(codes).length);
  });

  it.each(Object.keys(codes) as Code[])('has a whole sentence and a next step for %s', (code) => {
    const { meaning, nextStep } = describeCode(code);
    expect(meaning).toMatch(/^\p{Lu}.*[.;)]$/u);
    expect(nextStep).not.toBe('');
  });

  it('has no former name that is still a code', () => {
    const former = (Object.keys(codes) as Code[]).flatMap((code) => describeCode(code).formerly ?? []);
    expect(former.filter((name) => Object.hasOwn(codes, name))).toEqual([]);
  });

  it('has no code that nothing gives', () => {
    const text = sources.map((source) => source.text).join('\n');
    expect(Object.keys(codes).filter((code) => !new RegExp(`\\b${code}\\b`).test(text))).toEqual([]);
  });

  it('has every code that a row can get from this program', () => {
    const text = sources.filter(({ fileName }) => !fileName.startsWith('sandbox')).map((source) => source.text);
    const given = text.flatMap((source) => [...source.matchAll(/\berrorCode: '(\w+)'/g)].map(([, code = '']) => code));
    expect(given.length).toBeGreaterThan(8);
    expect(given.filter((code) => !Object.hasOwn(codes, code))).toEqual([]);
  });

  it('has the exit code of every error that is thrown with it', () => {
    const thrown = sources.flatMap(findThrown);
    expect(thrown.length).toBeGreaterThan(80);
    const wrong = thrown.filter(
      ({ code, errorClass }) => ![describeCode(code as Code).exit].flat().includes(findExitCode(errorClass)),
    );
    expect(wrong).toEqual([]);
  });
});
