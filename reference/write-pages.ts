import { writeFileSync } from 'node:fs';
import { renderCommandsPage } from './render-commands-page.js';

writeFileSync('docs/commands.md', renderCommandsPage());
