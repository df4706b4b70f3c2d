import Excel from 'exceljs';
import { expect, it } from 'vitest';
import { compareFile } from '#src/app/compare/compare-file.js';
import { resolveTenant } from '#src/app/connect.js';
import { findDuplicates } from '#src/app/duplicates/find-duplicates.js';
import { openLedger } from '#src/ledger/open-ledger.js';
import { useTestTenant } from '#test/app/use-test-tenant.js';
import { openClient } from '#test/sandbox/sandbox-client.js';

const place = useTestTenant();

it.each([undefined, 'shop-a'])(
  'a customer that is known by the number without its format is found in a workbook that shows C-0042 (source: %s)',
  async (source) => {
    const api = await place.openApi();
    const till = await openClient(api);
    await till.add({ customerName: 'Ann Lee', emailAddress: 'ann@x.example' });
    place.mapping({
      ...{ version: 1, mode: 'upsert', key: { column: 'No', ...(source && { source }) } },
      fields: { customerName: 'Name', emailAddress: 'Email' },
    });
    const key = source === undefined ? '42' : `${source}\u001f42`;
    const ledger = openLedger(place.settings().stateDir.value, resolveTenant(place.settings()));
    ledger.crosswalk.link([{ key, customerCode: '0000001' }], false);
    ledger.close();
    const book = new Excel.Workbook();
    const sheet = book.addWorksheet('Customers');
    sheet.addRow(['No', 'Name', 'Email']);
    sheet.addRow([42, 'Ann Lee', 'ann@x.example']).getCell(1).numFmt = '"C-"0000';
    const file = place.path('customers.xlsx');
    await book.xlsx.writeFile(file);
    expect((await compareFile(place.settings(), { file })).counts).toMatchObject({ same: 1, onlyInFile: 0 });
    const found = await findDuplicates(place.settings(), { file, account: true });
    expect([found.account?.knownRows, found.counts.matches]).toEqual([1, 0]);
  },
);
