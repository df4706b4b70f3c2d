/** Every code of a remark on a mapping that can be used, and what it means. */
export const mappingRemarkCodes = {
  NAME_UNMAPPED: 'No name is mapped, and a new customer needs `customerName`, `firstName` or `lastName`.',
  NOTHING_IDENTIFIES: 'Without a key, a `customerCode` or a `match`, a second import adds every customer again.',
  COLUMN_UNUSED: 'The file has a column that the mapping does not mention.',
  VALUES_MISFIT: 'Values of the file cannot be taken as the mapping says.',
  NO_WAY_BACK: 'An export cannot bring this back as it was.',
  FIELD_NOT_FOUND: 'The customers that the API has do not show this field.',
  FIELD_FOUND: 'The customers that the API has show a field that the mapping does not know.',
  FIELD_TYPE_DIFFERS: 'The customers that the API has show another type in this field.',
  NO_CUSTOMERS: 'The API has no customer to compare with.',
} as const;

export type MappingRemarkCode = keyof typeof mappingRemarkCodes;

/** Something worth knowing about a mapping that can be used. */
export interface MappingRemark {
  readonly code: MappingRemarkCode;
  /** `note`: so it is; `warning`: probably not as meant. */
  readonly severity: 'warning' | 'note';
  /** Where in the mapping. */
  readonly path: string;
  readonly message: string;
}
