// npm runs this (prepare) before it packs the program, and when it installs it from a git address. For `npm install
// --global` of a git address, the npm that npm starts takes its own installation for a global one as well and leaves out the
// development dependencies, which the bundle is made with: they are installed here then.
'use strict';
const { execFileSync } = require('node:child_process');
const { existsSync } = require('node:fs');
const { join } = require('node:path');

const ROOT = join(__dirname, '..');

/** Everything but what makes an installation global. */
const env = { ...process.env };
for (const name of ['global', 'location', 'prefix', 'allow_scripts']) delete env[`npm_config_${name}`];

const run = (program, ...words) => execFileSync(program, words, { cwd: ROOT, env, stdio: 'inherit' });

if (!existsSync(join(ROOT, 'node_modules/esbuild')))
  run('npm', 'ci', '--ignore-scripts', '--no-audit', '--no-fund');
run(process.execPath, 'packaging/bundle.mjs');
