import { readFileSync } from 'node:fs';
import ts from 'typescript';
import { expect, it } from 'vitest';
import * as library from '#src/index.js';

/** Every name that `import { … } from 'mypos-customers'` can have. */
function publicNames(): string[] {
  const source = ts.createSourceFile('index.ts', readFileSync('src/index.ts', 'utf8'), ts.ScriptTarget.Latest);
  return source.statements.flatMap((statement) => {
    if (!ts.isExportDeclaration(statement) || statement.exportClause === undefined) return [];
    if (!ts.isNamedExports(statement.exportClause)) return [];
    return statement.exportClause.elements.map(
      (element) => `${statement.isTypeOnly || element.isTypeOnly ? 'type ' : ''}${element.name.text}`,
    );
  });
}

it('keeps the public names of the library', () => {
  expect(publicNames().sort()).toMatchSnapshot();
});

it('has at run time just what it declares', () => {
  expect(Object.keys(library).sort()).toEqual(
    publicNames()
      .filter((name) => !name.startsWith('type '))
      .sort(),
  );
});
