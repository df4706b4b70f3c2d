import { describe, expect, it } from 'vitest';
import { readColumnHeadings } from '#pipelines/mapping/suggest/column-headings.js';
import { readHeading } from '#pipelines/mapping/suggest/headings.js';

function targets(heading: string): readonly string[] {
  return readHeading(heading).map(({ target }) => target);
}

describe('a heading is read', () => {
  it.each([
    ['as old systems abbreviate it', 'Cust No', 'key'],
    ['as old systems abbreviate it', 'Cust #', 'key'],
    ['as old systems abbreviate it', 'CustNo', 'key'],
    ['as old systems abbreviate it', 'A/C', 'key'],
    ['as old systems abbreviate it', 'Acct No.', 'key'],
    ['as old systems abbreviate it', 'Cust Name', 'customerName'],
    ['as old systems abbreviate it', 'First', 'firstName'],
    ['as old systems abbreviate it', 'Last', 'lastName'],
    ['as old systems abbreviate it', 'Ph', 'phoneNumber'],
    ['as old systems abbreviate it', 'Cr Limit', 'creditLimit'],
    ['as old systems abbreviate it', 'Disc %', 'discountPercent'],
    ['as old systems abbreviate it', 'Price Lvl', 'priceBand'],
    ['with two names for one thing', 'City/Suburb', 'city'],
    ['with two names for one thing', 'Zip/Postal', 'postalCode'],
    ['with two names for one thing', 'State or Province', 'region'],
    ['with two names for one thing', 'Billing Zip/Postal Code', 'postalCode'],
    ['with a qualifier in brackets', 'Kreditlimit (Debitor)', 'creditLimit'],
    ['with a qualifier in brackets', 'Credit Limit (LCY)', 'creditLimit'],
    ['with the type before it', 'cVorname', 'firstName'],
    ['with the type before it', 'cPLZ', 'postalCode'],
    ['with the type before it', 'strCity', 'city'],
    ['without spaces', 'BILLINGSTREET', 'address'],
    ['without spaces', 'MAILINGPOSTALCODE', 'postalCode'],
    ['in Dutch', 'Voornaam', 'firstName'],
    ['in Dutch', 'Achternaam', 'lastName'],
    ['in Dutch', 'Woonplaats', 'city'],
    ['in Dutch', 'Klantnummer', 'key'],
    ['in Dutch', 'Telefoonnummer', 'phoneNumber'],
    ['in Italian', 'Ragione sociale', 'customerName'],
    ['in Italian', 'Cognome', 'lastName'],
    ['in Italian', 'Città', 'city'],
    ['in Italian', 'CAP', 'postalCode'],
    ['in Italian', 'Codice cliente', 'key'],
  ])('%s: %s', (_how, heading, target) => {
    expect(targets(heading)).toContain(target);
  });

  it.each([
    ['a qualifier that is a field itself', 'Remark (Phone)'],
    ['names for two things', 'Phone/Fax'],
    ['a number that is not the customer', 'Salesperson Card ID'],
    ['somebody else', 'Parent Company Name'],
  ])('as nothing with %s: %s', (_what, heading) => {
    expect(targets(heading)).toEqual([]);
  });
});

describe('a heading is read with its neighbours', () => {
  it('goes on with the group before it when it begins with a dash', () => {
    const columns = [
      'Addr 1 - Line 1',
      '   - City',
      'Addr 2 - Line 1',
      '   - City (2)',
      'Terms - Due',
      ' - % Discount',
    ];
    expect(readColumnHeadings(columns)).toEqual([
      'Addr 1 - Line 1',
      'Addr 1 - City',
      'Addr 2 - Line 1',
      'Addr 2 - City',
      'Terms - Due',
      'Terms - % Discount',
    ]);
  });

  it('is without the table that all of them name', () => {
    const columns = ['tblKunden.Nr', 'tblKunden.Vorname', 'tblKunden.Ort', 'tblKunden.PLZ'];
    expect(readColumnHeadings(columns)).toEqual(['Nr', 'Vorname', 'Ort', 'PLZ']);
    expect(readColumnHeadings(['address.city', 'name', 'phone', 'fax'])).toEqual([
      'address.city',
      'name',
      'phone',
      'fax',
    ]);
  });

  it("is the bank's account behind the bank's code, and the customer's elsewhere", () => {
    expect(readColumnHeadings(['BSB', 'Account Number', 'Account Name'])).toEqual([
      'BSB',
      'bank account Number',
      'bank account Name',
    ]);
    expect(readColumnHeadings(['Account Number', 'BSB'])).toEqual(['Account Number', 'BSB']);
  });

  it('is the second address where another is called the physical one', () => {
    const both = ['physical_city', 'postal_city', 'postal_address_1', 'postal_code'];
    expect(readColumnHeadings(both)).toEqual(['physical_city', 'secondary_city', 'secondary_address_1', 'postal_code']);
    expect(readColumnHeadings(['postal_address_1'])).toEqual(['postal_address_1']);
  });

  it('is about customers where they are called cards, and about payment elsewhere', () => {
    expect(readColumnHeadings(['CardCode', 'CardName'])).toEqual(['CardCode', 'customer Name']);
    expect(readColumnHeadings(['id', 'Card Name'])).toEqual(['id', 'Card Name']);
  });
});
