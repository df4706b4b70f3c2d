import { describe, expect, it } from 'vitest';
import {
  findConfigBase,
  findNameProblem,
  findProgramProblem,
  findStateBase,
  hasDescriptorPaths,
  hasFileModes,
  isSamePath,
  linkFrom,
  listStopSignals,
  quoteForShell,
  replaceFile,
} from '#src/platform.js';

describe('on Windows', () => {
  it('state and settings are in the folders of the user, unless the environment says otherwise', () => {
    const environment = { LOCALAPPDATA: 'C:\\Users\\Ann\\AppData\\Local', APPDATA: 'C:\\Users\\Ann\\AppData\\Roaming' };
    expect(findStateBase(environment, 'win32')).toBe('C:\\Users\\Ann\\AppData\\Local');
    expect(findConfigBase(environment, 'win32')).toBe('C:\\Users\\Ann\\AppData\\Roaming');
    expect(findStateBase({ ...environment, XDG_STATE_HOME: 'D:\\state' }, 'win32')).toBe('D:\\state');
    expect(hasFileModes('win32')).toBe(false);
  });

  it.each([
    ['customers.csv', 'customers.csv'],
    ['C:\\data\\customers.csv', 'C:\\data\\customers.csv'],
    ['C:\\my data\\customers.csv', '"C:\\my data\\customers.csv"'],
    ['\\\\server\\share\\a b.csv', '"\\\\server\\share\\a b.csv"'],
    ['C:\\my data\\', '"C:\\my data\\\\"'],
    ['say "hi"', '"say \\"hi\\""'],
  ])('the argument %s is written as %s', (word, quoted) => {
    expect(quoteForShell(word, 'win32')).toBe(quoted);
  });

  it('Ctrl-Break and a closed console end a command well, too', () => {
    expect(listStopSignals('win32').map(({ name, means }) => `${name} ${means}`)).toEqual([
      'SIGINT SIGINT',
      'SIGTERM SIGTERM',
      'SIGBREAK SIGTERM',
      'SIGHUP SIGTERM',
    ]);
  });

  it('a path in another case is the same file', () => {
    expect(isSamePath('C:\\Data\\Customers.csv', 'c:/data/CUSTOMERS.CSV', 'win32')).toBe(true);
    expect(isSamePath('\\\\Server\\Share\\a.csv', '\\\\server\\share\\A.csv', 'win32')).toBe(true);
    expect(isSamePath('C:\\a.csv', 'D:\\a.csv', 'win32')).toBe(false);
  });

  it.each([
    ['C:\\out\\nul.csv', 'device'],
    ['C:\\out\\COM1', 'device'],
    ['C:\\out\\a?.csv', '? *'],
    ['C:\\out\\a.csv:stream', '? *'],
    ['C:\\out\\a.', 'at the end'],
  ])('no file can be called %s', (path, why) => {
    expect(findNameProblem(path, 'win32')).toContain(why);
  });

  it('a file can be called nullable.csv or console.csv', () => {
    for (const name of ['nullable.csv', 'console.csv', 'com10.csv', 'a.b.csv'])
      expect(findNameProblem(`C:\\out\\${name}`, 'win32')).toBeUndefined();
  });

  it('a page links to files beside it, and to those on another drive or share by their whole address', () => {
    expect(linkFrom('C:\\reports', 'C:\\reports\\my data\\a.csv', 'win32')).toBe('my%20data/a.csv');
    expect(linkFrom('C:\\reports', 'D:\\a b.csv', 'win32')).toBe('file:///D:/a%20b.csv');
    expect(linkFrom('C:\\reports', '\\\\server\\share\\a.csv', 'win32')).toBe('file://server/share/a.csv');
  });

  it('a script of cmd is refused as a program, with what to write instead', () => {
    expect(findProgramProblem('C:\\tools\\tell.CMD', 'win32')).toContain(
      '["cmd", "/d", "/c", "C:\\\\tools\\\\tell.CMD"]',
    );
    expect(findProgramProblem('C:\\tools\\tell.exe', 'win32')).toBeUndefined();
    expect(findProgramProblem('/usr/bin/tell.cmd', 'linux')).toBeUndefined();
    expect(hasDescriptorPaths('win32')).toBe(false);
  });

  it('a file that a virus scanner holds for a moment is replaced once it is free', async () => {
    const waits: number[] = [];
    let tries = 0;
    await replaceFile('a', 'b', {
      platform: 'win32',
      rename: async () => {
        tries += 1;
        if (tries < 4) throw Object.assign(new Error('held'), { code: 'EPERM' });
      },
      wait: async (ms) => waits.push(ms),
    });
    expect([tries, waits]).toEqual([4, [10, 20, 40]]);
  });

  it('a file that stays open in Excel is an error after ten tries, and any other error at once', async () => {
    const tryWith = async (code: string, platform: NodeJS.Platform) => {
      let tries = 0;
      const rename = async () => {
        tries += 1;
        throw Object.assign(new Error(code), { code });
      };
      await expect(replaceFile('a', 'b', { platform, rename, wait: async () => undefined })).rejects.toThrow(code);
      return tries;
    };
    expect(await tryWith('EBUSY', 'win32')).toBe(10);
    expect(await tryWith('ENOSPC', 'win32')).toBe(1);
    expect(await tryWith('EPERM', 'linux')).toBe(1);
  });
});

describe('elsewhere', () => {
  it('the rules are those of POSIX, and macOS does not tell case apart', () => {
    expect(findStateBase({ LOCALAPPDATA: 'C:\\x', XDG_STATE_HOME: '/s' }, 'linux')).toBe('/s');
    expect(findConfigBase({ APPDATA: 'C:\\x', XDG_CONFIG_HOME: '' }, 'linux')).toMatch(/\/\.config$/);
    expect(quoteForShell("Ann's file", 'linux')).toBe("'Ann'\\''s file'");
    expect(listStopSignals('linux').map(({ name }) => name)).toEqual(['SIGINT', 'SIGTERM']);
    expect(isSamePath('/a/B.csv', '/a/b.csv', 'linux')).toBe(false);
    expect(isSamePath('/a/B.csv', '/a/b.csv', 'darwin')).toBe(true);
    expect(findNameProblem('/out/nul.csv', 'linux')).toBeUndefined();
    expect(linkFrom('/reports', '/reports/my data/a.csv', 'linux')).toBe('my%20data/a.csv');
    expect(hasFileModes('linux')).toBe(true);
    expect(hasDescriptorPaths('linux')).toBe(true);
  });
});
