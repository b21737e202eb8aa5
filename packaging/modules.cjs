// Says what the program needs of node_modules. Prints the files of cap beside the native module itself, one a line; with
// --copyright, the paragraphs of debian/copyright for cap and for the packages that packaging/bundle.mjs has bundled; with
// --build, the folders of node_modules that a build of cap needs.
'use strict';
const { readdirSync, readFileSync } = require('node:fs');
const { join } = require('node:path');

const ROOT = join(__dirname, '..');
const CAP = 'node_modules/cap';

/** The names of licences in debian/copyright. */
const DEBIAN_NAMES = { MIT: 'Expat' };

/** The files that are read at run time. The folder also holds sources, tests and what the build left. */
const FILES_OF_CAP = ['LICENSE', 'package.json', 'lib/Cap.js', 'lib/Decoders.js'];

/** The name, version, licence and copyright holders of a folder of node_modules. */
function licenseOf(folder) {
  const manifest = JSON.parse(readFileSync(join(ROOT, folder, 'package.json'), 'utf8'));
  const { name, version } = manifest;
  const license = manifest.license ?? manifest.licenses[0].type;
  const file = readdirSync(join(ROOT, folder)).find((entry) => /^licen[sc]e/i.test(entry));
  if (file === undefined) throw new Error(`${folder}: no licence`);
  const text = readFileSync(join(ROOT, folder, file), 'utf8');
  const named = text
    .split('\n')
    .flatMap(
      (line) => /^\W*copyright\b(?! holders| license| notice)\s*(?:\(c\))?\s*(.*\S)/i.exec(line)?.[1] ?? [],
    );
  const author = manifest.author?.name ?? manifest.author ?? `the authors of ${name}`;
  const holders = named.length > 0 ? named : [author];
  return { name, version, text, license: DEBIAN_NAMES[license] ?? license, holders };
}

/** One paragraph of machine-readable copyright. */
function paragraph(files, holders, license, comment) {
  const lines = (values) => values.join('\n           ');
  return `Files: usr/lib/portsentry/${files}\nCopyright: ${lines(holders)}\nLicense: ${license}\nComment: ${lines(comment)}\n`;
}

/** The files of the program hold parts of all bundled packages. */
function copyright() {
  const bundled = JSON.parse(readFileSync(join(ROOT, 'build/bundled.json'), 'utf8')).map(licenseOf);
  const holders = ['2026 The PortSentry developers', ...bundled.flatMap(({ holders }) => holders)];
  const licenses = new Set(['Expat', ...bundled.map(({ license }) => license)]);
  const names = bundled.map(({ name, version, license }) => `${name} ${version} (${license})`);
  const comment = [
    'The program, and bundled with it these packages of the npm registry,',
    'whose licences are in usr/lib/portsentry/LICENSES:',
    ...names,
  ];
  const cap = licenseOf(CAP);
  return [
    paragraph('*.js', [...new Set(holders)], [...licenses].join(' and '), comment),
    paragraph(`${CAP}/*`, cap.holders, cap.license, [`See usr/lib/portsentry/${CAP}/LICENSE.`]),
  ].join('\n');
}

module.exports = { licenseOf };

if (require.main === module) {
  const SHOWN = {
    '--copyright': copyright,
    '--build': () => `${CAP}\nnode_modules/nan`,
    undefined: () => FILES_OF_CAP.map((file) => `${CAP}/${file}`).join('\n'),
  };
  console.log(SHOWN[process.argv[2]]());
}
