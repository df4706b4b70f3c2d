#!/usr/bin/env node
'use strict';

// Every Node since 0.12 can read this file, so that an old one says what is wrong instead of failing at the first modern word.
var version = process.versions.node;
var parts = version.split('.');
var major = Number(parts[0]);
var minor = Number(parts[1]);
var needed =
  major < 20 || (major === 20 && minor < 19)
    ? '20.19'
    : major === 21 || (major === 22 && minor < 13)
      ? '22.13'
      : major === 23
        ? '24'
        : '';

if (needed === '') require('./start.cjs');
else {
  process.stderr.write('Needs Node ' + needed + ' or later; this is ' + version + '\n');
  process.exitCode = 2;
}
