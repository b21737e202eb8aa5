// Prints the folders of node_modules that the program needs at run time, one a line; with --files, the files in them that
// it needs; with --copyright, their paragraphs of debian/copyright. Only the build of cap needs nan, and only the compiler
// needs types.
'use strict';
const { readdirSync, readFileSync } = require('node:fs');
const { join } = require('node:path');

const ROOT = join(__dirname, '..');
const ONLY_TO_BUILD = /^node_modules\/(nan|@types\/.*)$/;

const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8'));
const folders = Object.keys(packages).filter(
  (path) => path !== '' && packages[path].dev !== true && !ONLY_TO_BUILD.test(path),
);

/** One paragraph of machine-readable copyright. */
function paragraph(folder) {
  const manifest = JSON.parse(readFileSync(join(ROOT, folder, 'package.json'), 'utf8'));
  const license = manifest.license ?? manifest.licenses[0].type;
  const file = readdirSync(join(ROOT, folder)).find((name) => /^licen[sc]e/i.test(name));
  if (file === undefined) throw new Error(`${folder}: no licence`);
  const text = readFileSync(join(ROOT, folder, file), 'utf8');
  const holders = text
    .split('\n')
    .flatMap((line) => /^\W*copyright\b(?! holders| notice)\s*(?:\(c\))?\s*(.*\S)/i.exec(line)?.[1] ?? []);
  const author = manifest.author?.name ?? manifest.author ?? `the authors of ${manifest.name}`;
  return [
    `Files: usr/lib/portsentry/${folder}/*`,
    `Copyright: ${(holders.length > 0 ? holders : [author]).join('\n           ')}`,
    `License: ${license === 'MIT' ? 'Expat' : license}`,
    `Comment: See usr/lib/portsentry/${folder}/${file}.`,
    '',
  ].join('\n');
}

const UNREAD = /(^|\/)(\..*|test|test\.js|examples|.*\.d\.[mc]?ts|.*\.map|.*\.md)$/;
const LICENSE = /(^|\/)licen[sc]e[^/]*$/i;

/** The files that are read at run time. The folder of cap also holds its sources and what the build left. */
function filesOf(folder) {
  const isCap = folder === 'node_modules/cap';
  const files = [];
  const walk = (path) => {
    for (const entry of readdirSync(join(ROOT, folder, path), { withFileTypes: true })) {
      const inside = join(path, entry.name);
      if (entry.name === 'node_modules' || (UNREAD.test(inside) && !LICENSE.test(inside))) continue;
      if (isCap && !/^(lib|build|build\/Release|LICENSE|package\.json|lib\/.*|.*\/cap\.node)$/.test(inside))
        continue;
      if (entry.isDirectory()) walk(inside);
      else files.push(join(folder, inside));
    }
  };
  walk('');
  return files.join('\n');
}

const SHOWN = { '--copyright': paragraph, '--files': filesOf };
console.log(folders.map(SHOWN[process.argv[2]] ?? String).join('\n'));
