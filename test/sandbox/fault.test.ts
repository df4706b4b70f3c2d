import { describe, expect, it } from 'vitest';
import { UsageError } from '#src/errors.js';
import { checkFault, faultNames, parseFaults } from '#src/sandbox/fault.js';

describe('parseFaults', () => {
  it.each([
    ['reset-after-commit:add:10%', { name: 'reset-after-commit', on: 'add', when: { percent: 10 } }],
    ['429:any:every=7:retry-after=2', { name: '429', on: 'any', when: { every: 7 }, retryAfterSeconds: 2 }],
    ['503:add:nth=3', { name: '503', on: 'add', when: { nth: [3] } }],
    ['503:add:nth=3,5', { name: '503', on: 'add', when: { nth: [3, 5] } }],
    ['hang:first=2', { name: 'hang', when: { first: 2 } }],
    ['latency:ms=20:0.5%', { name: 'latency', ms: 20, when: { percent: 0.5 } }],
    ['429:retry-after-date=9', { name: '429', retryAfterSeconds: 9, retryAfterAs: 'date' }],
    ['page-change:list:page=2:insert=3', { name: 'page-change', on: 'list', page: 2, insert: 3 }],
  ])('reads %s', (text, fault) => {
    expect(parseFaults([text])).toEqual([fault]);
  });

  it.each(faultNames)('reads the bare name %s', (name) => {
    expect(parseFaults([name])).toEqual([{ name }]);
  });

  it.each([
    ['reset-after-comit:add', "Did you mean 'reset-after-commit'?"],
    ['5033:add', "Did you mean '503'?"],
    ['', "there is no fault ''"],
    ['503:ad', "Did you mean 'add'?"],
    ['503:add:evry=3', "Did you mean 'every='?"],
    ['503:add:10', "Did you mean '10%'?"],
    ['503:add:nth=0', 'nth must be integers from 1'],
    ['503:add:nth=x', 'nth must be integers from 1'],
    ['503:add:every=0', 'every must be an integer from 1'],
    ['503:add:first=-1', 'first must be an integer from 1'],
    ['503:add:101%', 'percent must be from 0 to 100'],
    ['latency:ms=soon', 'ms must be an integer from 0'],
    ['503:add:update', "'update' repeats"],
    ['503:every=2:nth=3', "'nth=3' repeats"],
    ['page-change:add', "'page-change' can only affect list"],
    ['expire:login', "'expire' can only affect"],
  ])('refuses %j: %s', (text, message) => {
    const act = () => parseFaults(['hang', text]);
    expect(act).toThrow(UsageError);
    expect(act).toThrow(message);
    expect(act).toThrow(`'${text}'`);
  });

  it('ends its errors in an example', () => {
    try {
      parseFaults(['boom']);
      expect.unreachable();
    } catch (error) {
      expect(error).toMatchObject({ code: 'SANDBOX_FAULT', nextStep: expect.stringContaining('503:add:nth=3') });
    }
  });
});

describe('checkFault', () => {
  it.each([
    [null, 'a string or an object'],
    [{}, "there is no fault 'undefined'"],
    [{ name: '503', on: 'ad' }, "Did you mean 'add'?"],
    [{ name: '503', when: { often: 1 } }, "there is no timing 'often'"],
    [{ name: '503', when: {} }, "there is no timing 'undefined'"],
    [{ name: '503', when: { every: 1, nth: [1] } }, 'use one of'],
    [{ name: '503', when: { nth: 3 } }, 'nth must be integers'],
    [{ name: 'latency', ms: 1.5 }, 'ms must be an integer'],
  ])('refuses %j', (fault, message) => {
    expect(() => checkFault(fault)).toThrow(message);
  });
});
