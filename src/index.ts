/**
 * Customers between files and the MYPOS Connect Customers API, as async functions: what the command line does, without
 * a terminal. Settings come from {@link resolveSettings}; failures are the classes of `errors`.
 *
 * @packageDocumentation
 */
export type { Customer, Draft, JsonValue } from '#pipelines/customer.js';
export type { FindingGroup } from '#pipelines/damage/finding.js';
export type { Mode } from '#pipelines/mapping/mapping.js';
export { type RowCounts, type RowOutcome, type RowStatus, rowStatuses } from '#pipelines/outcome.js';
export type { CustomerPage, ListQuery, Notice, SourceDetection } from '#pipelines/ports.js';
export type { Reason } from '#pipelines/row.js';
export type { FailureLimit } from '#pipelines/run-control.js';
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
export { type CheckOptions, checkFile, type OnInvalid } from './library/check-file.js';
export { type ReconcileOptions, type ResumeOptions, reconcileRun, resumeRun } from './library/continue-run.js';
export { exportCrosswalk, importCrosswalk, rebuildFromResults } from './library/crosswalk.js';
export { type DeleteOptions, deleteCustomers } from './library/delete-customers.js';
export {
  type DoctorFinding,
  type DoctorReport,
  examine as doctor,
  type ShownSetting,
} from './library/doctor/examine.js';
export {
  type ChangedSince,
  type ExportCustomersOptions,
  type ExportFilters,
  type ExportFormat,
  type ExportOutput,
  type ExportSummary,
  exportCustomers,
} from './library/export-customers.js';
export type { ExportJobSummary, ExportOutcome } from './library/export-job/export-job-summary.js';
export { type ExportJobOptions, runExportJob } from './library/export-job/run-export-job.js';
export { forgetKeys, type KeptKeyReason, type KeysForgotten } from './library/forget-keys.js';
export { type ImportFileOptions, importFile as importCustomers } from './library/import-file.js';
export type { ReadOptions } from './library/input.js';
export { checkMapping, type MappingCheck, type MappingFinding } from './library/mapping/check-mapping.js';
export { type MadeTemplate, makeTemplate as makeMappingTemplate } from './library/mapping/make-template.js';
export { type SuggestedMapping, suggestMappingFor as suggestMapping } from './library/mapping/suggest-mapping.js';
export { type MappingTestRun, testMapping } from './library/mapping/test-mapping.js';
export { type MirrorRefreshed, refreshCustomers } from './library/mirror.js';
export type { ProgressNow, RunObserver } from './library/observer.js';
export { type PlanLine, type PlanOptions, type PlanSummary, planFile as planImport } from './library/plan-file.js';
export { type FoundCustomers, getCustomers, type LoginDone, listCustomers, login } from './library/read-customers.js';
export { type RebuildOptions, type Rebuilt, rebuildFromStamp } from './library/rebuild-crosswalk.js';
export type { ApiSummary, ProblemGroup, RunSummary } from './library/run-summary.js';
export { listRuns, type RunReport, type ShowRunFiles, showRun } from './library/show-runs.js';
export { type SweepOptions, sweepFolder, type WatchOptions, watchFolder } from './library/sweep/sweep-folder.js';
export type { Log, LogEntry, SweepEvent } from './library/sweep/sweep-log.js';
export type { FileOutcome, FileReport, SweepSummary } from './library/sweep/sweep-summary.js';
export { type UndoPlan, type UndoRunOptions, undoRun } from './library/undo-run.js';
export { type Sandbox, type SandboxOptions, startSandbox } from './sandbox/start-sandbox.js';
