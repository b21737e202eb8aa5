// Compiles the native module cap: with --again in any case, else only if it does not load (postinstall). npm 11 has compiled
// it by then; a later one runs no scripts of packages that came inside another. Run it with npm, which brings node-gyp:
// npm run build:cap.
'use strict';
const { execFileSync } = require('node:child_process');
const { dirname, join } = require('node:path');

if (process.argv[2] === '--again' || !isBuilt()) {
  try {
    const ask = [join(__dirname, 'prerequisites.cjs'), '--headers'];
    const headers = execFileSync(process.execPath, ask, { encoding: 'utf8' }).trim();
    const words = headers === '' ? ['rebuild'] : ['rebuild', `--nodedir=${headers}`];
    execFileSync('node-gyp', words, { cwd: dirname(require.resolve('cap/package.json')), stdio: 'inherit' });
  } catch (error) {
    // The program that failed has said why.
    process.exit(error.status || 69);
  }
}

function isBuilt() {
  try {
    return typeof require('cap').Cap === 'function';
  } catch {
    return false;
  }
}
