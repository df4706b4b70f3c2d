import type { Issue } from '#pipelines/issue.js';

/** What is wrong with a mapping, or worth knowing about one that can be used. */
export interface MappingIssue extends Issue {
  /** Where in the file: `fields.phoneNumber.transform[0]`; empty for the file as a whole. */
  readonly path: string;
}
