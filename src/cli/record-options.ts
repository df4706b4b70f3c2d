import type { Argv, Options, PositionalOptions } from 'yargs';

/** An option or positional as a command declares it. */
export interface DeclaredOption
  extends Pick<Options, 'type' | 'array' | 'choices' | 'default' | 'demandOption' | 'hidden'> {
  readonly name: string;
  readonly describe: string;
  readonly isPositional: boolean;
}

export interface OptionRecorder {
  /** Takes declarations as the parser itself does, and passes them on to it. */
  readonly parser: Argv;
  /** What was declared so far, also by commands below the parser once they are at work, in the order of declaration. */
  readonly declared: ReadonlyMap<string, DeclaredOption>;
}

/** Notes what is declared to a parser: yargs has no public way to list its options. */
export function recordOptions(yargs: Argv): OptionRecorder {
  const declared = new Map<string, DeclaredOption>();

  function note(name: string, options: Options | PositionalOptions, isPositional: boolean): void {
    const describe = options.describe ?? options.desc ?? '';
    declared.set(name, { ...options, name, describe: String(describe), isPositional });
  }

  function wrap(parser: Argv): Argv {
    const recording: Argv = new Proxy(parser, {
      get(target, method) {
        const value: unknown = Reflect.get(target, method);
        if (typeof value !== 'function') return value;
        return (...args: readonly unknown[]) => {
          const result: unknown = Reflect.apply(value, target, prepare(method, args));
          return result === target ? recording : result;
        };
      },
    });
    return recording;
  }

  function prepare(method: string | symbol, args: readonly unknown[]): readonly unknown[] {
    const [name, options] = args;
    if (method === 'option' || method === 'positional')
      note(String(name), (options ?? {}) as Options, method === 'positional');
    if (method === 'options')
      for (const [each, declaration] of Object.entries(name as Readonly<Record<string, Options>>))
        note(each, declaration, false);
    if (method !== 'command') return args;
    return args.map((arg, place) => {
      if (place !== builderPlace || typeof arg !== 'function') return arg;
      return (own: Argv) => {
        arg(wrap(own));
        return own;
      };
    });
  }

  return { parser: wrap(yargs), declared };
}

/** Of `command(name, describe, builder, handler)`. */
const builderPlace = 2;
