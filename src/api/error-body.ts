import { ExactNumber } from '#pipelines/exact-json.js';
import type { Refusal } from '#pipelines/model.js';
import type { HttpResponse } from './http.js';

/** How much of an error body is kept, in characters (an Excel cell ends at 32,767). */
const maxResponseLength = 32_000;

/**
 * Reads what the API says in an error body. The vendor documents `failureDescription` for the login and only "details
 * in the body" elsewhere, so every common spelling is looked for and the body itself is always kept. [assumed]
 */
export function readRefusal(answer: HttpResponse): Refusal & { readonly httpStatus: number } {
  const { status: httpStatus, body } = answer;
  const details = readJsonObject(answer);
  return {
    httpStatus,
    errorCode: findText(details, ['errorCode', 'code']) ?? `HTTP_${httpStatus}`,
    message:
      describe(details) ??
      `The API answered with HTTP ${httpStatus}${body.trim() === '' ? ' and gave no reason' : ''}.`,
    ...(body === '' ? {} : { response: body.slice(0, maxResponseLength) }),
  };
}

/** Fields that an error body names, so that the report can point at their columns. */
export function readErrorFields(answer: HttpResponse): readonly string[] {
  const details = readJsonObject(answer);
  const errors = details?.errors;
  if (Array.isArray(errors)) {
    return errors.flatMap((entry: unknown) => {
      const field = isJsonObject(entry) ? findText(entry, ['field', 'property', 'name']) : undefined;
      return field === undefined ? [] : [field];
    });
  }
  // The shape of ASP.NET's model state: `{ errors: { field: [message] } }`.
  return isJsonObject(errors) ? Object.keys(errors) : [];
}

function describe(details: Record<string, unknown> | undefined): string | undefined {
  if (details === undefined) return undefined;
  const main = findText(details, [
    'failureDescription',
    'message',
    'Message',
    'error_description',
    'error',
    'title',
    'detail',
  ]);
  const single = listErrors(details.errors);
  const parts = [main, single].filter((part) => part !== undefined && part !== '');
  return parts.length === 0 ? undefined : parts.join(' ');
}

function listErrors(errors: unknown): string | undefined {
  if (Array.isArray(errors)) {
    return errors
      .map((entry: unknown) => {
        if (typeof entry === 'string') return entry;
        if (!isJsonObject(entry)) return '';
        const field = findText(entry, ['field', 'property', 'name']);
        const message = findText(entry, ['message', 'description', 'error']) ?? '';
        return field === undefined ? message : `${field}: ${message}`;
      })
      .filter((text) => text !== '')
      .join('; ');
  }
  if (!isJsonObject(errors)) return undefined;
  return Object.entries(errors)
    .map(([field, messages]) => `${field}: ${[messages].flat().map(showMessage).join(', ')}`)
    .join('; ');
}

function showMessage(message: unknown): string {
  return typeof message === 'string' ? message : JSON.stringify(message);
}

/** `undefined` when the body is no JSON object. */
export function readJsonObject({ json }: HttpResponse): Record<string, unknown> | undefined {
  return isJsonObject(json) ? json : undefined;
}

/** An object, and not a list or a number. */
export function isJsonObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof ExactNumber);
}

function findText(details: Record<string, unknown> | undefined, names: readonly string[]): string | undefined {
  for (const name of names) {
    const value = details?.[name];
    if (typeof value === 'string' && value !== '') return value;
  }
  return undefined;
}
