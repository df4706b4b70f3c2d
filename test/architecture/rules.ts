/** Who may import what: the house as `design.md` draws it, in a form that a test can hold the code to. */
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
    'src/errors': [],
    'src/living-process': [],
    'src/version': [],
    'src/sqlite': ['src/errors'],
    'src/config': ['src/errors', 'pipelines/mapping/nearest-name', 'pipelines/guards'],
    'src/files': [
      'src/errors',
      'src/living-process',
      'pipelines/ports',
      'pipelines/row',
      // What a written table is made of, and which texts of it must not come alive.
      'pipelines/export',
      'pipelines/formula-text',
      'pipelines/mapping/export-column',
    ],
    'src/validation': ['pipelines'],
    'src/api': ['src/errors', 'pipelines'],
    // The ledger keeps the tokens, behind the port that the API client owns.
    'src/ledger': ['src/errors', 'src/living-process', 'src/sqlite', 'src/api/token-store', 'pipelines'],
    'src/results': ['src/errors', 'src/files', 'pipelines'],
    'src/inbox': ['src/errors', 'src/files', 'src/sqlite', 'pipelines/milestones'],
    // A server that stands in for the vendor's must not share the client's understanding of it.
    'src/sandbox': ['src/errors', 'src/sqlite', 'pipelines/customer'],
    'src/library': [
      'src/errors',
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
    'src/index': ['src/errors', 'src/config', 'src/library', 'src/sandbox/start-sandbox', 'pipelines'],
    // The command line uses the library as a customer would; of the pipelines it knows words, and the nearest one.
    'src/cli': [
      'src/errors',
      'src/version',
      'src/config',
      'src/library',
      'src/index',
      'pipelines/customer',
      'pipelines/damage/finding',
      'pipelines/outcome',
      'pipelines/ports',
      'pipelines/row',
      'pipelines/run-control',
      'pipelines/mapping/customer-fields',
      'pipelines/mapping/mapping',
      'pipelines/mapping/nearest-name',
      'pipelines/mapping/suggest/suggestion',
      'pipelines/profile/column-profile',
      'src/cli/commands/sandbox',
    ],
    // The one command whose whole work is to start a room of the house.
    'src/cli/commands/sandbox': ['src/cli', 'src/config', 'src/errors', 'src/sandbox'],
  },
  doors: {
    'p-limit': ['pipelines/stages/map-concurrently'],
    'fastest-levenshtein': ['pipelines/mapping/nearest-name'],
    jsonata: ['pipelines/mapping/expressions/'],
    'libphonenumber-js': ['pipelines/mapping/transforms/'],
    'csv-parse': ['src/files/csv/reader/'],
    'csv-stringify': ['src/files/csv/writer'],
    exceljs: ['src/files/xlsx/cell-lists', 'src/files/xlsx/writer', 'src/files/xlsx/template-writer'],
    yauzl: ['src/files/xlsx/reader/'],
    saxes: ['src/files/xlsx/reader/'],
    'iconv-lite': ['src/files/text/'],
    bottleneck: ['src/api/pace', 'src/api/pace-server', 'src/api/bottleneck-light'],
    ioredis: ['src/api/pace-server'],
    undici: ['src/api/http'],
    ajv: ['src/validation/'],
    libsql: ['src/sqlite/'],
    fastify: ['src/sandbox/'],
    yargs: ['src/cli/'],
    'd3-scale': ['src/results/report/charts'],
    'd3-shape': ['src/results/report/charts'],
    'cli-progress': ['src/cli/'],
    'cli-table3': ['src/cli/'],
    picomatch: ['src/library/sweep/sweep-jobs'],
  },
  drawers: ['utils', 'util', 'helpers', 'helper', 'common', 'shared', 'misc'],
  mostLines: 300,
};
