'use strict';

// `import()` stands in a file of its own: the oldest versions of Node cannot even read the word.
import('../dist/src/cli/main.js');
