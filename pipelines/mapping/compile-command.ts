import { blankCommand, type Command, commands, isCommand } from '#pipelines/command.js';
import type { Cell } from '#pipelines/row.js';
import { textOf } from '#pipelines/row.js';
import { offerNames } from './nearest-name.js';
import type { Failure } from './row-reason.js';
import { trimText } from './trim-text.js';

/** Makes the function that reads what a row asks for. */
export function compileCommand(position: number): (cells: readonly Cell[]) => Command | Failure {
  return (cells) => {
    const text = trimText(textOf(cells[position])).toUpperCase();
    if (text === '') return blankCommand;
    return isCommand(text) ? text : { code: 'COMMAND_UNKNOWN', says: `is no command; ${offerNames(text, commands)}` };
  };
}
