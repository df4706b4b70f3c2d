import { writeFileSync } from 'node:fs';
import { renderCommandsPage } from './render-commands-page.js';
import { renderErrorCodesPage } from './render-error-codes-page.js';

writeFileSync('docs/commands.md', renderCommandsPage());
writeFileSync('docs/error-codes.md', renderErrorCodesPage());
