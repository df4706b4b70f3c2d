/** Who may import what, in a form that a test can hold the code to; `docs/architecture.md` explains it. */
export interface HouseRules {
  /** What each room may import besides itself: rooms, or single files of rooms. The longest name that fits a file is its room. */
  readonly arrows: Readonly<Record<string, readonly string[]>>;
  /** The only places that may import a package. A name that ends in `/` is a folder, else one file. */
  readonly doors: Readonly<Record<string, readonly string[]>>;
  /** Folder names that become drawers for everything. */
  readonly drawers: readonly string[];
  readonly mostLines: number;
}

export const houseRules: HouseRules = {
  arrows: {
    pipelines: [],
    'src/errors': ['pipelines/codes', 'pipelines/issue'],
    'src/is-process-alive': [],
    'src/version': [],
    'src/sqlite': ['src/errors'],
    'src/json-document': ['src/errors', 'pipelines/shape', 'pipelines/mapping/json-path', 'pipelines/issue'],
    'src/config': [
      'src/errors',
      'src/json-document',
      // The one table of formats that can be written.
      'src/files/begin-table',
      // What was meant by the name of a file that is not there.
      'src/files/similar-name',
      'pipelines/codes',
      'pipelines/format-count',
      'pipelines/guards',
      'pipelines/issue',
      'pipelines/mapping/nearest-name',
      'pipelines/reading-options',
      'pipelines/shape',
    ],
    'src/files': [
      'src/errors',
      'src/is-process-alive',
      'pipelines/ports',
      'pipelines/model',
      'pipelines/codes',
      'pipelines/format-count',
      'pipelines/issue',
      'pipelines/reading-options',
      // One normaliser of column names, and one list of those that are ours.
      'pipelines/mapping/normalise-name',
      'pipelines/mapping/nearest-name',
      'pipelines/own-columns',
      // What a written table is made of, and which texts of it must not come alive.
      'pipelines/export/export',
      'pipelines/formula-text',
      'pipelines/mapping/export-columns',
    ],
    'src/validation': ['pipelines'],
    'src/api': ['src/errors', 'pipelines'],
    // The ledger keeps the tokens, behind the port that the API client owns.
    'src/ledger': ['src/errors', 'src/is-process-alive', 'src/sqlite', 'src/api/token-store', 'pipelines'],
    'src/results': ['src/errors', 'src/files', 'pipelines'],
    'src/inbox': [
      'src/errors',
      'src/files',
      'src/sqlite',
      'pipelines/codes',
      'pipelines/issue',
      'pipelines/milestones',
    ],
    // A server that stands in for the vendor's must not share the client's understanding of it.
    'src/sandbox': ['src/errors', 'src/sqlite', 'pipelines/model'],
    'src/app': [
      'src/errors',
      'src/json-document',
      'src/version',
      'src/config',
      'src/files',
      'src/validation',
      'src/api',
      'src/ledger',
      'src/results',
      'src/inbox',
      'src/sandbox/start-sandbox',
      'pipelines',
    ],
    'src/index': ['src/errors', 'src/config', 'src/app', 'src/sandbox/start-sandbox', 'pipelines'],
    // The command line uses the library as a customer would; of the pipelines it knows words, and the nearest one.
    'src/cli': [
      'src/errors',
      'src/version',
      'src/config',
      'src/json-document',
      'src/app',
      'src/files/begin-table',
      'src/index',
      'pipelines/codes',
      'pipelines/format-count',
      'pipelines/issue',
      'pipelines/model',
      'pipelines/ports',
      'pipelines/reading-options',
      'pipelines/run-control',
      'pipelines/shape',
      'pipelines/visible-text',
      'pipelines/quality/damage-issue',
      'pipelines/quality/profile',
      'pipelines/mapping/fields',
      'pipelines/mapping/mapping',
      'pipelines/mapping/nearest-name',
      'pipelines/mapping/suggest/suggestion',
      'src/cli/commands/sandbox',
    ],
    // The one command whose whole work is to start a room of the house.
    'src/cli/commands/sandbox': ['src/cli', 'src/config', 'src/errors', 'src/sandbox'],
  },
  doors: {
    'p-limit': ['pipelines/concurrency'],
    'fastest-levenshtein': ['pipelines/mapping/nearest-name'],
    jsonata: ['pipelines/mapping/expressions'],
    'lossless-json': ['pipelines/exact-json'],
    'libphonenumber-js': ['pipelines/mapping/transforms/'],
    'csv-parse': ['src/files/csv/read-records', 'src/files/csv/read-pairs'],
    'csv-stringify': ['src/files/csv/write-csv'],
    exceljs: ['src/files/xlsx/write/'],
    yauzl: ['src/files/xlsx/read/'],
    '@e965/xlsx': ['src/files/xlsx/read/convert-workbook'],
    saxes: ['src/files/xlsx/read/'],
    numfmt: ['src/files/xlsx/read/number-formats'],
    'iconv-lite': ['src/files/text/'],
    chardet: ['src/files/text/detect-encoding'],
    bottleneck: ['src/api/rate-limit', 'src/api/redis-rate-limit', 'src/api/bottleneck-light'],
    ioredis: ['src/api/redis-rate-limit'],
    undici: ['src/api/http'],
    ajv: ['src/validation/'],
    libsql: ['src/sqlite/'],
    fastify: ['src/sandbox/'],
    yargs: ['src/cli/'],
    'd3-scale': ['src/results/report/charts'],
    'd3-shape': ['src/results/report/charts'],
    'cli-progress': ['src/cli/'],
    'cli-table3': ['src/cli/'],
    picomatch: ['src/app/sweep/sweep-jobs'],
    'jsonc-parser': ['src/json-document'],
  },
  drawers: ['utils', 'util', 'helpers', 'helper', 'common', 'shared', 'misc'],
  mostLines: 400,
};
