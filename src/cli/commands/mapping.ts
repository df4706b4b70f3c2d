import { defineGroup } from '#src/cli/command.js';
import { mappingCheckCommand } from './mapping/check.js';
import { suggestCommand } from './mapping/suggest.js';
import { templateCommand } from './mapping/template.js';
import { mappingTestCommand } from './mapping/test.js';

export const mappingCommand = defineGroup('mapping', 'Make, lint and test a mapping', [
  suggestCommand,
  mappingCheckCommand,
  templateCommand,
  mappingTestCommand,
]);
