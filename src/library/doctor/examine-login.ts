import { type Right, rights } from '#src/api/probe-right.js';
import { tokensPerDay } from '#src/api/token-store.js';
import type { Settings } from '#src/config/settings.js';
import { CustomersError, exitCodes } from '#src/errors.js';
import { type Connection, connect } from '#src/library/connect.js';
import { type DoctorFinding, fail, ok, warn } from './finding.js';

/** The shared pace, login, the day's tokens, rights and runs left open. */
export async function examineLogin(settings: Settings, signal: AbortSignal): Promise<readonly DoctorFinding[]> {
  const found: DoctorFinding[] = [];
  let connection: Connection | undefined;
  try {
    connection = await connect(settings, signal);
    if (settings.pace.value !== undefined)
      found.push(ok('pace', `shared through ${new URL(settings.pace.value).host}`));
    found.push(runsFinding(connection));
    found.push(await loginFinding(connection));
    found.push(budgetFinding(connection));
    if (found.some(({ status }) => status === 'fail')) return found;
    for (const right of rights) found.push(await rightFinding(connection, right));
    return found;
  } catch (error) {
    if (!(error instanceof CustomersError)) throw error;
    const name = paceCodes.test(error.code) ? 'pace' : 'login';
    return [...found, fail(name, error.message, error.nextStep ?? '', error.exitCode)];
  } finally {
    await connection?.close();
  }
}

/** What the pace that is shared through Redis can have against a beginning. */
const paceCodes = /^(?:PACE_|IOREDIS_)/;

async function loginFinding({ client, tenant }: Connection): Promise<DoctorFinding> {
  await client.login();
  const how = client.tokensObtained > 0 ? 'logged in anew' : 'with the token that is kept';
  return ok('login', `${tenant.login}, ${how}`);
}

const fewTokensLeft = 50;

function budgetFinding({ ledger }: Connection): DoctorFinding {
  const used = ledger.tokens.usedToday(Date.now());
  const found = `${used} of ${tokensPerDay.hard} used in this UTC day`;
  const next = 'Make all jobs of this login use one --state-dir, so that they share a token for two hours.';
  if (used >= tokensPerDay.soft) return fail('tokens', found, `${next} Midnight UTC brings new ones.`, exitCodes.login);
  return used > tokensPerDay.hard - fewTokensLeft ? warn('tokens', found, next) : ok('tokens', found);
}

function runsFinding({ ledger }: Connection): DoctorFinding {
  const [latest, ...others] = ledger.runs.unfinished();
  if (latest === undefined) return ok('runs', 'none is left unfinished');
  const found = `${1 + others.length} left unfinished, the latest is ${latest.name}`;
  return warn('runs', found, `mypos-customers resume ${latest.name}`);
}

async function rightFinding({ client }: Connection, right: Right): Promise<DoctorFinding> {
  const name = `right to ${right}`;
  const answer = await client.probe(right);
  switch (answer.kind) {
    case 'granted':
      return ok(name, `yes (HTTP ${answer.httpStatus})`);
    case 'missing':
      return fail(
        name,
        'no (HTTP 403)',
        'Ask whoever manages your API users at MYPOS Connect to add this right on Customers, or do without the commands that need it.',
        exitCodes.login,
      );
    case 'obeyed':
      return warn(
        name,
        `the API took a question for an order (HTTP ${answer.httpStatus})`,
        'Please look for an empty customer made just now, and report this.',
      );
    case 'unclear':
      return warn(name, `not found out: ${answer.message}`, 'Run doctor again when the API is well.');
  }
}
