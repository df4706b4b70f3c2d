import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

/** A code that users can meet, with what the sources say beside it. */
export interface FoundCode {
  readonly code: string;
  /** Class of the error; absent for a reason of a row or a remark. */
  readonly error?: string;
  /** With `…` for what differs each time. */
  readonly message?: string;
  readonly nextStep?: string;
}

const wordings = ['message', 'fact', 'says', 'found'] as const;

/** Every literal `code: 'SOME_CODE'` of the sources, the first place that says most about it. */
export function collectCodes(): readonly FoundCode[] {
  const found = new Map<string, FoundCode>();
  for (const file of sourceFiles()) {
    const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true);
    for (const one of codesIn(source)) {
      const known = found.get(one.code);
      if (known === undefined || rateDetail(one) > rateDetail(known)) found.set(one.code, one);
    }
  }
  return [...found.values()].sort((one, other) => (one.code < other.code ? -1 : 1));
}

/** The sandbox speaks for the vendor's server, whose codes are not ours. */
function sourceFiles(): readonly string[] {
  return ['src', 'pipelines'].flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts') && !name.startsWith('sandbox/'))
      .map((name) => join(folder, name))
      .sort(),
  );
}

function rateDetail({ error, message, nextStep }: FoundCode): number {
  return (error === undefined ? 0 : 4) + (message === undefined ? 0 : 2) + (nextStep === undefined ? 0 : 1);
}

function codesIn(source: ts.SourceFile): readonly FoundCode[] {
  const found: FoundCode[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isObjectLiteralExpression(node)) found.push(...findCodesInObject(node));
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

function findCodesInObject(object: ts.ObjectLiteralExpression): readonly FoundCode[] {
  const code = findProperty(object, 'code');
  const codes =
    code === undefined ? [] : findLiterals(code).filter((text) => /^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$/.test(text));
  const call = object.parent;
  const isNew = ts.isNewExpression(call);
  const own = wordings.map((name) => readWords(findProperty(object, name))).find((words) => words !== undefined);
  const message = own ?? (isNew ? readWords(call.arguments?.[0]) : undefined);
  const nextStep = readWords(findProperty(object, 'nextStep'));
  return codes.map((text) => ({
    code: text,
    ...(isNew ? { error: call.expression.getText() } : {}),
    ...(message === undefined ? {} : { message }),
    ...(nextStep === undefined ? {} : { nextStep }),
  }));
}

function findProperty(object: ts.ObjectLiteralExpression, name: string): ts.Expression | undefined {
  for (const property of object.properties)
    if (ts.isPropertyAssignment(property) && property.name.getText() === name) return property.initializer;
  return undefined;
}

/** Both sides of a choice, too. */
function findLiterals(node: ts.Expression): readonly string[] {
  if (ts.isStringLiteral(node)) return [node.text];
  if (ts.isConditionalExpression(node)) return [...findLiterals(node.whenTrue), ...findLiterals(node.whenFalse)];
  if (ts.isBinaryExpression(node)) return findLiterals(node.right);
  return [];
}

function readWords(node: ts.Expression | undefined): string | undefined {
  if (node === undefined) return undefined;
  if (ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node)) return node.text;
  if (!ts.isTemplateExpression(node)) return undefined;
  const text = [node.head.text, ...node.templateSpans.map(({ literal }) => `…${literal.text}`)].join('');
  return text
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/…(?=…)/g, '')
    .trim();
}
