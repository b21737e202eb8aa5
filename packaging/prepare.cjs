// npm runs this (prepare) before it packs the program, and when it installs the program from a git address. `npm install
// --global` of a git address starts a second npm in the clone, which installs the development dependencies. The second npm
// takes its own installation for a global one: it leaves them out, and makes a link to the clone in the place of the program.
// So this script installs them, and removes the link.
'use strict';
const { execFileSync } = require('node:child_process');
const { existsSync, mkdirSync, readlinkSync, unlinkSync } = require('node:fs');
const { dirname, join, resolve } = require('node:path');

const ROOT = join(__dirname, '..');
const { name } = require('../package.json');

/** Everything but what makes an installation global. */
const env = { ...process.env };
for (const key of ['global', 'location', 'prefix', 'allow_scripts']) delete env[`npm_config_${key}`];

const run = (program, ...words) => execFileSync(program, words, { cwd: ROOT, env, stdio: 'inherit' });

if (!existsSync(join(ROOT, 'node_modules/esbuild')))
  run('npm', 'ci', '--ignore-scripts', '--no-audit', '--no-fund');
run(process.execPath, 'packaging/bundle.mjs');

// The second npm has this variable; it must find its link until it ends. Then the first npm runs this again.
if (process.env.npm_config_global === 'true' && process.env._PACOTE_NO_PREPARE_ === undefined)
  replaceLink(join(process.env.npm_config_prefix || '/nonexistent', 'lib/node_modules', name));

/** Puts an empty folder, which npm fills, in the place of a link to this folder. */
function replaceLink(path) {
  let target;
  try {
    target = resolve(dirname(path), readlinkSync(path));
  } catch {
    return; // no link
  }
  if (target !== ROOT) return;
  unlinkSync(path);
  mkdirSync(path);
}
