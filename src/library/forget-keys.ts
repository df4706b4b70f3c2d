import type { Settings } from '#src/config/settings.js';
import type { Connection } from './connect.js';
import { controlFor, runOnTenant } from './run-on-tenant.js';
import { type ApiSummary, apiSummary } from './run-summary.js';

/** Why a key goes on standing for its customer. */
export type KeptKeyReason = 'still there' | 'no answer' | 'unknown key';

export interface KeysForgotten {
  readonly forgotten: readonly { readonly key: string; readonly customerCode: string }[];
  readonly kept: readonly {
    readonly key: string;
    readonly customerCode: string | null;
    readonly why: KeptKeyReason;
  }[];
  readonly api: ApiSummary;
}

/**
 * Lets keys stand for nobody any more whose customers have been deleted at the API, so that an import adds these anew.
 * A key whose customer is still there is kept: forgotten, it would bring that customer a twin.
 *
 * @throws UsageError, LoginError, RunStoppedError, BusyError
 */
export function forgetKeys(
  settings: Settings,
  keys: readonly string[],
  options: { readonly signal?: AbortSignal } = {},
): Promise<KeysForgotten> {
  const control = controlFor(undefined, options.signal);
  return runOnTenant(settings, control, 'crosswalk forget', async (connection) => {
    const forgotten: KeysForgotten['forgotten'][number][] = [];
    const kept: KeysForgotten['kept'][number][] = [];
    for (const key of new Set(keys.map((one) => one.trim().normalize('NFC')))) {
      const customerCode = connection.ledger.crosswalk.codeOf(key);
      if (customerCode === undefined) {
        kept.push({ key, customerCode: null, why: 'unknown key' });
        continue;
      }
      const why = await whyKept(connection, customerCode);
      if (why !== undefined) {
        kept.push({ key, customerCode, why });
        continue;
      }
      connection.ledger.crosswalk.forget(key);
      connection.ledger.mirror.forget(customerCode);
      forgotten.push({ key, customerCode });
    }
    return { forgotten, kept, api: apiSummary(connection.client) };
  });
}

async function whyKept({ client }: Connection, customerCode: string): Promise<KeptKeyReason | undefined> {
  const { kind } = await client.get(customerCode);
  if (kind === 'absent') return undefined;
  return kind === 'found' ? 'still there' : 'no answer';
}
