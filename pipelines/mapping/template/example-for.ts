import { dateText } from '#pipelines/mapping/cell-types/date-text.js';
import type { TypedCell } from '#pipelines/row.js';
import type { TemplateContent } from './template-column.js';

const exampleDate = '2026-03-31';

/** What a cell for a field may look like; nobody's data. */
const examples: Readonly<Record<string, string>> = {
  customerName: 'Koala Books Pty Ltd',
  firstName: 'Maeve',
  lastName: "O'Brien",
  address: '14 Quayside Lane',
  city: 'Balmain',
  region: 'NSW',
  postalCode: '0810',
  country: 'Australia',
  phoneNumber: '02 5550 1201',
  faxNumber: '02 5550 1299',
  emailAddress: 'maeve@koala.example',
  webSite: 'https://koala.example',
  notes: 'Likes tea',
};

/** An example for the sheet that explains the columns. */
export function exampleFor(
  field: string | undefined,
  holds: TemplateContent,
  choices: readonly string[] | undefined,
): string | TypedCell {
  const [choice] = choices ?? [];
  if (choice !== undefined) return choice;
  if (holds.kind === 'number') return { kind: 'number', text: '5', value: 5 };
  if (holds.kind === 'date') return dateText(holds.format).write(exampleDate);
  return (field === undefined ? undefined : examples[field]) ?? 'A-0042';
}
