import type { Reason, Row } from '#pipelines/row.js';
import type { ColumnVerdict } from './column-watch.js';
import { createDamageDetector, type DamageDetector, type DamageQuestion } from './create-damage-detector.js';
import type { Finding, FindingGroup } from './finding.js';
import { FindingRegister } from './finding-register.js';

/** Looks at an input while it is read through. */
export interface DamageWatch {
  see(row: Row): void;
  /** What was found; to be asked after the last row. */
  report(): DamageReport;
}

export interface DamageReport {
  readonly findings: readonly FindingGroup[];
  /** What columns as a whole told, for {@link damageJudge}; the findings tell of it, too. */
  readonly verdicts: readonly ColumnVerdict[];
  readonly judge: JudgeCells;
}

/** What is wrong with cells of one row, told by the row itself or by its columns as a whole. */
export type JudgeCells = (row: Row) => readonly Reason[];

/** Rows of a sheet of old and of new Excel, beyond which it drops the rest. */
const sheetRows: ReadonlySet<number> = new Set([65_536, 1_048_576]);

export function watchDamage(question: DamageQuestion): DamageWatch {
  const detector = createDamageDetector(question);
  const register = new FindingRegister();
  let rows = 0;
  let lastNumber = 0;
  return {
    see(row) {
      rows += 1;
      lastNumber = row.number;
      register.add(row.number, detector.inspect(row));
      detector.watch(row);
    },
    report() {
      const verdicts = detector.verdicts();
      const ofColumns = verdicts.map(({ usualLength: _, ...group }) => group);
      return {
        ...{ verdicts, judge: judgeWith(detector, verdicts) },
        findings: [...register.groups(), ...ofColumns, ...truncation(rows, lastNumber)],
      };
    },
  };
}

/** The judge of an input that was looked at before. */
export function damageJudge(question: DamageQuestion, verdicts: readonly ColumnVerdict[]): JudgeCells {
  return judgeWith(createDamageDetector(question), verdicts);
}

function judgeWith(detector: DamageDetector, verdicts: readonly ColumnVerdict[]): JudgeCells {
  return (row) => [...detector.inspect(row), ...detector.concerned(row, verdicts)].map(asReason);
}

function asReason({ suggestion, message, columns = [], value, code }: Finding): Reason {
  const subject = `${columns.join(' + ')}${value === undefined ? '' : ` "${value}"`}`;
  const given = value === undefined ? {} : { value };
  return { code, message: `${subject}: ${message} ${suggestion}`, columns, ...given };
}

function truncation(rows: number, lastNumber: number): FindingGroup[] {
  const withHeader = rows + 1;
  const suspicious = [withHeader, lastNumber].find((count) => sheetRows.has(count));
  if (suspicious === undefined) return [];
  return [
    {
      code: 'LOOKS_TRUNCATED',
      columns: [],
      count: 1,
      rows: [lastNumber],
      message: `The input has exactly ${suspicious.toLocaleString('en')} rows, as many as a sheet of a spreadsheet program holds: rows beyond were probably dropped.`,
      suggestion: 'Export the data in several files, or as CSV from the system itself.',
    },
  ];
}
