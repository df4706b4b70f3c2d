import { writeFileSync } from 'node:fs';
import { renderArchitecturePage } from './architecture-drawing.js';
import { renderCommandsPage } from './commands-page.js';
import { renderErrorCodesPage } from './error-codes-page.js';

writeFileSync('docs/commands.md', renderCommandsPage());
writeFileSync('docs/error-codes.md', renderErrorCodesPage());
writeFileSync('docs/architecture.md', renderArchitecturePage());
