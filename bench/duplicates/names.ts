import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parse } from 'csv-parse/sync';

/** A place with the post code that belongs to it. */
export interface Town {
  readonly city: string;
  readonly region: string;
  readonly postalCode: string;
}

const samples = resolve('fixtures/samples');

/** The samples have some 500 first names, last names and towns each, all of them real words. */
function readSample(name: string, recordDelimiter: string): readonly (readonly string[])[] {
  return parse(readFileSync(resolve(samples, name), 'utf8'), { record_delimiter: recordDelimiter }).slice(1);
}

const australian = readSample('au-500.csv', '\r');
const international = readSample('customers-1000.csv', '\n');

function distinct(texts: readonly (string | undefined)[]): readonly string[] {
  return [...new Set(texts.filter((text): text is string => text !== undefined && text !== ''))];
}

const commonFirstNames =
  'John Michael David Peter James Robert Paul William Mark Andrew Daniel Matthew Thomas Christopher Anthony Stephen Richard Joshua Benjamin Samuel Jack Ian Greg Kevin Brian Margaret Susan Sarah Jennifer Elizabeth Michelle Mary Patricia Karen Helen Rebecca Emma Jessica Lisa Julie Anne Catherine Maria Christine Nicole Amanda Emily Sophie Laura Hannah'.split(
    ' ',
  );

const commonLastNames =
  'Smith Jones Williams Brown Wilson Taylor Johnson White Martin Anderson Thompson Nguyen Thomas Walker Harris Lee Ryan Robinson Kelly King Davis Wright Evans Roberts Green Hall Wood Jackson Clarke Patel Khan Lewis James Phillips Mason Mitchell Rose Davies Cox Alexander Garcia Moore Clark Young Scott Hill Murphy Campbell Bell Murray'.split(
    ' ',
  );

/** The frequent ones first. */
export const firstNames = distinct([
  ...commonFirstNames,
  ...australian.map(([first]) => first),
  ...international.map(([, , first]) => first),
]);

/** The frequent ones first. */
export const lastNames = distinct([
  ...commonLastNames,
  ...australian.map(([, last]) => last),
  ...international.map(([, , , last]) => last),
]);

/** Names of firms, with and without a legal form. */
export const companyNames = distinct([
  ...australian.map(([, , company]) => company),
  ...international.map(([, , , , company]) => company),
]);

export const towns: readonly Town[] = australian.map(([, , , , city = '', region = '', postalCode = '']) => ({
  city,
  region,
  postalCode: postalCode.padStart(4, '0'),
}));

export const trades =
  'Plumbing Bakery Motors Cafe Electrical Landscaping Dental Pharmacy Florist Butchery Hardware Cleaning Roofing Tiling Printing Catering Brewing Joinery Optical Veterinary'.split(
    ' ',
  );

export const legalForms = ['Pty Ltd', 'Pty. Ltd.', 'Limited', 'Inc', '& Co'] as const;

export const streetNames =
  'High Church Station Victoria Albert George King Queen Park Railway Mill Bridge Elizabeth William Collins Bourke Pitt Market Harbour Beach Ocean Hillcrest Banksia Wattle Acacia Jacaranda Eucalyptus Grevillea Lakeside Meadow Orchard Cedar Maple Elm Oak Pine Birch Willow Kingsley Wellington Nelson Raglan Gladstone Churchill Macquarie Lachlan Murray Darling Flinders Cook Phillip Hunter Sturt Hume Burke Wills Leichhardt Kennedy Lincoln Clarence Sussex Kent Essex Surrey Norfolk Cumberland Derby Warwick Windsor Balmoral Sandringham Osborne Glenview Fernleigh Brookvale Ridgeway Valley Mountain Summit Prospect Panorama Highland Lowther Rosebery Carrington Hopetoun Lansdowne Belmore'.split(
    ' ',
  );

/** Whole words with the usual short form. */
export const streetTypes: readonly (readonly [whole: string, short: string])[] = [
  ['Street', 'St'],
  ['Street', 'St'],
  ['Street', 'St'],
  ['Road', 'Rd'],
  ['Road', 'Rd'],
  ['Avenue', 'Ave'],
  ['Drive', 'Dr'],
  ['Court', 'Ct'],
  ['Place', 'Pl'],
  ['Crescent', 'Cres'],
  ['Lane', 'Ln'],
  ['Parade', 'Pde'],
  ['Terrace', 'Tce'],
];

/** Providers of e-mail for everybody. */
export const mailProviders = ['gmail.com', 'hotmail.com', 'bigpond.com', 'outlook.com', 'yahoo.com.au', 'icloud.com'];

/** Short forms of first names, as people give them at a till. */
export const shortForms: Readonly<Record<string, readonly string[]>> = {
  John: ['Jack', 'Johnny'],
  Michael: ['Mike', 'Mick'],
  David: ['Dave'],
  Peter: ['Pete'],
  James: ['Jim', 'Jimmy'],
  Robert: ['Bob', 'Rob'],
  William: ['Bill', 'Will'],
  Andrew: ['Andy', 'Drew'],
  Daniel: ['Dan', 'Danny'],
  Matthew: ['Matt'],
  Thomas: ['Tom'],
  Christopher: ['Chris'],
  Anthony: ['Tony'],
  Stephen: ['Steve'],
  Richard: ['Rick', 'Dick'],
  Joshua: ['Josh'],
  Benjamin: ['Ben'],
  Samuel: ['Sam'],
  Margaret: ['Maggie', 'Peggy'],
  Susan: ['Sue', 'Suzie'],
  Jennifer: ['Jenny', 'Jen'],
  Elizabeth: ['Liz', 'Beth', 'Betty'],
  Michelle: ['Shelly'],
  Patricia: ['Pat', 'Trish'],
  Rebecca: ['Bec', 'Becky'],
  Jessica: ['Jess'],
  Catherine: ['Cathy', 'Kate'],
  Christine: ['Chris', 'Tina'],
  Nicole: ['Nicky'],
  Amanda: ['Mandy'],
};
