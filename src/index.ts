/**
 * Customers between files and the MYPOS Connect Customers API, as async functions: what the command line does, without
 * a terminal. Settings come from {@link resolveSettings}; failures are the classes of `errors`.
 *
 * @packageDocumentation
 */

export type { Issue } from '#pipelines/issue.js';
export type { Mode } from '#pipelines/mapping/mapping.js';
export type { Customer, Draft, JsonValue } from '#pipelines/model.js';
export { type RowCounts, type RowOutcome, type RowStatus, rowStatuses } from '#pipelines/model.js';
export type { CustomerPage, ListQuery, SourceDetection } from '#pipelines/ports.js';
export type { DamageGroup as FindingGroup } from '#pipelines/quality/damage-issue.js';
export type { ReadOptions } from '#pipelines/reading-options.js';
export type { FailureLimit } from '#pipelines/run-control.js';
export { type AuditCheck, type AuditEntry, type AuditFault, listAudit, verifyAudit } from './app/audit/audit.js';
export { type CheckOptions, checkFile, type OnInvalid } from './app/check/check-file.js';
export {
  type CompareCounts,
  type CompareFileOptions,
  type CompareSummary,
  compareFile,
  type Difference,
  type FieldDifference,
} from './app/compare/compare-file.js';
export {
  type ConformanceCheck,
  type ConformanceOptions,
  type ConformanceReport,
  checkConformance,
} from './app/conformance/check-conformance.js';
export {
  exportCrosswalk,
  forgetKeys,
  importCrosswalk,
  type KeptKeyReason,
  type KeysForgotten,
  type RebuildOptions,
  type Rebuilt,
  rebuildFromResults,
  rebuildFromStamp,
} from './app/crosswalk/crosswalk.js';
export { type DeleteOptions, deleteCustomers } from './app/delete/delete-customers.js';
export {
  type DoctorFinding,
  type DoctorReport,
  runDoctor as doctor,
  type ShownSetting,
} from './app/doctor/doctor.js';
export type {
  DuplicateGroup,
  DuplicatePair,
  DuplicateRecord,
  DuplicatesResult,
} from './app/duplicates/duplicate-finder.js';
export {
  type DuplicateCounts,
  type DuplicatesSummary,
  type FindDuplicatesOptions,
  findDuplicates,
} from './app/duplicates/find-duplicates.js';
export {
  type ChangedSince,
  type ExportCustomersOptions,
  type ExportFilters,
  type ExportOutput,
  type ExportSummary,
  exportCustomers,
  type TableFormat,
} from './app/export/export-customers.js';
export type { ExportJobSummary, ExportOutcome } from './app/export/export-job.js';
export { type ExportJobOptions, runExportJob } from './app/export/export-job.js';
export { type ImportFileOptions, importFile as importCustomers } from './app/import/import-file.js';
export { checkMapping, type MappingCheck, type MappingFinding } from './app/mapping/check-mapping.js';
export { type MadeTemplate, makeTemplate as makeMappingTemplate } from './app/mapping/make-template.js';
export { type MatchSet, setMatch } from './app/mapping/set-match.js';
export { type SuggestedMapping, suggestMappingFor as suggestMapping } from './app/mapping/suggest-mapping.js';
export { type MappingTestRun, testMapping } from './app/mapping/test-mapping.js';
export {
  erasePerson,
  type PersonErased,
  type PersonFile,
  type PersonInAccount,
  type PersonReport,
  showPerson,
} from './app/person/person.js';
export {
  type KeptGroup,
  type KeptLine,
  type PlanLine,
  type PlanOptions,
  type PlanSummary,
  planFile as planImport,
} from './app/plan/plan-file.js';
export { type FoundCustomers, getCustomers, type LoginDone, listCustomers, login } from './app/read-customers.js';
export { type MirrorRefreshed, refreshCustomers } from './app/refresh-mirror.js';
export { type ReconcileOptions, type ResumeOptions, reconcileRun, resumeRun } from './app/resume/resume-run.js';
export type {
  AbsentCustomer,
  AbsentSummary,
  ApiSummary,
  IssueGroup,
  ProgressNow,
  RunObserver,
  RunSummary,
} from './app/run-summary.js';
export { type Pruned, type PruneOptions, pruneRuns } from './app/runs/prune-runs.js';
export { listRuns, type RunReport, type ShowRunFiles, showRun } from './app/runs/show-runs.js';
export { backupState, restoreState, type StateBackup, type StateRestored } from './app/state/state-copies.js';
export type { Log, LogEntry, SweepEvent } from './app/sweep/event-log.js';
export type { FileOutcome, FileReport, SweepSummary } from './app/sweep/summary.js';
export { type SweepOptions, sweepFolder, type WatchOptions, watchFolder } from './app/sweep/sweep-folder.js';
export { type UndoPlan, type UndoRunOptions, undoRun } from './app/undo/undo-run.js';
export { type ExportJob, findJob, type ImportJob, type Job } from './config/jobs.js';
export { resolveSettings } from './config/resolve-settings.js';
export type { Setting, SettingOptions, Settings } from './config/settings.js';
export {
  BusyError,
  CustomersError,
  type ExitCode,
  exitCodes,
  GuardError,
  InputError,
  InterruptedError,
  LoginError,
  RunStoppedError,
  UsageError,
} from './errors.js';
export { type Sandbox, type SandboxOptions, startSandbox } from './sandbox/start-sandbox.js';
