import { UsageError } from '#src/errors.js';

/**
 * Permission bits from three octal digits.
 *
 * @throws UsageError `SETTING_UNUSABLE`, also for files that the user could not write again, or that could be executed
 */
export function parseFileMode({ value, origin }: { readonly value: string; readonly origin: string }): number {
  const mode = /^0?[0-7]{3}$/.test(value.trim()) ? Number.parseInt(value, 8) : 0;
  if ((mode & 0o600) === 0o600 && (mode & 0o111) === 0) return mode;
  throw new UsageError(
    `The file mode "${value}" (${origin}) cannot be used; expected three octal digits such as 640, with 6 for the user and none for executing.`,
    {
      code: 'SETTING_UNUSABLE',
      nextStep: 'Correct it there, or override it with the option of the same name.',
    },
  );
}
