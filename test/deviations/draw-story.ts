import { seededRandom } from '#src/sandbox/inject-fault.js';
import type { Account, Call, Deviation, Fields, Reply } from './deviant-server.js';
import { documented, reply } from './deviant-server.js';
import { deviations } from './deviations.js';

/** How rows find their customers in a story. */
export const identities = [
  'add',
  'add stamped',
  'add without key',
  'upsert',
  'upsert stamped',
  'match',
  'code',
] as const;

export type Identity = (typeof identities)[number];

/** A deviation as a story uses it. */
export interface StoryDeviation {
  readonly name: string;
  /** Made anew for each story: some count. */
  readonly make: () => Deviation;
  /**
   * The list leaves out customers and proves its wholeness all the same, or for longer than the documented 15 minutes. A
   * ledger that does not know those customers either has nothing left to learn of them.
   */
  readonly hidesCustomers: boolean;
  /** Customers are stored otherwise than they were sent. */
  readonly changesStored: boolean;
}

export type Act =
  | { readonly kind: 'import'; readonly force: boolean }
  | { readonly kind: 'resume' }
  | { readonly kind: 'reconcile' };

/** What happens at one moment of an act. */
export interface Moment {
  /** Of the calls that reach the server, or of the moments after which disk or server differ. */
  readonly at: 'call' | 'answer' | 'milestone';
  readonly nth: number;
}

export interface Step {
  readonly act: Act;
  readonly kill?: Moment;
  /** The state folder is copied while the act goes on. */
  readonly copy?: Moment;
  /** Before the act: the copy takes the place of the state folder. */
  readonly restores: boolean;
  /** Before the act: people work in the shop. */
  readonly staffEdits: boolean;
}

export interface Story {
  readonly seed: number;
  readonly identity: Identity;
  readonly deviations: readonly [StoryDeviation, StoryDeviation];
  /** Before this call, everything is as documented. */
  readonly deviatesFromCall: number;
  readonly concurrency: number;
  readonly steps: readonly Step[];
  /** Before this step, the server becomes regular for good. */
  readonly healsBeforeStep: number;
  /** What becomes of the copy's write-ahead log. */
  readonly log: 'whole' | 'lost' | 'cut' | 'later';
}

const changing = /^an update changes|8 letters|capitals/;

const staleList = 'the list is a minute old';

const fromTable: readonly StoryDeviation[] = deviations
  // There, new customers alone are missing. When people go on working in the shop, a stale list lacks their edits, too.
  .filter(({ name }) => name !== staleList)
  .map(({ name, deviation }) => ({
    ...{ name, make: () => deviation },
    hidesCustomers: name === 'the list is empty',
    changesStored: changing.test(name),
  }));

/** The list stays as it was when it was first read. */
function frozen(): Deviation {
  let before: readonly Fields[] | undefined;
  return {
    rules: {
      select(customers, call) {
        before ??= customers;
        return documented.select(before, call);
      },
    },
  };
}

/** Answers of every `of`-th write: done or not, and then something else than the truth. */
function everyNth(of: number, change: (regular: () => Reply) => Reply): Deviation {
  let writes = 0;
  const deviant = (_: Call, __: Account, regular: () => Reply) => {
    writes += 1;
    return writes % of === 0 ? change(regular) : regular();
  };
  return { add: deviant, update: deviant };
}

const cut: Reply = { status: 0, body: '' };
const after = (answer: Reply) => (regular: () => Reply) => {
  regular();
  return answer;
};

/** Adds are answered with HTTP 504, and done later. */
function late(delayMs: number): Deviation {
  const due: { readonly atMs: number; readonly make: () => void }[] = [];
  const settle = () => {
    for (const one of due.splice(0))
      if (one.atMs <= Date.now()) one.make();
      else due.push(one);
  };
  const settled = (_: Call, __: Account, regular: () => Reply) => {
    settle();
    return regular();
  };
  return {
    ...{ list: settled, detail: settled, update: settled },
    add: ({ count }, _, regular) => {
      settle();
      if (count % 3 === 0) return regular();
      due.push({ atMs: Date.now() + delayMs, make: regular });
      return reply(504);
    },
  };
}

const stored = (change: (body: Fields) => Fields): Deviation => ({
  add: ({ body }, account) => reply(202, account.create(change(body))),
});

