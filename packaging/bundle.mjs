// Writes the program and the packages that it needs into build/bundle: a few files in one folder, which start faster than
// hundreds. Native modules (cap) stay outside. LICENSES there holds the licences of what is bundled, and build/bundled.json
// names the folders of node_modules that it came from.
import { chmodSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const { licenseOf } = createRequire(import.meta.url)('./modules.cjs');

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');
const BUNDLE = join(ROOT, 'build/bundle');

/** The programs: what the user starts, and what it starts itself (src/files/program.ts). */
const PROGRAMS = { main: 'src/main.ts', child: 'src/sensor/child.ts', prober: 'src/cli/doctor/prober.ts' };

/** What the packages of the time before ES modules call to load a module of Node. */
const REQUIRE = 'const require = process.getBuiltinModule;';

const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
rmSync(BUNDLE, { recursive: true, force: true });
const { metafile } = await build({
  absWorkingDir: ROOT,
  entryPoints: PROGRAMS,
  outdir: BUNDLE,
  bundle: true,
  splitting: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  external: ['cap'],
  alias: { 'string-width': './packaging/bundled/string-width.mjs', y18n: './packaging/bundled/y18n.mjs' },
  define: { BUNDLED_VERSION: JSON.stringify(version) },
  banner: { js: REQUIRE },
  legalComments: 'none',
  metafile: true,
  logLevel: 'warning',
});
chmodSync(join(BUNDLE, 'main.js'), 0o755);

const inputs = Object.values(metafile.outputs).flatMap(({ inputs }) => Object.keys(inputs));
const folders = [
  ...new Set(inputs.flatMap((path) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? [])),
].sort();
writeFileSync(join(ROOT, 'build/bundled.json'), `${JSON.stringify(folders, null, 2)}\n`);
writeFileSync(join(BUNDLE, 'LICENSES'), folders.map(license).join('\n'));

/** The licence of one bundled package, below its name. */
function license(folder) {
  const { name, version, text } = licenseOf(folder);
  return `${name} ${version}\n\n${text.trim()}\n`;
}