const faults: readonly (readonly [name: string, make: () => Deviation])[] = [
  ['answers are cut after the write', () => everyNth(3, after(cut))],
  ['connections are cut before the write', () => everyNth(3, () => cut)],
  ['writes are answered with 503 after they were done', () => everyNth(2, after(reply(503)))],
  ['writes are answered with 500 and not done', () => everyNth(3, () => reply(500))],
  ['adds are answered with 504 and done at once', () => late(0)],
  ['adds are answered with 504 and done 10 s later', () => late(10_000)],
  ['adds are answered with 504 and done 300 s later', () => late(300_000)],
  ['adds are answered with 504 and never done', () => late(Number.POSITIVE_INFINITY)],
  [
    'names are cut to 8 letters',
    () => stored((body) => ({ ...body, customerName: String(body.customerName).slice(0, 8) })),
  ],
  [
    'names are stored in capitals',
    () => stored((body) => ({ ...body, customerName: String(body.customerName).toUpperCase() })),
  ],
];

const storyDeviations: readonly StoryDeviation[] = [
  ...fromTable,
  { name: staleList, make: frozen, hidesCustomers: true, changesStored: false },
  ...faults.map(([name, make]) => ({ name, make, hidesCustomers: false, changesStored: changing.test(name) })),
];

/** Each has a number of its own for each seed, so that a new deviation changes only the stories in which it comes. */
function drawPair(seed: number): Story['deviations'] {
  const numbered = storyDeviations.map((deviation) => {
    const letters = [...deviation.name].reduce((sum, letter) => Math.imul(sum, 31) + letter.charCodeAt(0), seed);
    return { deviation, number: seededRandom(letters)() };
  });
  const [a, b] = numbered.toSorted((one, other) => one.number - other.number);
  if (a === undefined || b === undefined) throw new Error('There are no two deviations.');
  return [a.deviation, b.deviation];
}

/** The same for every seed: two deviations, a kill, and a copy of the state folder that is restored later. */
export function drawStory(seed: number): Story {
  const random = seededRandom(seed);
  const below = (count: number) => Math.floor(random() * count);
  const pick = <T>(from: readonly T[]): T => from[below(from.length)] as T;
  const identity = pick(identities);
  const pair = drawPair(seed);
  const drawMoment = (): Moment => {
    const at = pick(['call', 'answer', 'milestone'] as const);
    return { at, nth: 1 + below(at === 'milestone' ? 60 : 14) };
  };
  const drawAct = (): Act => {
    const kind = pick(['import', 'resume', 'resume', 'reconcile'] as const);
    // Without a key, a second start from the beginning is documented to add again.
    const isKeyed = identity !== 'add without key' && identity !== 'match';
    return kind === 'import' ? { kind, force: isKeyed && random() < 0.5 } : { kind };
  };
  const count = 3 + below(3);
  const killAt = below(count - 1);
  const copyAt = below(count - 1);
  const restoreAt = copyAt + 1 + below(count - copyAt - 1);
  const steps = Array.from({ length: count }, (_, at): Step => {
    const act: Act = at === 0 ? { kind: 'import', force: false } : drawAct();
    return {
      act,
      restores: at === restoreAt,
      staffEdits: at > 0 && random() < 0.5,
      ...(at === killAt ? { kill: drawMoment() } : {}),
      ...(at === copyAt ? { copy: drawMoment() } : {}),
    };
  });
  const hides = pair.some(({ hidesCustomers }) => hidesCustomers);
  const heals = 1 + below(count);
  return {
    ...{ seed, identity, deviations: pair, steps },
    deviatesFromCall: random() < 0.5 ? 1 : 1 + below(12),
    concurrency: pick([1, 3]),
    healsBeforeStep: hides ? Math.min(heals, restoreAt) : heals,
    log: pick(['whole', 'whole', 'lost', 'cut', 'later'] as const),
  };
}

/** Both at once: the first changes what the second has answered. */
export function compose(a: Deviation, b: Deviation): Deviation {
  const both: { -readonly [K in keyof Deviation]: Deviation[K] } = { rules: { ...a.rules, ...b.rules } };
  for (const verb of ['list', 'detail', 'add', 'update'] as const) {
    const [outer, inner] = [a[verb], b[verb]];
    if (outer === undefined || inner === undefined) {
      const one = outer ?? inner;
      if (one !== undefined) both[verb] = one;
      continue;
    }
    both[verb] = (call, account, regular) => {
      let answer: Reply | undefined;
      const once = () => {
        answer ??= inner(call, account, regular);
        return answer;
      };
      try {
        return outer(call, account, once);
      } catch {
        // What one has compressed or cut, the other cannot read: then it lets it pass.
        return once();
      }
    };
  }
  return both;
}
